"""Whose an address is: every kind of owner, what a port says of it, and names."""

from __future__ import annotations

import pytest
from support.builders import Tree, changes, endpoint, endpoint_slice, endpoints, node, pod, service, states

from epview.core.objects import Key
from epview.core.view import Phase
from epview.core.whois import Owner, Question, owners, parse, unseen
from epview.core.world import World

WEB = Key("shop", "web")


def world(*trees: Tree) -> World:
    made = World()
    for change in changes(trees):
        made.apply(change)
    return made


def asked(made: World, text: str) -> list[tuple[str, str]]:
    return [(owner.what, owner.object) for owner in owners(made, parse(text))]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.244.1.7", "10.244.1.7", None),
        (" 10.244.1.7:8080 ", "10.244.1.7", 8080),
        ("fd00::1", "fd00::1", None),
        ("FD00:0::1", "fd00::1", None),
        ("[fd00::1]:80", "fd00::1", 80),
        ("[fd00::1]", "fd00::1", None),
        ("https://Web.shop.svc.cluster.local.:443/path?q=1", "web.shop.svc.cluster.local", 443),
        ("http://user:secret@10.0.0.1:80/", "10.0.0.1", 80),
        ("node-1", "node-1", None),
    ],
)
def test_what_may_be_asked(text: str, host: str, port: int | None) -> None:
    assert parse(text) == Question(host, port)


@pytest.mark.parametrize(
    "text", ["", "  ", "a b", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:70000", "web:http", "[x"]
)
def test_what_is_no_question_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither an address nor a name|is no port"):
        parse(text)


def test_a_pod_with_its_container_and_the_services_that_lead_to_the_port() -> None:
    made = world(
        service(), service("admin", selector={"app": "web"}, ports=[{"port": 1, "targetPort": 9}]), pod()
    )
    (owner,) = owners(made, parse("10.244.1.1:8080"))
    assert owner == Owner("pod", "Pod/shop/web-1", ("node node-a", "container app (http)", "ready"), (WEB,))
    (whole,) = owners(made, parse("10.244.1.1"))
    assert whole.services == (Key("shop", "admin"), WEB)
    (silent,) = owners(made, parse("10.244.1.1:7777"))
    assert (silent.details, silent.services) == (("node node-a", "ready"), ())


def test_two_pods_of_one_address_and_a_finished_one() -> None:
    made = world(
        pod("a"), pod("b", metadata={"deletionTimestamp": "2026-01-15T12:00:20Z"}), pod("c", phase="Failed")
    )
    assert asked(made, "10.244.1.1") == [("pod", "Pod/shop/a"), ("pod", "Pod/shop/b")]


def test_on_the_hosts_network_the_port_decides() -> None:
    place = {**node(), "status": {"addresses": [{"type": "InternalIP", "address": "172.20.0.2"}]}}
    made = world(place, pod(ips=["172.20.0.2"], spec={"hostNetwork": True}))
    assert asked(made, "172.20.0.2:8080") == [
        ("pod on the host's network", "Pod/shop/web-1"),
        ("node", "Node/node-a"),
    ]
    assert asked(made, "172.20.0.2:22") == [("node", "Node/node-a")]


def test_a_cluster_ip_with_its_ports() -> None:
    made = world(service())
    (owner,) = owners(made, parse("10.96.0.10:80"))
    assert owner == Owner("cluster IP", "Service/shop/web", ("port http → 8080",), (WEB,))
    (wrong,) = owners(made, parse("10.96.0.10:8080"))
    assert wrong.details == ("has no port 8080, only 80",)


def test_outer_addresses_and_node_ports() -> None:
    outer = service(
        type="LoadBalancer",
        externalIPs=["198.51.100.7"],
        ports=[{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080}],
    )
    outer["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}, {"hostname": "lb.example.com"}]}}
    place = {**node(), "status": {"addresses": [{"type": "InternalIP", "address": "172.20.0.2"}]}}
    made = world(outer, place)
    assert asked(made, "203.0.113.9") == [("load balancer", "Service/shop/web")]
    assert asked(made, "lb.example.com:80") == [("load balancer", "Service/shop/web")]
    assert asked(made, "198.51.100.7") == [("external IP", "Service/shop/web")]
    (owner,) = owners(made, parse("172.20.0.2:30080"))
    assert owner == Owner("node", "Node/node-a", ("node port of shop/web, port http",), (WEB,))
    assert asked(made, "node-a") == [("node", "Node/node-a")]


def test_what_somebody_wrote_by_hand() -> None:
    kept = endpoint_slice(
        "far", "far", manager="mesh.example.com", endpoints=[endpoint("192.168.1.9", ready=True)]
    )
    made = world(service("db", selector={}), endpoints("db", ready=["192.168.1.100"]), kept)
    assert asked(made, "192.168.1.100:8080")[0] == ("listed by hand", "Endpoints/shop/db")
    assert asked(made, "192.168.1.100:9") == []
    (slice_,) = owners(made, parse("192.168.1.9"))
    assert (slice_.object, slice_.details, slice_.services) == (
        "EndpointSlice/shop/far",
        ("kept by mesh.example.com",),
        (),
    )


def test_names_of_services_pods_and_aliases() -> None:
    alias = service(
        "out", selector={}, ports=[], type="ExternalName", clusterIP="", externalName="Db.example.com."
    )
    made = world(service(), service("peers", clusterIP="None", selector={"app": "web"}), pod(), alias)
    for name in ("web.shop", "web.shop.svc", "web.shop.svc.cluster.local", "web.shop.svc.other.domain:80"):
        assert asked(made, name) == [("name", "Service/shop/web")]
    assert asked(made, "web-1.peers.shop.svc.cluster.local") == [("name of a pod", "Pod/shop/web-1")]
    assert asked(made, "db.example.com") == [("target of an alias", "Service/shop/out")]
    assert asked(made, "web.stage.svc") == []


def test_what_could_not_be_seen_is_part_of_the_answer() -> None:
    made = World()
    for state in states(["pods", "nodes"], Phase.FORBIDDEN):
        made.apply(state)
    assert unseen(made, None) == ["pods", "nodes"]
    assert unseen(World(), ("shop",)) == ["services", "endpoints", "endpointslices", "pods", "nodes"]
