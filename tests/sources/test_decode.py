"""Objects with holes, lists with nulls: what can be shown is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epview.core.objects import BY_KIND, KINDS, Endpoints, Object, Pod
from epview.sources.decode import (
    convert_object,
    decode_list,
    decode_object,
    decode_status,
    decode_watch_line,
    decode_whole,
)

POD = BY_KIND["Pod"]


def listing(*items: object, **metadata: object) -> bytes:
    return json.dumps(
        {"kind": "PodList", "metadata": {"resourceVersion": "7", **metadata}, "items": items}
    ).encode()


def objects(raw: bytes) -> list[Object]:
    return [found for batch in decode_list(POD, raw).batches() for found in batch]


def test_page():
    page = decode_list(
        POD, listing({"metadata": {"name": "a"}}, **{"continue": "c", "remainingItemCount": 3})
    )
    assert (page.meta.resource_version, page.meta.continue_token, page.meta.remaining_item_count) == (
        "7",
        "c",
        3,
    )
    assert len(page) == 1


def test_batches_of_a_large_page_are_the_same_as_of_a_small_one():
    items = [{"metadata": {"name": f"p{n}"}, "spec": {"nodeName": "x" * 900}} for n in range(5000)]
    page = decode_list(POD, listing(*items))
    batches = list(page.batches())
    assert [len(batch) for batch in batches] == [500] * 10
    assert [found.metadata.name for batch in batches for found in batch] == [f"p{n}" for n in range(5000)]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"<html>", b'{"items": 7}', b"\xff", b'{"a":' * 100_000]
)
def test_what_is_no_list(raw: bytes):
    with pytest.raises(ValueError, match=r".*"):
        decode_list(POD, raw)


def test_null_items_and_odd_metadata():
    assert objects(b'{"items": null, "metadata": null}') == []
    assert [
        p.metadata.name
        for p in objects(b'{"items": [{"metadata": {"name": "a"}}], "metadata": {"resourceVersion": 7}}')
    ] == ["a"]


@pytest.mark.fault(24)
def test_one_odd_object_costs_no_other():
    raw = listing(
        {"metadata": {"name": "a"}},
        {"metadata": {"name": "b", "labels": None, "ownerReferences": None}, "spec": {"containers": None}},
        {"metadata": {"name": "c", "labels": {"good": "x", "bad": 1}}, "spec": 7, "status": {"podIP": {}}},
        {"metadata": {}},
        None,
        "text",
    )
    page = decode_list(POD, raw)
    found = [found for batch in page.batches() for found in batch]
    assert [pod.metadata.name for pod in found] == ["a", "b", "c"]
    assert found[2].metadata.labels == {"good": "x"}
    assert page.skipped == 3


@pytest.mark.fault(24)
def test_only_the_field_that_does_not_fit_is_left_out():
    found = convert_object(
        POD,
        {
            "metadata": {"name": "a", "creationTimestamp": "yesterday"},
            "spec": {
                "containers": [{"name": "c", "ports": [{"containerPort": "80"}, {"containerPort": []}]}]
            },
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": True}]},
        },
    )
    assert isinstance(found, Pod)
    assert found.metadata.creation_timestamp is None
    assert [port.container_port for port in found.spec.containers[0].ports] == [80, 0]
    assert found.status.phase == "Running"
    assert found.status.conditions[0].type == "Ready"


def test_keys_with_dots_are_found():
    name = "endpoints.kubernetes.io/over-capacity"
    found = convert_object(BY_KIND["Endpoints"], {"metadata": {"name": "a", "annotations": {name: []}}})
    assert isinstance(found, Endpoints)
    assert found.metadata.annotations.over_capacity is None


def test_text_is_cleaned_on_every_path():
    nasty = {"metadata": {"name": "a\x1b", "labels": {"k\x9b": "v\u202e"}}}
    strict = decode_object(POD, json.dumps(nasty).encode())
    loose = decode_object(POD, json.dumps(nasty | {"spec": 7}).encode())
    raw_controls = decode_object(POD, json.dumps(nasty).replace("\\u001b", "\x1b").encode())
    assert strict == loose == raw_controls
    assert strict.metadata.name == "a␛"
    assert strict.metadata.labels == {"k\ufffd": "v\ufffd"}


def test_watch_events():
    line = b'{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"a","resourceVersion":"9"}}}'
    event = decode_watch_line(POD, line)
    assert (event.type, event.object.metadata.name, event.resource_version) == ("MODIFIED", "a", "9")
    bookmark = decode_watch_line(
        POD, b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"},"spec":{"containers":null}}}'
    )
    assert (bookmark.type, bookmark.object, bookmark.resource_version) == ("BOOKMARK", None, "9")
    error = decode_watch_line(
        POD, b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","metadata":{}}}'
    )
    assert (error.status.code, error.status.reason) == (410, "Expired")
    odd = decode_watch_line(POD, b'{"type":"ERROR","object":{"code":"x"}}')
    assert odd.status is not None


@pytest.mark.parametrize(
    "line", [b"", b"{", b"7", b'{"type":"ADDED"}', b'{"type":7,"object":{}}', b'{"object":{"metadata":{}}}']
)
def test_lines_that_are_no_events(line: bytes):
    with pytest.raises(ValueError, match=r".*"):
        decode_watch_line(POD, line)


def test_status_of_a_refusal():
    found = decode_status(b'{"kind":"Status","message":"no","code":403,"details":{"retryAfterSeconds":3}}')
    assert (found.message, found.code, found.details.retry_after_seconds) == ("no", 403, 3)
    assert decode_status(b"<html>") is None


def test_whole_objects_are_redacted():
    shown = decode_whole(b'{"kind":"Pod","metadata":{"managedFields":[]},"spec":{"x":"\\u001b"}}')
    assert shown == {"kind": "Pod", "metadata": {}, "spec": {"x": "␛"}}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "labels", "spec", "ports", "containers", "subsets", "x", "..."]),
            inner,
            max_size=4,
        )
    ),
)


@given(st.sampled_from(KINDS), anything, anything, anything)
def test_no_tree_makes_it_raise_or_lose_the_name(kind, labels, spec, status):
    tree = {
        "metadata": {"name": "kept", "labels": labels, "finalizers": spec},
        "spec": spec,
        "status": status,
    }
    found = decode_object(kind, json.dumps(tree).encode())
    assert found is not None
    assert found.metadata.name == "kept"


@given(st.binary())
def test_no_bytes_make_it_raise(raw: bytes):
    decode_object(POD, raw)
    decode_status(raw)
