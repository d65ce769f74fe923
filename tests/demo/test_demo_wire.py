"""The server's answers against bytes that a real kube-apiserver sent."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from demo_help import NOW, WIRE, Answer

from epview.demo.api import Api
from epview.demo.clock import HeldClock
from epview.demo.controllers import Controllers
from epview.demo.requests import Request
from epview.demo.store import Store, as_list

pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason=f"no wire files of a real API server at {WIRE}")

SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
INITIAL = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"


def wire(name: str) -> Answer:
    head, _, body = (WIRE / f"{name}.http").read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    status, *lines = head.decode().splitlines()
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    return Answer(int(status.split()[1]), headers, body)


def real_objects(*names: str) -> list[dict[str, Any]]:
    return as_list([wire(name).json for name in names])


@pytest.fixture(scope="module")
def api() -> Api:
    """The demo's server on the very objects that the real one held."""
    store = Store(HeldClock(NOW), seed=1)
    lists = ("services", "endpoints", "endpointslices", "events")
    pods = [line["object"] for line in wire("watch-initial-events").lines if line["type"] == "ADDED"]
    for obj in [*real_objects(*(f"list-{name}" for name in lists)), *pods]:
        store.put(obj)
    return Api(store)


def ask(api: Api, target: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Like curl did when the bytes were recorded: its answers are indented."""
    given = {"host": "127.0.0.1", "user-agent": "curl/8", "accept": "*/*", **(headers or {})}
    found = api.answer(Request.parse("GET", target, given))
    body = found.body if isinstance(found.body, bytes) else b"".join(found.body)
    return Answer(found.code, {k.lower(): v for k, v in found.headers.items()}, body)


def levelled(body: bytes) -> str:
    """Versions differ between two servers; everything else has to be the same."""
    text = re.sub(r'("resourceVersion": ?)"\d+"', r'\1"N"', body.decode())
    return re.sub(r'("generation": ?)\d+', r"\1N", text)


def same_headers(ours: Mapping[str, str], theirs: Mapping[str, str]) -> None:
    """All but those of the connection, which the HTTP server adds."""
    ignored = {"date", "content-length"}
    assert set(ours) - ignored == set(theirs) - ignored
    for name in ("cache-control", "content-type", "warning", "x-content-type-options", "retry-after"):
        assert ours.get(name) == theirs.get(name)


@pytest.mark.parametrize("name", ["services", "endpoints", "endpointslices", "events"])
def test_lists_are_the_same_byte_for_byte(api, name):
    path = SLICES if name == "endpointslices" else f"/api/v1/{name}"
    ours, theirs = ask(api, f"{path}?limit=500"), wire(f"list-{name}")
    assert levelled(ours.body) == levelled(theirs.body)
    assert ours.code == theirs.code
    same_headers(ours.headers, theirs.headers)


def test_pages_are_the_same(api):
    first = ask(api, "/api/v1/namespaces/default/pods?limit=2")
    theirs = wire("list-pods-page1")
    ours = first.json
    token = ours["metadata"].pop("continue")
    expected = theirs.json
    real_token = expected["metadata"].pop("continue")
    assert levelled(json.dumps(ours).encode()) == levelled(json.dumps(expected).encode())
    decoded = [json.loads(base64.urlsafe_b64decode(t + "=" * (-len(t) % 4))) for t in (token, real_token)]
    assert [t.pop("rv") > 0 for t in decoded] == [True, True]
    assert decoded[0] == decoded[1]
    second = ask(api, f"/api/v1/namespaces/default/pods?limit=2&continue={token}").json
    assert set(second["metadata"]) == {"resourceVersion"}
    assert [item["metadata"]["name"] for item in second["items"]] == ["my-app-3", "my-app-4"]


def test_an_empty_list(api):
    ours, theirs = ask(api, "/api/v1/namespaces/kube-public/pods"), wire("list-empty")
    assert levelled(ours.body) == levelled(theirs.body)


def test_discovery_has_the_shape_of_the_real_one(api):
    for path, name in (("/api/v1", "api-v1"), ("/apis/discovery.k8s.io/v1", "discovery-v1")):
        ours, theirs = ask(api, path).json, wire(name).json
        real = {resource["name"]: resource for resource in theirs["resources"]}
        assert {k: v for k, v in ours.items() if k != "resources"} == {
            k: v for k, v in theirs.items() if k != "resources"
        }
        for resource in ours["resources"]:
            known = real[resource["name"]]
            assert set(resource.pop("verbs")) <= set(known["verbs"])
            assert resource == {k: v for k, v in known.items() if k not in ("verbs", "storageVersionHash")}
    groups = {group["name"]: group for group in wire("apis").json["groups"]}
    for group in ask(api, "/apis").json["groups"]:
        assert group == groups[group["name"]]
    assert set(ask(api, "/api").json) == set(wire("api").json)
    assert set(ask(api, "/version").json) == set(wire("version").json)
    same_headers(ask(api, "/version").headers, wire("version").headers)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("not-found", "/api/v1/namespaces/default/pods/x"),
        ("unknown-resource", "/apis/nobody.example/v1/things"),
        ("list-future-version", "/api/v1/pods?resourceVersion=99999999"),
    ],
)
def test_refusals_are_the_same(api, name, path):
    ours, theirs = ask(api, path), wire(name)
    assert ours.code == theirs.code
    same_headers(ours.headers, theirs.headers)
    level = re.compile(rb"current: \d+")
    assert level.sub(b"", ours.body) == level.sub(b"", theirs.body)


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("unauthorized", {"authorization": "Bearer wrong"}),
        ("anonymous", {"impersonate-user": "system:anonymous"}),
        ("forbidden", {"impersonate-user": "restricted"}),
    ],
)
def test_who_may_not_is_told_so_in_the_same_words(api, name, headers):
    ours, theirs = ask(api, "/api/v1/pods", headers), wire(name)
    assert (ours.code, ours.body) == (theirs.code, theirs.body)
    same_headers(ours.headers, theirs.headers)


def test_a_broken_token_is_refused_in_the_same_words(api):
    token = base64.urlsafe_b64encode(b"invalid").decode().rstrip("=")
    ours, theirs = ask(api, f"/api/v1/pods?continue={token}"), wire("list-pods-bad-continue")
    assert (ours.code, ours.body) == (theirs.code, theirs.body)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("watch-initial-events", "/api/v1/pods"),
        ("watch-endpoints-changes", "/api/v1/endpoints"),
        ("watch-endpointslices-changes", SLICES),
    ],
)
def test_the_initial_events_of_a_watch_are_the_same(api, name, path):
    theirs = [levelled(line) for line in wire(name).body.splitlines()]
    end = next(i for i, line in enumerate(theirs) if "initial-events-end" in line)
    ours = ask(api, f"{path}?{INITIAL}")
    lines = [levelled(line) for line in ours.body.splitlines()]
    assert lines[: end + 1] == theirs[: end + 1]
    same_headers(ours.headers, wire(name).headers)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("watch-pods-changes", "/api/v1/pods"),
        ("watch-endpoints-changes", "/api/v1/endpoints"),
        ("watch-endpointslices-changes", SLICES),
    ],
)
def test_a_watch_ends_with_the_same_bookmark(api, name, path):
    theirs = levelled(wire(name).body.splitlines()[-1])
    ours = ask(
        api,
        f"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={api.store.version}",
    )
    last = levelled(ours.body.splitlines()[-1])
    if name != "watch-endpointslices-changes":  # recorded without its last line
        assert last == theirs
    assert json.loads(last)["type"] == "BOOKMARK"


def test_what_is_too_old_looks_the_same():
    store = Store(HeldClock(NOW), seed=1)
    store.put({"kind": "Namespace", "metadata": {"name": "a"}})
    store.compact()
    ours = ask(Api(store), "/api/v1/pods?watch=true&resourceVersion=1")
    theirs = wire("watch-too-old")
    level = re.compile(rb"\(\d+\)")
    assert level.sub(b"()", ours.body) == level.sub(b"()", theirs.body)
    assert ours.code == theirs.code == 200


# -- the controllers against what the real ones wrote ----------------------------------------------


def stripped(obj: dict[str, Any]) -> dict[str, Any]:
    """Without what is random, timed, or the server's book-keeping."""
    meta = dict(obj["metadata"])
    for field in ("managedFields", "uid", "resourceVersion", "creationTimestamp", "generation"):
        meta.pop(field, None)
    meta["name"] = re.sub(r"-[a-z0-9]{5}$", "-RANDOM", meta["name"])
    meta["annotations"] = sorted(meta.get("annotations") or {})
    return {**obj, "metadata": meta}


def in_any_order(value: Any) -> Any:
    """Addresses and ports of Endpoints are ordered by a hash: their order says nothing."""
    if isinstance(value, dict):
        return {k: in_any_order(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((in_any_order(item) for item in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def test_the_controllers_write_what_the_real_ones_wrote():
    store = Store(HeldClock(NOW), seed=1)
    controllers = Controllers(store)
    store.put(
        {"kind": "Node", "metadata": {"name": "node-1", "labels": {"topology.kubernetes.io/zone": "a"}}}
    )
    by_hand = [e for e in real_objects("list-endpoints") if e["metadata"]["name"] != "my-app"]
    watched = wire("watch-pods-changes").lines
    pods = {line["object"]["metadata"]["name"]: line["object"] for line in watched if line["type"] == "ADDED"}
    for obj in [*real_objects("list-services"), *by_hand, *pods.values()]:
        store.put(obj)
    controllers.run()
    for name, kind in (("endpoints", "Endpoints"), ("endpointslices", "EndpointSlice")):
        theirs = {
            stripped(o)["metadata"]["name"]: in_any_order(stripped(o)) for o in real_objects(f"list-{name}")
        }
        theirs.pop("kubernetes", None)  # the API server's own
        ours = {
            stripped(o)["metadata"]["name"]: in_any_order({"kind": kind, **stripped(o)})
            for o in store.objects(name)
        }
        ours.pop("kubernetes", None)
        assert ours == theirs
