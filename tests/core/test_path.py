"""The hop of kube-proxy on a request's way: refused at once, or waiting, and for whom."""

from __future__ import annotations

from typing import Any

from support.builders import Tree, judged, node, pod, service

from epview.core.view import HopState

DEGRADED, UNKNOWN = HopState.DEGRADED, HopState.UNKNOWN
TWO_PORTS = [
    {"name": "http", "port": 80, "targetPort": 8080},
    {"name": "admin", "port": 81, "targetPort": "admin"},
]
NODES = [node("node-a"), node("node-b"), node("node-c", unschedulable=True)]


def hops(*trees: Tree, **how: Any) -> list[tuple[str, HopState]]:
    found = judged([*trees], **how)
    return [(hop.text, hop.state) for hop in found.path if hop.what == "kube-proxy"]


def test_where_all_is_well_or_nothing_is_there_the_slices_say_it_all() -> None:
    assert hops(service(), pod()) == []
    assert hops(service(), pod(ready=False)) == []
    assert hops(service(clusterIP="None", internalTrafficPolicy="Local"), pod(), *NODES) == []
    assert hops(service(ports=TWO_PORTS), pod(), blind=["endpointslices"]) == []


def test_a_port_that_leads_nowhere_while_others_do_is_refused() -> None:
    refused = ("connection refused on port admin: no endpoint", DEGRADED)
    assert hops(service(ports=TWO_PORTS), pod()) == [refused]


def test_a_policy_local_lets_the_clients_of_bare_nodes_wait() -> None:
    bound = service(internalTrafficPolicy="Local")
    assert hops(bound, pod(), *NODES) == [("time-out for clients on 1 of 2 nodes", DEGRADED)]
    assert hops(bound, pod(), *NODES[:1]) == []
    assert hops(bound, pod(), *NODES, blind=["nodes"]) == []
    outer = service(type="NodePort", externalTrafficPolicy="Local")
    assert hops(outer, pod(), *NODES) == []


def test_another_proxy_does_what_it_likes() -> None:
    label = {"labels": {"service.kubernetes.io/service-proxy-name": "mesh"}}
    assert hops(service(metadata=label), pod()) == [("left to another proxy: mesh", UNKNOWN)]
