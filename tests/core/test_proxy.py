"""kube-proxy's choice: who gets a connection from which node, and what the client feels where nobody does.

The facts in the tables are those of pkg/proxy (CategorizeEndpoints, EndpointSliceCache) in 1.37.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders import Tree, build, endpoint_slice, service

from epview.core.objects import EndpointSlice, Service
from epview.core.proxy import Outcome, Proxier, Route, Topology, Traffic

FORWARD, REJECT, DROP, NOT_PROXIED = Outcome
IN, OUT = Traffic
LOCAL_IN = {"internalTrafficPolicy": "Local"}
LOCAL_OUT = {"type": "NodePort", "externalTrafficPolicy": "Local"}


def at(address: str, node: str = "a", *, hints: Tree | None = None, **conditions: Any) -> Tree:
    """An endpoint on a node; no conditions at all means ready."""
    tree: Tree = {"addresses": [address], "nodeName": node or None, "conditions": conditions}
    return {**tree, "hints": hints} if hints else tree


def going(address: str, node: str = "a", *, serving: bool = True, **more: Any) -> Tree:
    return at(address, node, ready=False, serving=serving, terminating=True, **more)


def zone(*names: str) -> Tree:
    return {"forZones": [{"name": name} for name in names]}


def own_node(name: str, zone_: str) -> Tree:
    return {"forNodes": [{"name": name}], "forZones": [{"name": zone_}]}


def made(tree: Tree) -> Service:
    found = build(tree)
    assert isinstance(found, Service)
    return found


def sliced(*endpoints: Tree, name: str = "s", **how: Any) -> EndpointSlice:
    found = build(endpoint_slice(name, endpoints=endpoints, **how))
    assert isinstance(found, EndpointSlice)
    return found


def route(
    slices: Sequence[EndpointSlice],
    node: str = "a",
    zone: str = "",
    traffic: Traffic = IN,
    family: str = "",
    metadata: Tree | None = None,
    **spec: Any,
) -> Route:
    wanted = made(service(metadata=metadata, **spec))
    return Proxier(wanted, wanted.spec.ports[0], slices, family).route(node, zone, traffic)


def addresses(found: Route) -> list[str]:
    return [target.address for target in found.targets]


# -- who counts ------------------------------------------------------------------------------------

CHOICES: dict[str, tuple[list[Tree], dict[str, Any], Outcome, list[str]]] = {
    "ready ones share": ([at("1"), at("2", "b"), at("3", ready=False)], {}, FORWARD, ["1", "2"]),
    "absent conditions mean ready": ([at("1"), at("2", ready=None, serving=None)], {}, FORWARD, ["1", "2"]),
    "a ready one beats those that are going": ([going("1"), at("2", "b")], {}, FORWARD, ["2"]),
    "those going serve where nothing is ready": (
        [going("1", "b"), going("2", serving=False), at("3", ready=False)],
        {},
        FORWARD,
        ["1"],
    ),
    "published though going": ([at("1", ready=True, serving=False, terminating=True)], {}, FORWARD, ["1"]),
    "serving, but neither ready nor going": ([at("1", ready=False, serving=True)], {}, REJECT, []),
    "nothing at all": ([], {}, REJECT, []),
    "nothing that answers": ([at("1", ready=False), going("2", serving=False)], {}, REJECT, []),
    "Local keeps to its node": ([at("1", "a"), at("2", "b")], LOCAL_IN, FORWARD, ["1"]),
    "Local, all elsewhere": ([at("1", "b")], LOCAL_IN, DROP, []),
    "Local, elsewhere and going": ([going("1", "b")], LOCAL_IN, DROP, []),
    "Local, nothing anywhere is no time-out": ([at("1", "b", ready=False)], LOCAL_IN, REJECT, []),
    "Local prefers its own one that is going to a ready one elsewhere": (
        [going("1", "a"), at("2", "b")],
        LOCAL_IN,
        FORWARD,
        ["1"],
    ),
    "Local, ready beats going on the node too": ([going("1", "a"), at("2", "a")], LOCAL_IN, FORWARD, ["2"]),
    "Local without a node name": ([at("1", "")], LOCAL_IN, DROP, []),
    "the outer policy does not bind the cluster IP": ([at("1", "b")], LOCAL_OUT, FORWARD, ["1"]),
}


@pytest.mark.parametrize("name", CHOICES)
def test_choice(name: str) -> None:
    endpoints, spec, outcome, chosen = CHOICES[name]
    found = route([sliced(*endpoints)], **spec)
    assert (found.outcome, addresses(found)) == (outcome, chosen)


OUTER: dict[str, tuple[list[Tree], dict[str, Any], Outcome, list[str]]] = {
    "Local, one here": ([at("1", "a"), at("2", "b")], LOCAL_OUT, FORWARD, ["1"]),
    "Local, none here": ([at("2", "b")], LOCAL_OUT, DROP, []),
    "Local, none anywhere": ([at("2", "b", ready=False)], LOCAL_OUT, REJECT, []),
    "the inner policy does not bind": ([at("2", "b")], {**LOCAL_IN, "type": "NodePort"}, FORWARD, ["2"]),
    "an external IP is an outer address": (
        [at("2", "b")],
        {"externalIPs": ["192.0.2.1"], "externalTrafficPolicy": "Local"},
        DROP,
        [],
    ),
    "nothing outside leads to a plain cluster IP": ([at("1")], {}, NOT_PROXIED, []),
    "a policy without an outer address": (
        [at("1", "b")],
        {"externalTrafficPolicy": "Local"},
        NOT_PROXIED,
        [],
    ),
}


@pytest.mark.parametrize("name", OUTER)
def test_choice_for_traffic_from_outside(name: str) -> None:
    endpoints, spec, outcome, chosen = OUTER[name]
    found = route([sliced(*endpoints)], traffic=OUT, **spec)
    assert (found.outcome, addresses(found)) == (outcome, chosen)


# -- hints -----------------------------------------------------------------------------------------

NEAR = at("1", "a", hints=zone("east"))
FAR = at("2", "b", hints=zone("west"))
BOTH = at("3", "c", hints=zone("east", "west"))

HINTED: dict[str, tuple[list[Tree], dict[str, str], Topology, list[str]]] = {
    "own zone": ([NEAR, FAR, BOTH], {"zone": "east"}, Topology.SAME_ZONE, ["1", "3"]),
    "no endpoint for the zone": ([NEAR, FAR], {"zone": "north"}, Topology.ANYWHERE, ["1", "2"]),
    "node without a zone": ([NEAR, FAR], {}, Topology.ANYWHERE, ["1", "2"]),
    "one without a hint": ([NEAR, FAR, at("4", "d")], {"zone": "east"}, Topology.ANYWHERE, ["1", "2", "4"]),
    "one without a hint that is not ready": (
        [NEAR, FAR, at("4", "d", ready=False)],
        {"zone": "east"},
        Topology.SAME_ZONE,
        ["1"],
    ),
    "only an unready one for the zone": (
        [FAR, at("1", "a", ready=False, hints=zone("east"))],
        {"zone": "east"},
        Topology.ANYWHERE,
        ["2"],
    ),
    "own node first": (
        [at("1", "a", hints=own_node("a", "east")), at("2", "b", hints=own_node("b", "east"))],
        {"zone": "east"},
        Topology.SAME_NODE,
        ["1"],
    ),
    "own zone where no endpoint is for the node": (
        [at("2", "b", hints=own_node("b", "east")), at("3", "c", hints=own_node("c", "west"))],
        {"zone": "east"},
        Topology.SAME_ZONE,
        ["2"],
    ),
    "own zone where one lacks the node hint": (
        [at("1", "a", hints=own_node("a", "east")), at("2", "b", hints=zone("east")), FAR],
        {"zone": "east"},
        Topology.SAME_ZONE,
        ["1", "2"],
    ),
    "those going are not asked for hints": (
        [going("1", hints=zone("west")), going("2")],
        {"zone": "west"},
        Topology.ANYWHERE,
        ["1", "2"],
    ),
}


@pytest.mark.parametrize("name", HINTED)
def test_hints(name: str) -> None:
    endpoints, place, topology, chosen = HINTED[name]
    found = route([sliced(*endpoints)], **place)
    assert (found.topology, addresses(found)) == (topology, chosen)


def test_hints_play_no_part_under_policy_local() -> None:
    found = route([sliced(at("1", "a", hints=zone("west")), FAR)], zone="west", **LOCAL_IN)
    assert (addresses(found), found.topology, found.local) == (["1"], Topology.ANYWHERE, True)


def test_no_node_in_particular_has_no_endpoint_of_its_own_and_no_hint() -> None:
    assert route([sliced(at("1", "a"), at("2", ""))], node="", **LOCAL_IN).outcome is DROP
    assert addresses(route([sliced(NEAR, FAR)], node="")) == ["1", "2"]


# -- the join --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ports",
    [
        [{"name": "https", "port": 8080, "protocol": "TCP"}],
        [{"name": "http", "port": 8080, "protocol": "UDP"}],
        [{"name": "http", "port": None, "protocol": "TCP"}],
        [{"name": "http", "port": 0, "protocol": "TCP"}],
        [{"name": None, "port": 8080, "protocol": "TCP"}],
        [],
        None,
    ],
)
def test_a_slice_port_of_another_name_protocol_or_none_carries_nothing(ports: Any) -> None:
    assert route([sliced(at("1"), ports=ports)]).outcome is REJECT


def test_ports_without_a_name_meet() -> None:
    unnamed = sliced(at("1"), ports=[{"name": "", "port": 8080, "protocol": "TCP"}])
    assert addresses(route([unnamed], ports=[{"port": 80, "targetPort": 8080}])) == ["1"]


def test_each_family_has_a_proxy_of_its_own() -> None:
    slices = [
        sliced(at("10.0.0.1")),
        sliced(at("fd00::1"), name="six", address_type="IPv6"),
        sliced(at("web.example"), name="names", address_type="FQDN"),
    ]
    dual = {"ipFamilies": ["IPv6", "IPv4"]}
    assert addresses(route(slices, **dual)) == ["fd00::1"]
    assert addresses(route(slices, family="IPv4", **dual)) == ["10.0.0.1"]
    only = route(slices, family="IPv6")
    assert (only.outcome, only.why) == (NOT_PROXIED, "the Service has no IPv6 address")


def test_an_endpoint_counts_by_its_first_address_and_a_slice_may_be_empty() -> None:
    two = {"addresses": ["1", "2"], "conditions": {}}
    assert addresses(route([sliced(two, {"addresses": None}), sliced(name="t")])) == ["1"]


def test_one_address_under_two_numbers_is_two_targets() -> None:
    slices = [
        sliced(at("1")),
        sliced(at("1"), at("2"), name="t", ports=[{"name": "http", "port": 9090, "protocol": "TCP"}]),
    ]
    found = route(slices)
    assert [(t.address, t.port) for t in found.targets] == [("1", 8080), ("1", 9090), ("2", 9090)]
    assert (found.share_of("1"), found.share_of("2"), found.share_of("3")) == (
        Fraction(2, 3),
        Fraction(1, 3),
        0,
    )


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        (going("1"), at("1"), FORWARD),
        (going("1"), at("1", ready=False), REJECT),  # the living twin stands, though it is not ready
        (going("1", serving=False), going("1"), FORWARD),
        (at("1"), at("1", ready=False), FORWARD),
    ],
)
def test_of_twins_one_stands_whatever_their_order(one: Tree, other: Tree, outcome: Outcome) -> None:
    for first, second in ((one, other), (other, one)):
        found = route([sliced(first, name="s"), sliced(second, name="t")])
        assert (found.outcome, len(found.targets)) == (outcome, int(outcome is FORWARD))


def test_spellings_of_one_address_are_twins() -> None:
    six = {"address_type": "IPv6"}
    slices = [sliced(at("fd00::1"), **six), sliced(at("FD00:0::1"), name="t", **six)]
    assert addresses(route(slices, ipFamilies=["IPv6"])) == ["fd00::1"]


# -- what is not proxied ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"clusterIP": "None"}, "headless: clients dial the pods themselves"),
        ({"type": "ExternalName", "externalName": "db.example"}, "an ExternalName is but an alias in DNS"),
        (
            {"metadata": {"labels": {"service.kubernetes.io/service-proxy-name": "mesh"}}},
            "left to another proxy: mesh",
        ),
        (
            {"metadata": {"labels": {"service.kubernetes.io/service-proxy-name": ""}}},
            "left to another proxy: unnamed",
        ),
    ],
)
def test_not_proxied(how: dict[str, Any], why: str) -> None:
    found = route([sliced(at("1"))], **how)
    assert (found.outcome, found.why, found.targets, found.share) == (NOT_PROXIED, why, (), 0)


def test_a_manifest_is_judged_as_if_it_had_its_cluster_ip() -> None:
    assert route([sliced(at("1"))], clusterIP="", ipFamilies=[]).outcome is FORWARD


def test_slices_labelled_headless_are_not_watched() -> None:
    tree = endpoint_slice("s", endpoints=[at("1")])
    tree["metadata"]["labels"]["service.kubernetes.io/headless"] = ""
    slice_ = build(tree)
    assert isinstance(slice_, EndpointSlice)
    assert route([slice_]).outcome is REJECT


def test_affinity_makes_the_share_one_of_clients() -> None:
    assert route([sliced(at("1"))]).affinity is None
    assert route([sliced(at("1"))], sessionAffinity="ClientIP").affinity == 10800
    config = {"clientIP": {"timeoutSeconds": 60}}
    short = route([sliced(at("1"))], sessionAffinity="ClientIP", sessionAffinityConfig=config)
    assert short.affinity == 60


# -- whatever the slices hold ----------------------------------------------------------------------

NODES = ("a", "b", "c", "")
ZONES = ("east", "west", "")
maybe = st.sampled_from([True, False, None])


@st.composite
def endpoints(draw: st.DrawFn) -> Tree:
    hints = draw(
        st.sampled_from([None, zone("east"), zone("west"), own_node("a", "east"), own_node("b", "west")])
    )
    return at(
        draw(st.sampled_from(["1", "2", "3", "4"])),
        draw(st.sampled_from(NODES)),
        ready=draw(maybe),
        serving=draw(maybe),
        terminating=draw(maybe),
        hints=hints,
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Service, list[EndpointSlice]]:
    policies = st.sampled_from(["Cluster", "Local"])
    wanted = made(
        service(
            type=draw(st.sampled_from(["ClusterIP", "NodePort"])),
            internalTrafficPolicy=draw(policies),
            externalTrafficPolicy=draw(policies),
        )
    )
    contents = draw(st.lists(st.lists(endpoints(), max_size=4), max_size=4))
    return wanted, [sliced(*content, name=f"s{n}") for n, content in enumerate(contents)]


quiet = settings(derandomize=True, deadline=None, database=None, max_examples=300)
places = st.tuples(st.sampled_from(NODES), st.sampled_from(ZONES), st.sampled_from(list(Traffic)))


@quiet
@given(worlds(), places)
def test_shares_are_whole_or_there_are_none(
    world: tuple[Service, list[EndpointSlice]], place: tuple[str, str, Traffic]
) -> None:
    wanted, slices = world
    found = Proxier(wanted, wanted.spec.ports[0], slices).route(*place)
    total = sum((found.share_of(a) for a in set(addresses(found))), Fraction(0))
    assert total == (1 if found.outcome is FORWARD else 0)
    assert bool(found.targets) == (found.outcome is FORWARD)


@quiet
@given(worlds(), places)
def test_what_is_going_never_beats_what_is_ready(
    world: tuple[Service, list[EndpointSlice]], place: tuple[str, str, Traffic]
) -> None:
    wanted, slices = world
    proxier = Proxier(wanted, wanted.spec.ports[0], slices)
    found = proxier.route(*place)
    assert len({target.ready for target in found.targets}) <= 1
    assert found.terminating == any(not target.ready for target in found.targets)
    rivals = [t for t in proxier.targets if t.ready and (not found.local or t.node == place[0])]
    assert not (rivals and found.terminating)


@quiet
@given(worlds(), places, st.randoms(use_true_random=False))
def test_the_order_of_slices_does_not_matter(
    world: tuple[Service, list[EndpointSlice]], place: tuple[str, str, Traffic], order: Any
) -> None:
    wanted, slices = world
    shuffled = list(slices)
    order.shuffle(shuffled)
    one, other = (Proxier(wanted, wanted.spec.ports[0], s).route(*place) for s in (slices, shuffled))
    assert one == other


@quiet
@given(worlds(), places)
def test_a_client_waits_only_under_policy_local_and_while_others_are_served(
    world: tuple[Service, list[EndpointSlice]], place: tuple[str, str, Traffic]
) -> None:
    wanted, slices = world
    proxier = Proxier(wanted, wanted.spec.ports[0], slices)
    node, _, traffic = place
    if proxier.route(*place).outcome is DROP:
        assert not any(t.node == node and (t.ready or t.last_resort) for t in proxier.targets if node)
        assert any(t.ready or t.last_resort for t in proxier.targets)
        policies = {IN: wanted.spec.internal_traffic_policy, OUT: wanted.spec.external_traffic_policy}
        assert policies[traffic] == "Local"
