"""The store: one counter, immutable entries, a window that can be compacted."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from demo_help import NOW

from epview.demo.clock import HeldClock
from epview.demo.store import ExpiredError, Store, as_list, in_namespace, merge_patch


def pod(name: str, namespace: str = "shop", **more: object) -> dict:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": []},
    } | more


@pytest.fixture
def store() -> Store:
    return Store(HeldClock(NOW), seed=1)


def test_every_write_of_any_resource_takes_the_next_version(store):
    first = store.put(pod("a"))
    other = store.put({"kind": "Namespace", "metadata": {"name": "shop"}})
    again = store.patch("pods", "shop", "a", {"status": {"phase": "Running"}})
    gone = store.delete("pods", "shop", "a")
    assert [first.version, other.version, again.version, gone.version] == list(
        range(first.version, first.version + 4)
    )
    assert store.get("pods", "shop", "a") is None


def test_what_the_server_sets_survives_a_replacement(store):
    before = store.put(pod("a")).obj["metadata"]
    after = store.put(pod("a", status={"phase": "Failed"})).obj["metadata"]
    assert before["uid"] == after["uid"]
    assert before["creationTimestamp"] == after["creationTimestamp"] == "2026-01-15T12:00:00Z"
    assert int(after["resourceVersion"]) == int(before["resourceVersion"]) + 1


def test_writing_the_same_again_is_no_event(store):
    entry = store.put(pod("a"))
    assert store.put(pod("a")) is entry
    assert store.version == entry.version


def test_an_entry_handed_out_never_changes(store):
    entry = store.put(pod("a", status={"phase": "Pending"}))
    store.patch("pods", "shop", "a", {"status": {"phase": "Running"}})
    assert entry.obj["status"] == {"phase": "Pending"}
    assert b"Pending" in entry.body


def test_the_past_can_be_read_inside_the_window(store):
    store.put(pod("a"))
    then = store.put(pod("b")).version
    store.delete("pods", "shop", "a")
    store.put(pod("c"))
    store.patch("pods", "shop", "b", {"status": {"phase": "Running"}})
    assert store.snapshot("pods").keys == ["shop/b", "shop/c"]
    past = store.snapshot("pods", then)
    assert past.keys == ["shop/a", "shop/b"]
    assert "status" not in past.entries[1].obj


def test_compaction_ends_the_past(store):
    then = store.put(pod("a")).version
    store.put(pod("b"))
    store.compact()
    with pytest.raises(ExpiredError, match=rf"too old resource version: {then} \({store.version}\)"):
        store.events_after("pods", then)
    with pytest.raises(ExpiredError):
        store.snapshot("pods", then)
    assert store.events_after("pods", store.version) == []


def test_the_window_is_bounded():
    store = Store(HeldClock(NOW), seed=1, window=40)
    for number in range(200):
        store.put(pod(f"p{number}"))
    with pytest.raises(ExpiredError):
        store.events_after("pods", 1100)
    assert 40 <= len(store.events_after("pods", store.version - 40)) <= 40


def test_a_waiting_watcher_is_woken_by_its_resource(store):
    version = store.version
    ready = threading.Event()

    def wait() -> list[str]:
        ready.set()
        return [event.type for event in store.wait("pods", version, 10)]

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(wait)
        ready.wait()
        store.put({"kind": "Namespace", "metadata": {"name": "shop"}})
        store.put(pod("a"))
        assert found.result(10) == ["ADDED"]


def test_writers_in_many_threads_get_different_versions(store):
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda n: store.put(pod(f"p{n}")).version, range(400)))
    assert len(set(versions)) == 400
    assert [e.version for e in store.events_after("pods", 1000)] == sorted(versions)


def test_a_namespace_is_a_range_of_keys(store):
    for namespace in ("shop", "shop-2", "sho", "shop0"):
        store.put(pod("a", namespace))
    found = in_namespace(store.snapshot("pods"), "shop")
    assert [entry.namespace for entry in found] == ["shop"]
    assert len(in_namespace(store.snapshot("pods"), "")) == 4


def test_generation_counts_changes_of_the_spec_only(store):
    store.put({"kind": "Pod", "metadata": {"name": "a", "namespace": "s", "generation": 1}, "spec": {"x": 1}})
    status = store.patch("pods", "s", "a", {"status": {"phase": "Running"}})
    assert status.obj["metadata"]["generation"] == 1
    spec = store.patch("pods", "s", "a", {"spec": {"x": 2}})
    assert spec.obj["metadata"]["generation"] == 2


def test_merge_patch_is_rfc_7396():
    assert merge_patch({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": [1]}}) == {"a": {"c": 2, "d": [1]}}


def test_lists_are_taken_apart():
    items = [
        {"kind": "List", "items": [pod("a"), {"kind": "PodList", "items": [{"metadata": {"name": "b"}}]}]}
    ]
    assert [(o["kind"], o["metadata"]["name"]) for o in as_list(items)] == [("Pod", "a"), ("Pod", "b")]
