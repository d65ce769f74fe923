"""LIST and GET: pages, tokens, versions, selectors, refusals."""

from __future__ import annotations

import gzip
from urllib.parse import quote

import pytest
from demo_help import Client

from epview.demo.demo import DemoCluster
from epview.demo.shapes import pod_spec


def names(answer) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json["items"]]


def test_pages_join_to_one_consistent_list(frozen, client):
    whole = names(client.get("/api/v1/pods"))
    seen, token, remaining = [], "", []
    while True:
        answer = client.get(f"/api/v1/pods?limit=7&continue={quote(token)}")
        seen += names(answer)
        meta = answer.json["metadata"]
        remaining.append(meta.get("remainingItemCount", 0))
        token = meta.get("continue", "")
        if not token:
            break
        frozen.delete("pods", "shop", names(client.get("/api/v1/namespaces/shop/pods"))[-1])
        frozen.advance(3)  # life goes on meanwhile; the pages stay those of the first moment
    assert seen == whole
    assert remaining == [len(whole) - n for n in range(7, len(whole), 7)] + [0]


def test_a_compacted_token_is_gone_but_offers_to_go_on(frozen, client):
    first = client.get("/api/v1/namespaces/shop/pods?limit=5")
    token = first.json["metadata"]["continue"]
    frozen.store.put({"kind": "Namespace", "metadata": {"name": "new"}})
    frozen.store.compact()
    answer = client.get(f"/api/v1/namespaces/shop/pods?limit=5&continue={token}")
    assert (answer.code, answer.json["reason"]) == (410, "Expired")
    assert "continue token in this response" in answer.json["message"]
    again = client.get(f"/api/v1/namespaces/shop/pods?continue={answer.json['metadata']['continue']}")
    assert names(first) + names(again) == names(client.get("/api/v1/namespaces/shop/pods"))


def test_the_rest_is_not_counted_with_a_selector(client):
    meta = client.get("/api/v1/pods?limit=1&labelSelector=app%3Dweb").json["metadata"]
    assert "continue" in meta
    assert "remainingItemCount" not in meta


def test_version_zero_is_not_paged(client):
    assert "continue" not in client.get("/api/v1/pods?limit=3&resourceVersion=0").json["metadata"]


def test_an_exact_version_shows_the_past(frozen, client):
    version = client.get("/api/v1/pods").json["metadata"]["resourceVersion"]
    frozen.delete("pods", "shop", "sessions-0")
    exact = f"resourceVersion={version}&resourceVersionMatch=Exact"
    assert "sessions-0" in names(client.get(f"/api/v1/namespaces/shop/pods?{exact}"))
    assert "sessions-0" not in names(client.get("/api/v1/namespaces/shop/pods"))
    frozen.store.compact()
    assert client.get(f"/api/v1/namespaces/shop/pods?{exact}").code == 410


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resourceVersion=99999999", 504),
        ("resourceVersion=abc", 400),
        ("resourceVersionMatch=Exact", 422),
        ("limit=many", 400),
        ("continue=%21%21", 400),
        ("labelSelector=a%3D%3D%3Db", 400),
        ("fieldSelector=spec.colour%3Dred", 400),
    ],
)
def test_options_that_make_no_sense(reader, query, code):
    answer = reader.get(f"/api/v1/pods?{query}")
    assert (answer.code, answer.json["kind"], answer.json["code"]) == (code, "Status", code)


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=web", 4),
        ("app==web", 4),
        ("app in (web,cart)", 7),
        ("app notin (web)", None),
        ("app!=web", None),
        ("track", 3),
        ("!track", None),
        ("app=catalog,track=canary", 1),
        ("app=nothing", 0),
    ],
)
def test_label_selectors(reader, selector, found):
    pods = reader.get("/api/v1/namespaces/shop/pods").json["items"]
    got = reader.get(f"/api/v1/namespaces/shop/pods?labelSelector={quote(selector)}").json["items"]
    if found is None:  # the complement of the positive selector
        positive = {"app notin (web)": 4, "app!=web": 4, "!track": 3}[selector]
        found = len(pods) - positive
    assert len(got) == found


@pytest.mark.parametrize(
    ("path", "selector"),
    [
        ("pods", "metadata.name=sessions-0"),
        ("pods", "spec.nodeName=node-1"),
        ("pods", "status.phase=Pending"),
        ("pods", "status.phase!=Running,metadata.namespace=platform"),
        ("events", "reason=Unhealthy,type=Warning"),
        ("events", "involvedObject.kind=Pod,involvedObject.namespace=shop"),
        ("services", "spec.type=NodePort"),
    ],
)
def test_field_selectors_choose_what_they_say(reader, path, selector):
    items = reader.get(f"/api/v1/{path}?fieldSelector={quote(selector)}").json["items"]
    assert items
    for term in selector.split(","):
        field, _, wanted = term.replace("!=", "=").partition("=")
        for item in items:
            value = item
            for step in field.split("."):
                value = value[step]
            assert (value == wanted) is ("!=" not in term)


def test_big_answers_are_compressed_for_those_who_ask(reader):
    plain = reader.get("/api/v1/pods")
    packed = reader.get("/api/v1/pods", Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in reader.get("/version", Accept_Encoding="gzip").headers


def test_head_tells_the_length_without_the_body(reader):
    answer = reader.get("/api/v1/namespaces/shop/services", "HEAD")
    assert (answer.code, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000
    assert reader.get("/version").code == 200  # the connection is still in step


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_world_cannot_be_changed_from_outside(reader, still, method):
    version = still.store.version
    answer = reader.get("/api/v1/namespaces/shop/pods/sessions-0", method)
    assert (answer.code, answer.json["reason"]) == (405, "MethodNotAllowed")
    assert still.store.version == version


def test_only_json_is_spoken(reader):
    answer = reader.get("/api/v1/pods", Accept="application/vnd.kubernetes.protobuf")
    assert (answer.code, answer.json["reason"]) == (406, "NotAcceptable")


def test_a_hand_made_list_is_served_with_its_controllers():
    item = {
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "x", "labels": {"app": "a"}},
        "spec": pod_spec([], nodeName="n"),
        "status": {"podIPs": [{"ip": "10.0.0.9"}], "conditions": [{"type": "Ready", "status": "True"}]},
    }
    node = {"kind": "Node", "metadata": {"name": "n"}}
    port = {"port": 80, "protocol": "TCP"}
    service = {
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "x"},
        "spec": {"selector": {"app": "a"}, "ports": [port]},
    }
    world = {"kind": "List", "items": [service, item, node]}
    with DemoCluster(objects=[world]) as cluster:
        client = Client(cluster)
        found = client.get("/api/v1/namespaces/x/endpoints/a").json
        client.close()
    assert found["subsets"][0]["addresses"][0]["ip"] == "10.0.0.9"


def test_the_journal_remembers(frozen, client):
    client.get("/api/v1/pods?limit=1")
    client.get("/api/v1/pods/x", "DELETE")
    lines = [(line.method, line.path, line.user, line.code) for line in frozen.journal]
    assert lines[0] == ("GET", "/api/v1/pods", "demo-admin", 200)
    assert lines[1][0] == "DELETE"
