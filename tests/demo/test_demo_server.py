"""Sockets, threads, users, tables and logs of the running server."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from demo_help import TABLE, Client, eventually

from epview.demo.demo import DemoCluster
from epview.demo.requests import Response
from epview.present.words import duration

PODS = "/api/v1/namespaces/shop/pods"


def demo_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t is not threading.main_thread()]


# -- threads and shutdown --------------------------------------------------------------------------


def test_stop_ends_every_thread_and_every_stream():
    before = set(demo_threads())
    cluster = DemoCluster()
    cluster.start()
    clients = [Client(cluster) for _ in range(6)]
    streams = [c.open(f"{PODS}?watch=1&resourceVersion={cluster.store.version}") for c in clients[:4]]
    name = clients[4].get(PODS).json["items"][0]["metadata"]["name"]
    streams.append(clients[4].open(f"{PODS}/{name}/log?follow=1"))
    clients[5].get("/version")  # kept alive, idle
    assert len(set(demo_threads()) - before) >= 6
    started = time.monotonic()
    cluster.stop()
    assert time.monotonic() - started < 3
    assert set(demo_threads()) == before
    for stream in streams:
        while stream.readline():
            pass
    for client in clients:
        client.close()
    cluster.stop()  # twice is fine


def test_clients_that_leave_do_not_leave_threads_behind(frozen):
    before = len(demo_threads())
    for _ in range(5):
        client = Client(frozen)
        client.open(f"{PODS}?watch=1&resourceVersion={frozen.store.version}")
        client.close()
    eventually(lambda: len(demo_threads()) <= before)


def test_a_silent_client_blocks_nobody(frozen):
    port = int(frozen.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):  # never says hello
        client = Client(frozen)
        assert client.get("/version").code == 200
        client.close()


def test_it_never_started():
    cluster = DemoCluster()
    cluster.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = cluster.url


def test_many_at_once(frozen):
    def ask(_: int) -> int:
        client = Client(frozen)
        try:
            return sum(len(client.get(PODS).json["items"]) for _ in range(5))
        finally:
            client.close()

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(32)))) == 1


def test_ten_thousand_pods_are_served_fast():
    labels = {"app": "a"}
    blob = {"annotations": {"note": "x" * 2000}, "labels": labels}
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": f"p{n:05}", "namespace": f"n{n % 7}", **blob},
            "spec": {"containers": []},
        }
        for n in range(10_000)
    ]
    with DemoCluster(objects=pods) as cluster:
        client = Client(cluster)
        started = time.monotonic()
        body = client.get("/api/v1/pods").body
        assert time.monotonic() - started < 3
        assert len(json.loads(body)["items"]) == 10_000
        client.close()


# -- users -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (PODS, 200),
        ("/api/v1/namespaces/shop/services", 200),
        ("/api/v1/namespaces/shop/endpoints/web", 200),
        ("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", 200),
        ("/api/v1/namespaces/shop/pods/sessions-0/log", 200),
        ("/apis", 200),
        ("/version", 200),
        ("/api/v1/pods", 403),
        ("/api/v1/namespaces/payments/pods", 403),
        ("/api/v1/namespaces/shop/events", 403),
        ("/api/v1/nodes", 403),
        ("/api/v1/namespaces", 403),
        ("/api/v1/namespaces/shop", 403),
        ("/apis/apps/v1/namespaces/shop/deployments", 403),
        ("/api/v1/pods?watch=1", 403),
    ],
)
def test_the_viewer_sees_one_namespace(still, path, code):
    client = Client(still, "demo-viewer")
    answer = client.get(path)
    client.close()
    assert answer.code == code
    if code == 403:
        assert answer.json["reason"] == "Forbidden"
        assert 'User "demo-viewer" cannot' in answer.json["message"]


def test_refusals_name_verb_group_and_place(still):
    client = Client(still, "demo-viewer")
    messages = [
        client.get(path).json["message"]
        for path in (
            "/api/v1/namespaces/payments/pods/ledger-0",
            "/apis/apps/v1/namespaces/shop/deployments?watch=true",
            "/api/v1/namespaces/payments/pods/ledger-0/log",
        )
    ]
    client.close()
    user = 'User "demo-viewer" cannot'
    assert messages == [
        f'pods "ledger-0" is forbidden: {user} get resource "pods" in API group "" in the namespace "payments"',
        f'deployments.apps is forbidden: {user} watch resource "deployments" in API group "apps" in the namespace "shop"',
        f'pods "ledger-0" is forbidden: {user} get resource "pods/log" in API group "" in the namespace "payments"',
    ]


def test_credentials_are_refused_as_the_server_knows_none(reader):
    assert reader.get(PODS, Authorization="Bearer x").code == 401


def test_a_user_nobody_knows_may_see_what_there_is_and_no_more(still):
    client = Client(still, "jane")
    assert client.get("/apis").code == 200
    answer = client.get(PODS)
    client.close()
    assert answer.code == 403
    assert 'User "jane" cannot list resource "pods"' in answer.json["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8001", "localhost:80", "LOCALHOST", "[::1]:9"])
def test_it_answers_to_the_names_of_loopback(reader, host):
    assert reader.get(PODS, Host=host).code == 200


@pytest.mark.parametrize(
    "host", ["", "rebound.example", "rebound.example:8001", "127.0.0.1.rebound.example", "10.0.0.1", "::1"]
)
def test_no_web_page_can_make_itself_its_origin(reader, host):
    for path in (PODS, "/version", "/nowhere"):
        answer = reader.get(path, Host=host)
        assert (answer.code, answer.json["reason"]) == (403, "Forbidden")
        assert "loopback" in answer.json["message"]


def test_a_fault_can_be_put_in_front():
    def intercept(request):
        return (
            Response(429, b"slow down", "text/plain", {"Retry-After": "1"})
            if "pods" in request.path
            else None
        )

    with DemoCluster(objects=[], intercept=intercept) as cluster:
        client = Client(cluster)
        assert client.get("/api/v1/pods").headers["retry-after"] == "1"
        assert client.get("/api/v1/services").code == 200
        client.close()


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (PODS, "Name Ready Status Restarts Age IP Node Nominated-Node Readiness-Gates"),
        ("/api/v1/services", "Name Type Cluster-IP External-IP Port(s) Age Selector"),
        ("/api/v1/endpoints", "Name Endpoints Age"),
        ("/apis/discovery.k8s.io/v1/endpointslices", "Name AddressType Ports Endpoints Age"),
        (
            "/api/v1/events",
            "Last-Seen Type Reason Object Subobject Source Message First-Seen Count Name",
        ),
        ("/api/v1/namespaces", "Name Status Age"),
        ("/apis/apps/v1/deployments", "Name Ready Up-to-date Available Age Containers Images Selector"),
        ("/apis/apps/v1/replicasets", "Name Desired Current Ready Age Containers Images Selector"),
        ("/apis/apps/v1/statefulsets", "Name Ready Age Containers Images"),
        ("/apis/networking.k8s.io/v1/networkpolicies", "Name Pod-Selector Age"),
    ],
)
def test_tables_have_kubectls_columns(reader, path, columns):
    table = reader.get(path, Accept=TABLE).json
    assert table["kind"] == "Table"
    assert [c["name"].replace(" ", "-") for c in table["columnDefinitions"]] == columns.split()
    for row in table["rows"]:
        assert len(row["cells"]) == len(table["columnDefinitions"])
        assert row["object"]["kind"] == "PartialObjectMetadata"


def test_a_pods_row_says_what_kubectl_says(reader):
    rows = reader.get(PODS, Accept=TABLE).json["rows"]
    states = {row["cells"][2] for row in rows}
    assert states == {"Running", "Pending", "ImagePullBackOff", "CrashLoopBackOff"}
    crash = next(row["cells"] for row in rows if row["cells"][2] == "CrashLoopBackOff")
    assert crash[1:4] == ["0/1", "CrashLoopBackOff", "7 (62s ago)"]
    done = reader.get("/api/v1/namespaces/platform/pods", Accept=TABLE).json["rows"]
    assert [r["conditions"][0]["reason"] for r in done if "conditions" in r] == ["Succeeded"]
    gone = reader.get("/api/v1/namespaces/payments/pods", Accept=TABLE).json["rows"]
    assert "Terminating" in {row["cells"][2] for row in gone}


@pytest.mark.parametrize(("include", "kind"), [("Object", "Pod"), ("None", None)])
def test_rows_carry_what_was_asked_for(reader, include, kind):
    rows = reader.get(f"{PODS}?includeObject={include}", Accept=TABLE).json["rows"]
    assert {row["object"] and row["object"]["kind"] for row in rows} == {kind}


def test_tables_are_paged_as_lists_are(reader):
    table = reader.get("/api/v1/pods?limit=3", Accept=TABLE).json
    assert len(table["rows"]) == 3
    assert table["metadata"]["continue"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"), (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (600, "10m"), (7260, "121m"),
        (10800, "3h"), (11000, "3h3m"), (8 * 3600 + 60, "8h"), (49 * 3600, "2d1h"), (8 * 86400, "8d"),
        (400 * 86400, "400d"), (800 * 86400, "2y70d"), (3000 * 86400, "8y"),
    ],
)  # fmt: skip
def test_ages_are_worded_as_kubectl_words_them(seconds, text):
    assert duration(seconds) == text


# -- logs ------------------------------------------------------------------------------------------


def log(client, query="", pod="sessions-0"):
    return client.get(f"{PODS}/{pod}/log?{query}")


def test_logs_have_their_options(reader):
    whole = log(reader)
    assert (whole.code, whole.headers["content-type"]) == (200, "text/plain")
    lines = whole.body.decode().splitlines()
    assert len(lines) > 100
    assert log(reader, "tailLines=5").body.decode().splitlines() == lines[-5:]
    assert log(reader, "tailLines=0").body == b""
    assert len(log(reader, "limitBytes=100").body) == 100
    stamped = log(reader, "timestamps=true&tailLines=1").body.decode().split()[0]
    assert stamped.startswith("2026-01-15T11:59:")
    assert stamped.endswith("000Z")
    assert len(log(reader, "sinceSeconds=30").body.decode().splitlines()) == 10


@pytest.mark.parametrize(
    ("app", "query", "message"),
    [
        ("thumbnails", "", "is waiting to start: trying and failing to pull image"),
        ("inventory", "", "does not have a host assigned"),
        ("sessions", "previous=true", 'previous terminated container "cache" in pod "sessions-0" not found'),
        ("sessions", "container=nope", "container nope is not valid for pod sessions-0"),
    ],
)
def test_logs_that_are_not_there(reader, app, query, message):
    items = reader.get(f"{PODS}?labelSelector=app%3D{app}").json["items"]
    pod = next(p for p in items if app != "inventory" or p["status"]["phase"] == "Pending")
    answer = log(reader, query, pod["metadata"]["name"])
    assert answer.code == 400
    assert message in answer.json["message"]


def test_the_former_container_has_a_log_of_its_own(reader):
    items = reader.get(f"{PODS}?labelSelector=app%3Drecommendations").json["items"]
    pod = next(p for p in items if p["status"]["containerStatuses"][0]["restartCount"])
    answer = log(reader, "previous=true&tailLines=3", pod["metadata"]["name"])
    assert b"memory" in answer.body


def test_a_log_tells_why_its_pod_is_not_ready(reader):
    pod = reader.get(f"{PODS}?labelSelector=app%3Dorders").json["items"][0]["metadata"]["name"]
    assert b"no database" in log(reader, "tailLines=3", pod).body


def test_following_sees_new_lines_and_ends_with_the_pod(frozen):
    client = Client(frozen)
    stream = client.open(f"{PODS}/sessions-0/log?follow=true&tailLines=1")
    assert stream.readline()
    frozen.clock.advance(10)
    fresh = [stream.readline().decode() for _ in range(3)]
    assert fresh == sorted(fresh)
    assert fresh[0].startswith("time=2026-01-15T12:00:0")
    frozen.delete("pods", "shop", "sessions-0")
    while stream.readline():  # it ends
        pass
    client.close()
