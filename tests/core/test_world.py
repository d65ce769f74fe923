"""The contract of the world, a test for each sentence."""

from __future__ import annotations

from support.builders import (
    INFO,
    NOW,
    build,
    drop_key,
    endpoints,
    http_get,
    judged,
    node,
    pod,
    projector,
    put,
    raised,
    service,
    unhealthy,
)

from epview.core.changes import Drop, Relist
from epview.core.objects import Key
from epview.core.view import Phase, ResourceState
from epview.core.world import EVENTS_PER_OBJECT, World

WEB = Key("shop", "web")


def world(*trees: dict[str, object]) -> World:
    made = World()
    for tree in trees:
        made.apply(put(tree))
    return made


def test_two_objects_of_one_name_never_coexist() -> None:
    made = world(service(), pod(metadata={"uid": "a"}), pod(metadata={"uid": "b"}))
    assert [p.metadata.uid for p in made.pods_of(WEB)] == ["b"]


def test_a_late_deletion_does_not_take_the_successor_with_it() -> None:
    made = world(service(), pod(metadata={"uid": "b"}))
    assert made.apply(Drop("Pod", Key("shop", "web-1"), "a")) == set()
    assert made.pods_of(WEB)
    assert WEB in made.apply(Drop("Pod", Key("shop", "web-1"), "b"))
    assert not made.pods_of(WEB)


def test_a_relist_tells_of_deletions_that_were_missed() -> None:
    made = world(service(), pod(), pod("web-2"), pod("x", "other"))
    assert WEB in made.apply(Relist("Pod", "shop", (build(pod()),)))
    assert [p.key.name for p in made.pods_of(WEB)] == ["web-1"]
    assert Key("other", "x") in made.pods


def test_a_relist_of_the_same_touches_nobody() -> None:
    made = world(service(), pod())
    assert made.apply(Relist("Pod", "", (build(pod()),))) == set()


def test_a_pod_touches_the_services_that_select_it_before_and_after() -> None:
    made = world(service(), service("api"), pod())
    assert made.apply(put(pod(labels={"app": "api"}))) == {WEB, Key("shop", "api")}


def test_a_pod_of_another_namespace_does_not_match() -> None:
    made = world(service(), pod(namespace="other"))
    assert made.pods_of(WEB) == []


def test_a_node_touches_what_runs_on_it_and_its_heartbeat_nobody() -> None:
    made = world(service(), pod(), node())
    assert made.apply(put(node())) == set()
    assert made.apply(put(node(ready="Unknown"))) == {WEB}


def test_a_pod_touches_the_services_of_pods_with_its_address() -> None:
    """Before and after: whether two pods share one address depends on both."""
    made = world(service(), pod())
    twin = pod("cache-1", "other", labels={"app": "cache"})
    assert made.apply(put(twin)) == {WEB}
    assert made.apply(put(pod("cache-1", "other", labels={"app": "cache"}, ips=["10.244.9.9"]))) == {WEB}
    assert made.apply(Drop("Pod", drop_key(twin), "")) == set()


def test_a_pod_on_the_network_of_its_node_shares_its_address_with_nobody() -> None:
    made = world(service(), pod())
    agent = pod("agent-1", "other", labels={"app": "agent"}, spec={"hostNetwork": True})
    assert made.apply(put(agent)) == set()


def test_a_service_touches_those_whose_pods_have_its_name_as_subdomain() -> None:
    """Its coming and going decide whether they have names of their own; a mere change does not."""
    made = world(service(), pod(spec={"subdomain": "peers"}))
    peers = service("peers", selector={"role": "db"}, clusterIP="None")
    assert made.apply(put(peers)) == {WEB, Key("shop", "peers")}
    assert made.apply(put(service("peers", selector={"role": "x"}, clusterIP="None"))) == {
        Key("shop", "peers")
    }
    assert WEB in made.apply(Drop("Service", drop_key(peers), ""))
    made.apply(put(pod()))  # its subdomain is gone
    assert made.apply(put(peers)) == {Key("shop", "peers")}


def test_an_event_that_expires_is_no_sign_that_its_cause_went() -> None:
    failing = pod(ready=False, readiness=http_get())
    event = unhealthy(failing, "Readiness probe failed: HTTP probe failed with statuscode: 503")
    made = projector([service(), failing, event])
    made.apply([Drop("Event", drop_key(event), event["metadata"]["uid"])])
    found = made.project(NOW, INFO).services[WEB]
    assert found.headline is not None
    assert "503" in found.headline.message


def test_events_of_a_former_pod_are_gone_with_it() -> None:
    failing = pod(ready=False, readiness=http_get())
    made = world(service(), failing, unhealthy(failing, "Readiness probe failed: x"))
    uid = failing["metadata"]["uid"]
    assert made.events_of(uid)
    made.apply(put(pod(metadata={"uid": "another"})))
    assert made.events_of(uid) == []


def test_events_of_one_object_are_bounded_and_the_newest_stay() -> None:
    about = pod()
    made = world(service(), about)
    for n in range(EVENTS_PER_OBJECT + 20):
        event = unhealthy(about, f"Readiness probe failed: {n}", seen=1000 - n)
        event["metadata"]["name"] = f"e{n}"
        made.apply(put(event))
    found = made.events_of(about["metadata"]["uid"])
    assert len(found) == EVENTS_PER_OBJECT
    assert found[0].message.endswith(str(EVENTS_PER_OBJECT + 19))


def test_what_a_selector_less_service_lists_touches_it() -> None:
    target = {"kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "Pod/shop/web-1"}
    listed = endpoints("db", subsets=[{"addresses": [{"ip": "192.168.1.9", "targetRef": target}]}])
    made = world(service("db", selector={}), listed)
    db = Key("shop", "db")
    assert db in made.apply(put(pod(labels={"job": "x"})))
    assert db in made.apply(put(pod("other", labels={"job": "x"}, ips=["192.168.1.9"])))
    assert db not in made.apply(put(pod("third", labels={"job": "x"}, ips=["192.168.1.10"])))
    assert db in made.apply(put(service("x", selector={}, clusterIP="192.168.1.9")))


def test_the_state_of_a_namespace_comes_before_that_of_all() -> None:
    made = World()
    made.apply(ResourceState(resource="pods", phase=Phase.LIVE))
    made.apply(ResourceState(resource="pods", namespace="shop", phase=Phase.FORBIDDEN))
    assert not made.sees("pods", "shop")
    assert made.sees("pods", "other")
    assert made.follows("pods")
    made.apply(ResourceState(resource="pods", phase=Phase.STALE))
    assert made.sees("pods")
    assert not made.follows("pods")


def test_a_state_touches_services_only_when_its_phase_changes() -> None:
    made = world(service())
    state = ResourceState(resource="pods", phase=Phase.LISTING, loaded=1)
    assert made.apply(state) == {WEB}
    assert made.apply(ResourceState(resource="pods", phase=Phase.LISTING, loaded=500)) == set()


def test_objects_with_holes_are_taken() -> None:
    bare = [
        {"kind": kind, "metadata": {"name": "x", "namespace": "shop"}}
        for kind in ("Service", "Pod", "Endpoints", "EndpointSlice", "Event")
    ]
    found = judged(bare, "shop/x", controlled=False)
    assert raised(found) == {"EP102"}


def test_an_event_touches_the_services_of_what_it_speaks_of() -> None:
    lists = endpoints("web")
    made = world(service(), pod(), lists)
    assert made.apply(put(unhealthy(pod(), "Readiness probe failed: EOF"))) == {WEB}
    assert made.apply(put(unhealthy(service(), "no address"))) == {WEB}
    assert made.apply(put(unhealthy(lists, "too many addresses"))) == {WEB}
    assert made.apply(put(unhealthy(endpoints("lost"), "too many addresses"))) == set()


def test_workloads_touch_the_services_that_select_nothing() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "d"},
        "spec": {"replicas": 0, "template": {"metadata": {"labels": {"app": "web"}}}},
    }
    made = world(service(), service("other", selector={"app": "x"}), pod("x", labels={"app": "x"}))
    assert made.apply(put(deployment)) == {WEB}
    counted = {**deployment, "status": {"observedGeneration": 2}}
    assert made.apply(put(counted)) == set(), "nothing that a verdict rests on has changed"
    assert made.apply(put({**deployment, "status": {"replicas": 1}})) == {WEB}
    assert [w.key.name for w in made.workloads.within("shop")] == ["web"]
    made.apply(Drop("Deployment", Key("shop", "web")))
    assert list(made.workloads.within("shop")) == []


def test_a_first_list_of_pods_touches_the_unmatched_once_when_it_is_complete():
    """Any pod may be their near miss: thousands of Services for each of thousands of pods would be touched."""
    world = World()
    world.apply(put(service("other", "elsewhere")))
    world.apply(ResourceState(resource="pods", namespace="shop", phase=Phase.LISTING))
    assert world.apply(put(pod())) == set()
    live = ResourceState(resource="pods", namespace="shop", phase=Phase.LIVE)
    assert world.apply(live) == {Key("elsewhere", "other")}
    assert world.apply(put(pod("web-2"))) == {Key("elsewhere", "other")}
