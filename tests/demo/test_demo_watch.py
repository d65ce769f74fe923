"""WATCH: where it begins, what a selector makes of it, bookmarks, its end, 410."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from demo_help import TABLE, Client, eventually

from epview.demo.demo import DemoCluster

INITIAL = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
PODS = "/api/v1/namespaces/shop/pods"


def types(answer) -> list[str]:
    return [line["type"] for line in answer.lines]


class Stream:
    """An open watch, read line by line."""

    def __init__(self, cluster, target, **headers):
        self.client = Client(cluster)
        self.response = self.client.open(target, **headers)
        assert self.response.status == 200

    def next(self):
        return json.loads(self.response.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def test_it_begins_where_the_list_ended(frozen, client):
    version = client.get(PODS).json["metadata"]["resourceVersion"]
    with Stream(frozen, f"{PODS}?watch=1&resourceVersion={version}") as stream:
        frozen.store.patch("pods", "shop", "sessions-0", {"metadata": {"labels": {"x": "1"}}})
        frozen.delete("pods", "payments", "ledger-0")  # another namespace
        frozen.delete("pods", "shop", "sessions-1")
        first, second = stream.next(), stream.next()
    assert (first["type"], first["object"]["metadata"]["name"]) == ("MODIFIED", "sessions-0")
    assert (second["type"], second["object"]["metadata"]["name"]) == ("DELETED", "sessions-1")
    assert int(second["object"]["metadata"]["resourceVersion"]) > int(
        first["object"]["metadata"]["resourceVersion"]
    )


def test_the_initial_state_ends_with_a_marked_bookmark(frozen, client):
    count = len(client.get(PODS).json["items"])
    answer = client.get(f"{PODS}?{INITIAL}&timeoutSeconds=1")
    assert types(answer)[: count + 1] == ["ADDED"] * count + ["BOOKMARK"]
    mark = answer.lines[count]["object"]["metadata"]
    assert mark["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert mark["resourceVersion"] == str(frozen.store.version)


def test_the_old_way_gives_the_state_without_a_mark(client):
    answer = client.get(f"{PODS}?watch=1&resourceVersion=0&timeoutSeconds=1")
    assert set(types(answer)) == {"ADDED"}


def test_bookmarks_move_on_though_nothing_happens_here():
    with DemoCluster(objects=[], bookmark_seconds=0.05) as cluster:
        start = cluster.store.version
        with Stream(cluster, f"{PODS}?watch=1&resourceVersion={start}&allowWatchBookmarks=1") as stream:
            cluster.store.put({"kind": "Namespace", "metadata": {"name": "elsewhere"}})
            found = eventually(lambda: int(stream.next()["object"]["metadata"]["resourceVersion"]) > start)
    assert found


def test_without_asking_there_are_none(client, frozen):
    answer = client.get(f"{PODS}?watch=1&resourceVersion={frozen.store.version}&timeoutSeconds=1")
    assert answer.body == b""


def test_a_version_that_was_forgotten_is_an_error_in_the_stream(frozen, client):
    frozen.store.compact()
    answer = client.get(f"{PODS}?watch=1&resourceVersion=1001")
    assert answer.code == 200
    (line,) = answer.lines
    assert (line["type"], line["object"]["code"], line["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_version_of_the_future_is_refused_in_the_stream(client):
    (line,) = client.get(f"{PODS}?watch=1&resourceVersion=99999999").lines
    assert (line["type"], line["object"]["code"]) == ("ERROR", 504)


def test_a_watch_that_fell_behind_a_compaction_ends_with_410(frozen):
    with Stream(frozen, f"{PODS}?watch=1&resourceVersion={frozen.store.version}") as stream:
        with frozen.store._lock:  # both at once, as for a client that was too slow
            frozen.store.patch("pods", "shop", "sessions-0", {"metadata": {"labels": {"x": "1"}}})
            frozen.store.compact()
        line = stream.next()
        assert (line["type"], line["object"]["code"]) == ("ERROR", 410)
        assert stream.response.readline() == b""


def test_a_selector_turns_changes_into_comings_and_goings(frozen):
    target = f"{PODS}?watch=1&resourceVersion={frozen.store.version}&labelSelector=role%3Dleader"
    with Stream(frozen, target) as stream:
        for value in ("leader", "follower", "leader"):
            frozen.store.patch("pods", "shop", "sessions-0", {"metadata": {"labels": {"role": value}}})
        frozen.store.patch("pods", "shop", "sessions-0", {"metadata": {"annotations": {"x": "1"}}})
        frozen.delete("pods", "shop", "sessions-0")
        seen = [stream.next()["type"] for _ in range(5)]
    assert seen == ["ADDED", "DELETED", "ADDED", "MODIFIED", "DELETED"]


def test_one_object_can_be_watched_by_its_name(frozen):
    target = f"{PODS}?watch=1&resourceVersion={frozen.store.version}&fieldSelector=metadata.name%3Dsessions-2"
    with Stream(frozen, target) as stream:
        frozen.delete("pods", "shop", "sessions-1")
        frozen.delete("pods", "shop", "sessions-2")
        assert stream.next()["object"]["metadata"]["name"] == "sessions-2"


def test_a_table_watch_repeats_its_columns_once(frozen):
    target = f"{PODS}?watch=1&resourceVersion={frozen.store.version}"
    with Stream(frozen, target, Accept=TABLE) as stream:
        frozen.delete("pods", "shop", "sessions-1")
        frozen.delete("pods", "shop", "sessions-2")
        first, second = stream.next(), stream.next()
    assert first["type"] == "DELETED"
    assert [c["name"] for c in first["object"]["columnDefinitions"]][:2] == ["Name", "Ready"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "sessions-2"


@pytest.mark.parametrize("query", ["sendInitialEvents=true", "resourceVersionMatch=NotOlderThan"])
def test_options_that_need_each_other(client, query):
    assert client.get(f"{PODS}?watch=1&{query}").code == 422


def test_nothing_is_lost_between_list_and_watch_while_others_write(frozen, client):
    """Whoever lists, then watches from there, ends with what the store holds."""

    def write() -> None:
        for number in range(200):
            frozen.store.patch(
                "pods", "shop", f"sessions-{number % 3}", {"metadata": {"labels": {"n": str(number)}}}
            )

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        listed = client.get(f"{PODS}?labelSelector=app%3Dsessions").json
        known = {item["metadata"]["name"]: item for item in listed["items"]}
        target = f"{PODS}?watch=1&labelSelector=app%3Dsessions&resourceVersion={listed['metadata']['resourceVersion']}"
        with Stream(frozen, target) as stream:
            writing.result()
            frozen.store.delete("pods", "shop", "sessions-0")
            while (line := stream.next())["type"] != "DELETED":
                known[line["object"]["metadata"]["name"]] = line["object"]
    for name in ("sessions-1", "sessions-2"):
        assert known[name]["metadata"] == frozen.store.get("pods", "shop", name).obj["metadata"]
