"""Where a Service's endpoints are, against the nodes there are."""

from __future__ import annotations

from epview.core.facts import Facts
from epview.core.objects import ServicePort
from epview.core.proxy import Outcome, Proxier, Target, Traffic, not_proxied, policy


def bound(facts: Facts, traffic: Traffic) -> bool:
    """kube-proxy keeps this traffic to endpoints of the node at which it arrives."""
    service = facts.service
    return policy(service, traffic) == "Local" and not not_proxied(service, service.families[0], traffic)


def cut_off(facts: Facts, traffic: Traffic) -> dict[tuple[str, ...], list[ServicePort]]:
    """The schedulable nodes that drop this traffic though endpoints exist elsewhere, by name.

    Usually alike for all ports; ports that differ stand apart. Needs Nodes and EndpointSlices.
    """
    facts.need("endpointslices", "nodes")
    found: dict[tuple[str, ...], list[ServicePort]] = {}
    for port in facts.service.spec.ports:
        proxier = Proxier(facts.service, port, facts.slices)
        nodes = tuple(
            node
            for node, zone in sorted(facts.world.places.schedulable.items())
            if proxier.route(node, zone, traffic).outcome is Outcome.DROP
        )
        if nodes:
            found.setdefault(nodes, []).append(port)
    return found


def usable_places(facts: Facts) -> list[Target]:
    """The ready endpoints of any port of the Service, one for each pod or address."""
    found: dict[str, Target] = {}
    for port in facts.service.spec.ports:
        for target in facts.targets(port):
            if target.ready:
                found.setdefault(target.ref.uid if target.ref and target.ref.uid else target.address, target)
    return list(found.values())


def by_daemon_set(facts: Facts) -> bool:
    """All active pods are a DaemonSet's: it alone decides on which nodes they are."""
    return bool(facts.active) and all(
        any(owner.controller and owner.kind == "DaemonSet" for owner in pod.metadata.owner_references)
        for pod in facts.active
    )
