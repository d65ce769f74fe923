"""The company: every concept is there from the first second, complete and deterministic."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest
from demo_help import NOW

from epview.core.objects import BY_RESOURCE, Event
from epview.demo.clock import parse_time
from epview.demo.demo import DemoCluster
from epview.demo.recorder import BURST, TTL

RESOURCES = ("services", "endpoints", "endpointslices", "pods", "events", "deployments", "replicasets")


def build(seed: int = 7) -> DemoCluster:
    cluster = DemoCluster(frozen_at=NOW, seed=seed)
    cluster._build()
    return cluster


def picture(cluster: DemoCluster) -> dict:
    return {name: cluster.store.objects(name) for name in RESOURCES}


@pytest.fixture(scope="module")
def company() -> DemoCluster:
    return build()


def pods(company, app, namespace="shop"):
    found = company.store.objects("pods", namespace)
    return [pod for pod in found if pod["metadata"]["labels"].get("app") == app]


def condition(pod, kind="Ready"):
    return next(c for c in pod["status"]["conditions"] if c["type"] == kind)


def addresses(company, name, namespace="shop"):
    entry = company.store.get("endpoints", namespace, name)
    subsets = (entry.obj.get("subsets") if entry else None) or []
    ready = [a["ip"] for s in subsets for a in s.get("addresses") or ()]
    return ready, [a["ip"] for s in subsets for a in s.get("notReadyAddresses") or ()]


def slices(company, name, namespace):
    label = "kubernetes.io/service-name"
    found = company.store.objects("endpointslices", namespace)
    return [s for s in found if s["metadata"]["labels"].get(label) == name]


def test_there_are_many_services_in_several_namespaces(company):
    services = company.store.objects("services")
    assert len(services) >= 24
    assert {s["metadata"]["namespace"] for s in services} == {
        "default",
        "shop",
        "payments",
        "platform",
        "legacy",
    }
    assert {s["spec"]["type"] for s in services} == {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"}
    protocols = {p["protocol"] for s in services for p in s["spec"].get("ports") or ()}
    assert protocols == {"TCP", "UDP", "SCTP"}


def test_the_article_is_there(company):
    db = company.store.get("services", "shop", "my-external-db").obj
    assert "selector" not in db["spec"]
    assert addresses(company, "my-external-db") == (["192.168.1.100"], [])
    web = company.store.get("services", "shop", "web").obj
    assert [(p["name"], p["port"], p["targetPort"]) for p in web["spec"]["ports"]] == [
        ("http-port", 80, "http"),
        ("admin-port", 9090, "admin"),
    ]
    assert len(addresses(company, "web")[0]) == 4


@pytest.mark.parametrize(
    ("name", "ready", "unready"),
    [
        ("checkout", 2, 1),
        ("orders", 0, 2),
        ("search", 2, 1),
        ("recommendations", 1, 1),
        ("thumbnails", 0, 2),
        ("inventory", 2, 0),
        ("cart", 0, 0),
        ("reviews", 0, 0),
        ("pricing", 3, 0),
        ("sessions", 3, 0),
    ],
)
def test_the_first_picture_has_its_problems(company, name, ready, unready):
    found = addresses(company, name)
    assert (len(found[0]), len(found[1])) == (ready, unready)


def test_each_problem_has_its_cause(company):
    assert {
        s["state"]["waiting"]["reason"]
        for p in pods(company, "thumbnails")
        for s in p["status"]["containerStatuses"]
    } == {"ImagePullBackOff"}
    crash = next(p for p in pods(company, "recommendations") if condition(p)["status"] == "False")
    status = crash["status"]["containerStatuses"][0]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["lastState"]["terminated"]["reason"] == "OOMKilled"
    pending = next(p for p in pods(company, "inventory") if p["status"]["phase"] == "Pending")
    assert condition(pending, "PodScheduled")["reason"] == "Unschedulable"
    slow = [p for p in pods(company, "search") if p["status"]["containerStatuses"][0]["started"] is False]
    assert len(slow) == 1
    assert NOW - parse_time(
        slow[0]["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    ) == timedelta(seconds=41)


def test_endpoints_by_hand_in_all_their_ways(company):
    assert slices(company, "erp", "legacy") == []
    assert len(slices(company, "mainframe", "legacy")) == 1
    assert company.store.get("endpoints", "legacy", "archive") is None
    assert company.store.get("endpoints", "payments", "settlement") is None
    assert company.store.get("services", "payments", "setlement") is None
    assert addresses(company, "setlement", "payments")[0]
    assert company.store.get("endpoints", "payments", "card-network") is None
    assert len(slices(company, "fraud", "payments")) == 2
    managed = "endpoints.kubernetes.io/managed-by"
    assert company.store.get("endpoints", "payments", "fraud").labels[managed] == "endpoint-controller"


def test_overwritten_endpoints_keep_their_finger_print(company):
    found = company.store.get("endpoints", "legacy", "timeclock").obj
    assert (
        "192.168.9.71" in found["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    )
    assert "192.168.9.71" not in str(found["subsets"])
    assert addresses(company, "print-queue", "legacy")[0] == ["10.96.12.10"]


def test_a_terminating_pod_still_serves(company):
    (slice_,) = slices(company, "statements", "payments")
    states = [tuple(e["conditions"].values()) for e in slice_["endpoints"]]
    assert sorted(states) == [(False, False, False), (False, True, True)]


def test_unready_pods_are_published_where_that_is_wanted(company):
    assert len(addresses(company, "ledger", "payments")[0]) == 3
    (slice_,) = slices(company, "ledger", "payments")
    assert {e["hostname"] for e in slice_["endpoints"]} == {"ledger-0", "ledger-1", "ledger-2"}
    assert {e["conditions"]["serving"] for e in slice_["endpoints"]} == {True, False}


def test_ports_that_differ_make_two_slices(company):
    assert len(slices(company, "catalog", "shop")) == 2
    (dns,) = slices(company, "dns", "platform")
    assert [(p["port"], p["protocol"]) for p in dns["ports"]] == [(53, "UDP"), (53, "TCP"), (9153, "TCP")]


def test_every_object_is_read_by_epviews_own_structs(company):
    for resource, kind in BY_RESOURCE.items():
        for obj in company.store.objects(resource):
            read = msgspec.convert(obj, kind.struct)
            assert read.metadata.uid
            assert read.metadata.creation_timestamp <= NOW


def test_pods_are_complete(company):
    owners = {
        obj["metadata"]["uid"]
        for name in ("replicasets", "statefulsets", "daemonsets")
        for obj in company.store.objects(name)
    }
    ips = []
    for pod in company.store.objects("pods"):
        meta, status = pod["metadata"], pod["status"]
        owner = meta["ownerReferences"][0]
        assert owner["uid"] in owners or owner["kind"] == "Job"
        assert ("pod-template-hash" in meta["labels"]) is (owner["kind"] == "ReplicaSet")
        assert status["qosClass"] == "Burstable"
        for c in status["conditions"]:
            assert meta["creationTimestamp"] <= c["lastTransitionTime"]
        if "podIP" in status:
            assert status["podIPs"] == [{"ip": status["podIP"]}]
            ips.append(status["podIP"])
        for c in status.get("containerStatuses") or ():
            assert len(c["state"]) == 1
    assert len(ips) == len(set(ips))


def test_no_two_objects_have_one_uid(company):
    uids = [obj["metadata"]["uid"] for name in BY_RESOURCE for obj in company.store.objects(name)]
    assert len(uids) == len(set(uids))


def test_events_have_one_of_the_two_spellings(company):
    named = ("pods", "services", "endpoints")
    uids = {obj["metadata"]["uid"] for name in named for obj in company.store.objects(name)}
    for obj in company.store.objects("events"):
        event = msgspec.convert(obj, Event)
        assert obj["involvedObject"]["uid"] in uids
        assert event.last_seen <= NOW
        assert event.first_seen <= event.last_seen
        if obj["eventTime"] is None:
            assert obj["count"] >= 1
            assert obj["source"]["component"] == obj["reportingComponent"]
        else:
            assert re.fullmatch(r".*\.\d{6}Z", obj["eventTime"])
            assert obj["source"] == {}
            assert "count" not in obj
        if event.reason == "Unhealthy":
            assert re.match(r"(Readiness|Liveness|Startup) probe failed: \S", event.message)
            assert obj["involvedObject"]["fieldPath"].startswith("spec.containers{")


def test_the_same_seed_gives_the_same_company():
    assert picture(build()) == picture(build())
    assert picture(build(8)) != picture(build())


def test_life_is_the_same_in_steps_of_any_size():
    one, many = build(), build()
    one.advance(120)
    for _ in range(240):
        many.advance(0.5)
    assert picture(one) == picture(many)


def test_something_visible_happens_all_the_time(company):
    cluster = build()
    quiet = []
    for resource in ("pods", "events", "endpoints", "endpointslices"):
        assert cluster.store.objects(resource)
    last = cluster.store.version
    for _ in range(60):
        cluster.advance(5)
        quiet.append(cluster.store.version == last)
        last = cluster.store.version
    assert not any(quiet)


def test_a_rollout_exchanges_all_pods_and_ends():
    cluster = build()
    before = {p["metadata"]["name"] for p in pods(cluster, "web")}
    hashes = set()
    for _ in range(75):
        cluster.advance(1)
        hashes.add(frozenset(p["metadata"]["labels"]["pod-template-hash"] for p in pods(cluster, "web")))
        assert len(addresses(cluster, "web")[0]) >= 4
    assert {len(h) for h in hashes} == {1, 2}
    after = pods(cluster, "web")
    assert len(after) == 4
    assert before.isdisjoint(p["metadata"]["name"] for p in after)
    deployment = cluster.store.get("deployments", "shop", "web").obj
    assert deployment["status"]["readyReplicas"] == deployment["status"]["updatedReplicas"] == 4
    sets = [
        rs for rs in cluster.store.objects("replicasets", "shop") if rs["metadata"]["labels"]["app"] == "web"
    ]
    assert sorted(rs["spec"]["replicas"] for rs in sets) == [0, 4]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":2.14.1")


def test_a_probe_fails_counts_up_and_recovers():
    cluster = build()
    name = next(p["metadata"]["name"] for p in pods(cluster, "checkout") if condition(p)["status"] == "False")

    def count():
        return sum(
            e["count"]
            for e in cluster.store.objects("events", "shop")
            if e["involvedObject"]["name"] == name and e["reason"] == "Unhealthy"
        )

    before = count()
    states = set()
    for _ in range(40):
        cluster.advance(5)
        states.add(condition(cluster.store.get("pods", "shop", name).obj)["status"])
    assert states == {"True", "False"}
    assert before < count() <= before + BURST


def test_a_crash_loop_counts_its_restarts():
    cluster = build()

    def restarts():
        return sum(
            s["restartCount"]
            for p in pods(cluster, "recommendations")
            for s in p["status"]["containerStatuses"]
        )

    before = restarts()
    cluster.advance(100)
    assert restarts() >= before + 2


def test_the_terminating_pod_hands_over():
    cluster = build()
    seen = set()
    for _ in range(40):
        cluster.advance(3)
        (slice_,) = slices(cluster, "statements", "payments")
        seen.add(
            tuple(sorted((e["conditions"]["ready"], e["conditions"]["serving"]) for e in slice_["endpoints"]))
        )
    assert ((False, False), (False, True)) in seen
    assert ((True, True),) in seen


def test_hours_of_life_keep_the_world_small():
    cluster = build()
    cluster.advance(3600 + 900)
    assert len(cluster.store.objects("pods")) < 160
    assert len(cluster.store.objects("replicasets")) < 60
    events = cluster.store.objects("events")
    assert len(events) < 2500
    for obj in events:
        assert cluster.clock() - msgspec.convert(obj, Event).last_seen <= TTL + timedelta(minutes=1)
    others = [p for p in cluster.store.objects("pods") if p["metadata"]["labels"]["app"] != "labels"]
    ips = [p["status"]["podIP"] for p in others if "podIP" in p["status"]]
    assert len(ips) == len(set(ips))


def test_a_removed_pod_ends_its_story_not_the_life():
    cluster = build()
    cluster.advance(6)
    for pod in list(cluster.store.objects("pods", "shop")):
        cluster.delete("pods", "shop", pod["metadata"]["name"])
    cluster.advance(300)
    assert cluster.store.objects("pods", "payments")
