"""The two machines held against worlds that the real controllers wrote: who is listed, and who gets traffic.

kube-proxy itself ran in none of them, so its side is told here once more, in the simplest words: ready
endpoints of a slice whose port has the name and protocol; where none is ready, those that still serve
while they terminate; with a policy Local only those of the node.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.builders import build
from support.comparison import There, by_key, compare

from epview.core.objects import BY_KIND, Endpoints, EndpointSlice, Node, Pod, Service, ServicePort
from epview.core.proxy import Outcome, Proxier, Traffic

ORACLE = Path(__file__).parents[3] / "shared" / "oracle"

if not (ORACLE / "index.json").exists():
    pytest.skip("no oracle beside the checkout", allow_module_level=True)

SCENARIOS: list[str] = [
    scenario["name"] for scenario in json.loads((ORACLE / "index.json").read_text("utf-8"))["scenarios"]
]
BY_HAND = {
    "42-controllers-lag": "an address was taken out",
    "43-slice-lags-endpoints": "an address was taken out",
}


@cache
def world(name: str) -> dict[type[Any], list[Any]]:
    found: dict[type[Any], list[Any]] = {}
    for tree in json.loads((ORACLE / f"{name}.json").read_text("utf-8"))["items"]:
        if tree["kind"] in BY_KIND:
            obj = build(tree)
            found.setdefault(type(obj), []).append(obj)
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_controllers_wrote_what_is_expected_of_them(name: str) -> None:
    if name in BY_HAND:
        pytest.skip(BY_HAND[name])
    there = world(name)
    namespaces = {service.key.namespace for service in there[Service]} if Service in there else set()
    for namespace in namespaces:
        own = {kind: [o for o in found if o.key.namespace == namespace] for kind, found in there.items()}
        found = There(
            by_key(own.get(Service, ())),
            own.get(Pod, []),
            {node.key.name: node for node in there.get(Node, ())},
            by_key(e for e in own.get(Endpoints, ()) if e.key.name != "kubernetes"),
            own.get(EndpointSlice, []),
        )
        assert compare(found) == {}


def plainly(service: Service, port: ServicePort, slices: list[EndpointSlice], node: str = "") -> set[str]:
    """The addresses that get traffic from a node; without one, from anywhere."""
    known = [
        endpoint
        for slice_ in slices
        if slice_.address_type == service.families[0]
        and any(p.name == port.name and p.protocol == port.protocol and p.port for p in slice_.ports or ())
        for endpoint in slice_.endpoints or ()
    ]
    if node and service.spec.internal_traffic_policy == "Local":
        known = [endpoint for endpoint in known if endpoint.node_name == node]
    ready = {e.addresses[0] for e in known if e.ready and e.addresses}
    going = {e.addresses[0] for e in known if e.serving and e.terminating and e.addresses}
    return ready or going


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_proxy_goes_where_plain_words_say(name: str) -> None:
    there = world(name)
    routes = 0
    for service in there.get(Service, ()):
        slices = [
            s
            for s in there.get(EndpointSlice, ())
            if s.key.namespace == service.key.namespace and s.service_name == service.key.name
        ]
        for port in service.spec.ports:
            for node in there.get(Node, ()):
                route = Proxier(service, port, slices).route(node.key.name, node.zone, Traffic.INTERNAL)
                routes += 1
                if service.headless or service.spec.type == "ExternalName":
                    assert route.outcome is Outcome.NOT_PROXIED
                    continue
                wanted = plainly(service, port, slices, node.key.name)
                assert {target.address for target in route.targets} == wanted
                broken = Outcome.DROP if plainly(service, port, slices) else Outcome.REJECT
                assert route.outcome is (Outcome.FORWARD if wanted else broken)
    if not routes:
        pytest.skip("no Service with ports, or no Node")
