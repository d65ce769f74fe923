"""Health is only claimed where it is known: loading, blind spots, stale streams, and who backs a Service."""

from __future__ import annotations

import pytest
from support.builders import (
    INFO,
    NOW,
    Tree,
    changes,
    endpoint,
    endpoint_slice,
    endpoints,
    judged,
    pod,
    raised,
    service,
    states,
)

from epview.core.changes import Put
from epview.core.objects import BY_RESOURCE, Key
from epview.core.projector import Projector
from epview.core.view import Health, Phase, ResourceState, ServiceView

WEB = Key("shop", "web")


def with_states(trees: list[Tree], told: list[ResourceState]) -> ServiceView:
    projector = Projector()
    projector.apply([c for c in changes(trees) if isinstance(c, Put)])
    projector.apply(told)
    return projector.project(NOW, INFO).services[WEB]


@pytest.mark.parametrize("resource", ["endpoints", "endpointslices", "pods", "events"])
@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.LISTING])
def test_while_a_list_loads_nothing_is_claimed(resource: str, phase: Phase) -> None:
    found = with_states([service(), pod(ready=False)], states([resource], phase))
    assert (found.loading, found.health, found.findings) == (True, Health.UNKNOWN, ())


def test_before_anything_was_told_nothing_is_claimed() -> None:
    assert with_states([service()], []).loading


@pytest.mark.parametrize("resource", ["nodes", "namespaces"])
def test_nobody_waits_for_what_is_optional(resource: str) -> None:
    for phase in (Phase.LISTING, Phase.FORBIDDEN, Phase.GONE):
        found = with_states([service(), pod()], states([resource], phase))
        assert (found.loading, found.health, found.gaps) == (False, Health.OK, ())


@pytest.mark.parametrize("resource", ["endpoints", "endpointslices", "pods"])
@pytest.mark.parametrize("phase", [Phase.FORBIDDEN, Phase.GONE, Phase.FAILED])
def test_what_cannot_be_seen_is_a_gap_and_never_green(resource: str, phase: Phase) -> None:
    projector = Projector()
    seen = [
        c for c in changes([service(), pod()]) if isinstance(c, Put) and BY_RESOURCE[resource].kind != c.kind
    ]
    projector.apply([*seen, *states([resource], phase)])
    found = projector.project(NOW, INFO).services[WEB]
    assert (found.loading, found.health) == (False, Health.UNKNOWN)
    assert resource in found.gaps


def test_without_events_a_ready_service_is_well_and_the_gap_is_told() -> None:
    found = judged([service(), pod()], blind=["events"])
    assert (found.health, found.gaps) == (Health.OK, ("events",))


def test_an_error_stays_an_error_over_a_gap() -> None:
    found = judged([service()], blind=["endpoints"])
    assert (found.health, raised(found)) == (Health.ERROR, {"EP201"})


def test_a_broken_stream_keeps_its_verdict_but_judges_no_lag() -> None:
    by_hand = [service(selector={}), endpoints(ready=["192.168.1.1"])]
    projector = Projector()
    projector.apply([c for c in changes(by_hand, controlled=False) if isinstance(c, Put)])
    projector.apply(states(["endpointslices"], Phase.STALE))
    found = projector.project(NOW, INFO).services[WEB]
    assert "EP602" in found.unknown_rules
    assert "EP602" not in raised(found)


def test_a_scope_of_one_namespace_is_enough() -> None:
    told = [ResourceState(resource=s.resource, namespace="shop", phase=Phase.LIVE) for s in states()]
    found = with_states([service(), pod()], told)
    assert (found.health, found.gaps) == (Health.OK, ())


def test_what_lies_outside_the_scope_leaves_one_verdict_open_and_the_rest_alone() -> None:
    told = [ResourceState(resource=s.resource, namespace="shop", phase=Phase.LIVE) for s in states()]
    found = with_states([service(selector={}), endpoints(ready=["192.168.1.1"])], told)
    assert (found.health, set(found.unknown_rules)) == (Health.INFO, {"EP502", "EP503"})


@pytest.mark.parametrize(
    ("trees", "backed_by", "kept_by"),
    [
        ([service(), pod()], "selector", ""),
        ([service()], "selector", ""),
        ([service(selector={})], "nothing", ""),
        ([service(selector={}), endpoints(ready=["192.168.1.1"])], "manual", ""),
        ([service(selector={}), endpoint_slice("s", endpoints=[endpoint("192.168.1.1")])], "manual", ""),
        (
            [
                service(selector={}),
                endpoint_slice("s", manager="mesh.example", endpoints=[endpoint("192.168.1.1")]),
            ],
            "controller",
            "mesh.example",
        ),
        ([service(selector={}, type="ExternalName", externalName="a.example")], "external", ""),
    ],
)
def test_who_provides_the_addresses(trees: list[Tree], backed_by: str, kept_by: str) -> None:
    found = judged(trees)
    assert (found.backed_by, found.kept_by) == (backed_by, kept_by)


def test_what_a_view_tells_of_its_service() -> None:
    found = judged([service(clusterIP="None", clusterIPs=["None"]), pod()])
    assert (found.headless, found.cluster_ips) == (True, ())
    assert found.dns_name == "web.shop.svc.cluster.local"
    assert dict(found.selector or {}) == {"app": "web"}


def test_nothing_is_claimed_before_an_optional_list_is_in_either() -> None:
    """A policy that is still on its way may close the port; one that may not be seen blinds one rule only."""
    trees = [service(), pod()]
    loading = with_states(trees, states(["networkpolicies"], Phase.LISTING))
    assert loading.health is Health.UNKNOWN
    refused = with_states(trees, states(["networkpolicies"]))
    assert refused.health is not Health.UNKNOWN
    assert "EP703" in refused.unknown_rules
