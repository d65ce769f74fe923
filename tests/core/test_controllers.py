"""What the controllers write, row by row: pods, ports, families, limits, mirroring."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from support.builders import Tree, build, endpoints, node, pod, service
from support.controller_cases import case

from epview.core.controllers import Expected, expected, mirrored, not_mirrored_because, ready_addresses
from epview.core.objects import Endpoint, Endpoints, Node, Pod, Service


def made(svc: Tree, *pods: Tree, nodes: list[Tree] | None = None) -> Expected:
    known: dict[str, Node] | None = None
    if nodes is not None:
        known = {n["metadata"]["name"]: _node(n) for n in nodes}
    return expected(_service(svc), [_pod(p) for p in pods], known)


def _service(tree: Tree) -> Service:
    found = build(tree)
    assert isinstance(found, Service)
    return found


def _pod(tree: Tree) -> Pod:
    found = build(tree)
    assert isinstance(found, Pod)
    return found


def _node(tree: Tree) -> Node:
    found = build(tree)
    assert isinstance(found, Node)
    return found


def listed(result: Expected) -> tuple[list[str], list[str]]:
    """(ready, not ready) addresses of the Endpoints."""
    ready = [a.ip for s in result.subsets for a in s.addresses or ()]
    return ready, [a.ip for s in result.subsets for a in s.not_ready_addresses or ()]


def sliced(result: Expected) -> dict[str, tuple[bool | None, bool | None, bool | None]]:
    """Address → (ready, serving, terminating)."""
    return {
        a: (e.conditions.ready, e.conditions.serving, e.conditions.terminating)
        for group in result.slices
        for e in group.endpoints
        for a in e.addresses or ()
    }


GOING: Tree = {"deletionTimestamp": "2026-01-15T12:00:10Z"}
IP = "10.244.1.1"


@pytest.mark.parametrize(
    ("changes", "in_endpoints", "in_slice"),
    [
        ({}, ([IP], []), (True, True, False)),
        ({"ready": False}, ([], [IP]), (False, False, False)),
        ({"conditions": []}, ([], [IP]), (False, False, False)),
        ({"phase": "Succeeded"}, ([], []), None),
        ({"phase": "Failed", "ready": False}, ([], []), None),
        ({"ips": []}, ([], []), None),
        ({"ips": [], "status": {"podIP": IP}}, ([], []), None),
        ({"metadata": GOING}, ([], []), (False, True, True)),
        ({"metadata": GOING, "ready": False}, ([], []), (False, False, True)),
        ({"spec": {"hostNetwork": True}}, ([IP], []), (True, True, False)),
        ({"spec": {"minReadySeconds": 600}, "changed": 1}, ([IP], []), (True, True, False)),
    ],
    ids=str,
)
def test_which_pods_stand_where(
    changes: Tree, in_endpoints: tuple[list[str], list[str]], in_slice: tuple[bool, bool, bool] | None
) -> None:
    result = made(service(), pod(**changes))
    assert listed(result) == in_endpoints
    assert sliced(result).get(IP) == in_slice


@pytest.mark.parametrize(
    ("changes", "in_slice"),
    [
        ({"ready": False}, (True, False, False)),
        ({"metadata": GOING}, (True, True, True)),
        ({"metadata": GOING, "ready": False}, (True, False, True)),
    ],
    ids=str,
)
def test_published_although_not_ready(changes: Tree, in_slice: tuple[bool, bool, bool]) -> None:
    result = made(service(publishNotReadyAddresses=True), pod(**changes))
    assert listed(result) == ([IP], [])
    assert sliced(result) == {IP: in_slice}


@pytest.mark.parametrize(
    "svc",
    [
        service(selector={}),
        service(type="ExternalName", externalName="a.b"),
        {**service(), "spec": {"selector": None}},
    ],
    ids=["no selector", "ExternalName", "null"],
)
def test_services_the_controllers_leave_alone(svc: Tree) -> None:
    assert made(svc, pod()) == Expected()


def test_no_pod_gives_one_empty_slice_for_each_family() -> None:
    result = made(service(ipFamilies=["IPv4", "IPv6"]))
    assert result.subsets == ()
    assert [(g.address_type, g.ports, g.endpoints) for g in result.slices] == [
        ("IPv4", None, ()),
        ("IPv6", None, ()),
    ]


def test_a_family_no_pod_has_stays_empty() -> None:
    result = made(service(ipFamilies=["IPv4", "IPv6"]), pod())
    assert [(g.address_type, len(g.endpoints)) for g in result.slices] == [("IPv4", 1), ("IPv6", 0)]


def test_endpoints_hold_the_first_family_only() -> None:
    both = pod(ips=["10.244.1.1", "fd00::1"])
    result = made(service(ipFamilies=["IPv6", "IPv4"]), both)
    assert listed(result) == (["fd00::1"], [])
    assert {g.address_type: g.endpoints[0].addresses for g in result.slices} == {
        "IPv4": ("10.244.1.1",),
        "IPv6": ("fd00::1",),
    }


def test_a_manifest_without_families_takes_those_of_its_pods() -> None:
    bare = {**service(), "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    assert listed(made(bare, pod(ips=["fd00::1"]))) == (["fd00::1"], [])


# -- nodes -----------------------------------------------------------------------------------------


def test_a_pod_on_an_unknown_node_is_in_endpoints_and_in_no_slice() -> None:
    result = made(service(), pod(node="gone"), nodes=[node("node-a")])
    assert listed(result) == ([IP], [])
    assert sliced(result) == {}


def test_unless_unready_ones_are_published() -> None:
    result = made(service(publishNotReadyAddresses=True), pod(node="gone"), nodes=[node("node-a")])
    assert IP in sliced(result)


def test_nodes_that_cannot_be_seen_are_taken_for_existing() -> None:
    assert IP in sliced(made(service(), pod(node="gone")))


def test_zones_and_hints_for_ready_endpoints_only() -> None:
    svc = service(trafficDistribution="PreferSameNode")
    pods = [pod(), pod("web-2", ips=["10.244.1.2"], ready=False)]
    ends = {e.addresses: e for g in made(svc, *pods, nodes=[node(zone="z1")]).slices for e in g.endpoints}
    ready, unready = ends[(IP,)], ends[("10.244.1.2",)]
    assert (ready.zone, unready.zone) == ("z1", "z1")
    assert ready.hints is not None
    assert [z.name for z in ready.hints.for_zones or ()] == ["z1"]
    assert [n.name for n in ready.hints.for_nodes or ()] == ["node-a"]
    assert unready.hints is None


def test_without_a_zone_a_same_zone_wish_leaves_no_hints_at_all() -> None:
    svc = service(trafficDistribution="PreferClose")
    assert made(svc, pod(), nodes=[node()]).slices[0].endpoints[0].hints is None


# -- ports -----------------------------------------------------------------------------------------


def ports_of(result: Expected) -> dict[str, list[tuple[str | None, int | None, str | None]]]:
    return {
        (e.addresses or ("",))[0]: [(p.name, p.port, p.protocol) for p in g.ports or ()]
        for g in result.slices
        for e in g.endpoints
    }


def test_a_number_is_used_as_it_is() -> None:
    result = made(service(ports=[{"name": "http", "port": 80, "targetPort": 9999}]), pod())
    assert ports_of(result) == {IP: [("http", 9999, "TCP")]}


@pytest.mark.parametrize("target", [{}, {"targetPort": 0}, {"targetPort": ""}], ids=str)
def test_no_target_port_means_the_port(target: Tree) -> None:
    assert ports_of(made(service(ports=[{"port": 80, **target}]), pod())) == {IP: [("", 80, "TCP")]}


def test_a_name_is_looked_up_in_each_pod() -> None:
    svc = service(ports=[{"name": "web", "port": 80, "targetPort": "http"}])
    other = pod("web-2", ips=["10.244.1.2"], ports=[{"name": "http", "containerPort": 9090}])
    result = made(svc, pod(), other)
    assert ports_of(result) == {IP: [("web", 8080, "TCP")], "10.244.1.2": [("web", 9090, "TCP")]}
    assert len(result.subsets) == 2


def test_a_name_with_another_protocol_does_not_resolve() -> None:
    svc = service(ports=[{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "http"}])
    result = made(svc, pod())
    assert listed(result) == ([], [])
    assert ports_of(result) == {IP: []}
    assert sliced(result) == {IP: (True, True, False)}


def test_a_port_that_does_not_resolve_leaves_the_others_alone() -> None:
    svc = service(
        ports=[
            {"name": "http", "port": 80, "targetPort": "http"},
            {"name": "metrics", "port": 9, "targetPort": "metrics"},
        ]
    )
    result = made(svc, pod())
    assert ports_of(result) == {IP: [("http", 8080, "TCP")]}
    assert listed(result) == ([IP], [])


@pytest.mark.parametrize(("policy", "found"), [("Always", [("p", 15000, "TCP")]), (None, [])])
def test_sidecars_take_part_and_plain_init_containers_never(policy: str | None, found: list[Any]) -> None:
    init = {"name": "x", "restartPolicy": policy, "ports": [{"name": "proxy", "containerPort": 15000}]}
    svc = service(ports=[{"name": "p", "port": 80, "targetPort": "proxy"}])
    tree = pod()
    tree["spec"]["initContainers"] = [init]
    assert ports_of(made(svc, tree)) == {IP: found}


def test_the_first_container_wins_before_any_sidecar() -> None:
    tree = pod(ports=[{"name": "http", "containerPort": 1}, {"name": "http", "containerPort": 2}])
    tree["spec"]["initContainers"] = [
        {"name": "x", "restartPolicy": "Always", "ports": [{"name": "http", "containerPort": 3}]}
    ]
    svc = service(ports=[{"port": 80, "targetPort": "http"}])
    assert ports_of(made(svc, tree)) == {IP: [("", 1, "TCP")]}


def test_headless_without_ports() -> None:
    result = made(service(clusterIP="None", ports=[]), pod())
    assert listed(result) == ([IP], [])
    assert result.subsets[0].ports is None
    assert ports_of(result) == {IP: []}


def test_application_protocol_is_carried() -> None:
    svc = service(ports=[{"port": 80, "targetPort": 8080, "appProtocol": "kubernetes.io/h2c"}])
    assert (made(svc, pod()).slices[0].ports or ())[0].app_protocol == "kubernetes.io/h2c"


@pytest.mark.parametrize(
    ("hostname", "subdomain", "found"), [("db-0", "web", "db-0"), ("db-0", "other", None), ("", "web", None)]
)
def test_hostname_only_under_the_service_that_is_its_subdomain(
    hostname: str, subdomain: str, found: str | None
) -> None:
    result = made(service(), pod(spec={"hostname": hostname, "subdomain": subdomain}))
    assert result.slices[0].endpoints[0].hostname == found
    assert ((result.subsets[0].addresses or ())[0].hostname or None) == found


# -- limits ----------------------------------------------------------------------------------------


def many(count: int, *, ready: bool = True, first: int = 0) -> list[Tree]:
    return [
        pod(f"web-{n}", ready=ready, ips=[f"10.{n // 65536}.{n // 256 % 256}.{n % 256}"])
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize(
    ("ready", "unready", "kept", "truncated"),
    [
        (1050, 0, (1000, 0), True),
        (990, 60, (990, 10), True),
        (1000, 0, (1000, 0), False),
        (0, 1001, (0, 1000), True),
    ],
)
def test_endpoints_stop_at_a_thousand_and_slices_do_not(
    ready: int, unready: int, kept: tuple[int, int], truncated: bool
) -> None:
    result = made(service(), *many(ready), *many(unready, ready=False, first=ready))
    here = listed(result)
    assert (len(here[0]), len(here[1])) == kept
    assert result.truncated is truncated
    assert len(sliced(result)) == ready + unready


def test_slices_hold_a_hundred() -> None:
    assert [len(g.endpoints) for g in made(service(), *many(1050)).slices] == [100] * 10 + [50]


# -- mirroring -------------------------------------------------------------------------------------


def mirror(**subset: Any) -> list[tuple[str, list[Endpoint]]]:
    found = build(endpoints("db", subsets=[subset]))
    assert isinstance(found, Endpoints)
    return [(g.address_type, list(g.endpoints)) for g in mirrored(found)]


def test_mirrored_endpoints_tell_only_whether_they_are_ready() -> None:
    ((family, ends),) = mirror(
        addresses=[{"ip": "192.168.1.1", "hostname": "a", "nodeName": "n"}],
        notReadyAddresses=[{"ip": "192.168.1.2"}],
        ports=[{"port": 5432}],
    )
    assert family == "IPv4"
    assert [(e.addresses, e.conditions.ready, e.conditions.serving) for e in ends] == [
        (("192.168.1.1",), True, None),
        (("192.168.1.2",), False, None),
    ]
    assert (ends[0].hostname, ends[0].node_name) == ("a", "n")


def test_families_are_kept_apart_and_what_is_no_address_is_skipped() -> None:
    groups = mirror(addresses=[{"ip": "192.168.1.1"}, {"ip": "fd00:0::1"}, {"ip": "nonsense"}])
    assert [(f, [e.addresses for e in ends]) for f, ends in groups] == [
        ("IPv4", [("192.168.1.1",)]),
        ("IPv6", [("fd00::1",)]),
    ]


def test_at_most_a_thousand_valid_ones_of_a_subset() -> None:
    ips = [{"ip": "nonsense"}, *({"ip": f"192.168.{n // 250}.{n % 250}"} for n in range(1005))]
    assert sum(len(ends) for _, ends in mirror(addresses=ips)) == 1000


def test_many_addresses_by_hand_share_one_slice() -> None:
    ips = [{"ip": f"192.168.0.{n}"} for n in range(1, 131)]
    assert [len(ends) for _, ends in mirror(addresses=ips)] == [130]


def by_hand(*subsets: Any) -> list[tuple[list[str], list[tuple[str, bool | None, str | None]]]]:
    """The mirrored slices: names of their ports, (address, ready, hostname) of their endpoints."""
    found = build(endpoints("db", subsets=list(subsets)))
    assert isinstance(found, Endpoints)
    return [
        (
            sorted(p.name or "" for p in g.ports or ()),
            [((e.addresses or ("",))[0], e.conditions.ready, e.hostname) for e in g.endpoints],
        )
        for g in mirrored(found)
    ]


A = "192.168.1.1"
SQL = {"name": "sql", "port": 5432}
WEB = {"name": "web", "port": 80}


@pytest.mark.parametrize(
    ("subsets", "slices"),
    [
        pytest.param(
            [{"addresses": [{"ip": A}], "notReadyAddresses": [{"ip": A}], "ports": [SQL]}],
            [(["sql"], [(A, False, None)])],
            id="not ready beats ready",
        ),
        pytest.param(
            [{"addresses": [{"ip": A}, {"ip": A, "hostname": "b"}], "ports": [SQL]}],
            [(["sql"], [(A, True, None)])],
            id="the first of two stands",
        ),
        pytest.param(
            [{"addresses": [{"ip": A}], "ports": [SQL]}, {"addresses": [{"ip": A}], "ports": [WEB]}],
            [(["sql", "web"], [(A, True, None)])],
            id="subsets of the same addresses become one",
        ),
        pytest.param(
            [{"addresses": [{"ip": A}], "ports": [SQL]}, {"notReadyAddresses": [{"ip": A}], "ports": [WEB]}],
            [(["sql"], [(A, True, None)]), (["web"], [(A, False, None)])],
            id="but not where they differ in readiness",
        ),
        pytest.param(
            [{"addresses": [{"ip": A}], "ports": [SQL, {"name": "sql", "port": 5432, "protocol": "UDP"}]}],
            [],
            id="no slice may have two ports of one name",
        ),
    ],
)
def test_subsets_are_repacked_before_they_are_mirrored(subsets: list[Any], slices: list[Any]) -> None:
    assert by_hand(*subsets) == slices


def test_pods_behind_one_address_by_hand_are_told_apart_by_uid_and_name() -> None:
    refs = [{"kind": "Pod", "name": n, "uid": u} for n, u in (("p", "1"), ("p", "2"), ("q", "3"))]
    addresses = [{"ip": A, "targetRef": ref} for ref in refs]
    assert len(by_hand({"addresses": addresses})[0][1]) == 2


@pytest.mark.parametrize(
    ("svc", "metadata", "why"),
    [
        (service("db", selector={}), {}, ""),
        (service("db", type="ExternalName", selector={}), {}, ""),
        (None, {}, "no Service"),
        (service("db"), {}, "selector"),
        (
            service("db", selector={}),
            {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "label",
        ),
        (service("db", selector={}), {"labels": {"endpointslice.kubernetes.io/skip-mirror": "false"}}, ""),
        (
            service("db", selector={}),
            {"annotations": {"control-plane.alpha.kubernetes.io/leader": ""}},
            "leader-election",
        ),
    ],
)
def test_what_is_not_mirrored_and_why(svc: Tree | None, metadata: Tree, why: str) -> None:
    found = build(endpoints("db", ready=["192.168.1.1"], **metadata))
    assert isinstance(found, Endpoints)
    told = not_mirrored_because(_service(svc) if svc else None, found)
    assert (why in told) if why else told == ""


@pytest.mark.parametrize("seed", range(20))
def test_the_ready_addresses_alone_are_those_of_the_whole_answer(seed: int) -> None:
    random, judged = Random(seed), 0
    for number in range(25):
        objects = [build(tree) for tree in case(random).named(f"case-{number}").objects]
        found = next((o for o in objects if isinstance(o, Service)), None)
        if found is None or not found.selector:
            continue
        wanted = found.selector.items()
        pods = [o for o in objects if isinstance(o, Pod) and wanted <= o.metadata.labels.items()]
        whole = {
            (address, group.ports or ())
            for group in expected(found, pods).slices
            for endpoint in group.endpoints
            if endpoint.ready
            for address in (endpoint.addresses or ())[:1]
        }
        judged += bool(whole)
        if found.spec.type != "ExternalName":
            assert set(ready_addresses(found, pods)) == whole
    assert judged
