"""A load balancer has no address.

# What it means
The Service is of type LoadBalancer, but nobody has written an address into its status. It cannot be
reached from outside by one. Inside the cluster, and on its node ports, it works as any other.

# Why it happens
The cloud refuses (quota, permission, no free address), no node is available for it, or no controller
for load balancers runs at all, as on bare metal without an add-on. A loadBalancerClass needs the
controller of that class.

# How to see it yourself
`kubectl describe service SERVICE -n NAMESPACE` (LoadBalancer Ingress, and the events below)

# What to do
Mend what the event says. Without a controller install one, or use NodePort or an Ingress instead.

# References
Kubernetes documentation: Service, type LoadBalancer; cloud-provider, controllers/service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core.facts import Facts
from epview.core.objects import Event
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

PATIENCE: Final = 120.0
"""Seconds in which a load balancer may well not be there yet."""
_ELSEWHERE: Final = ("endpoint", "ipallocator", "portallocator", "kube-proxy")
"""Components that write Warning events on Services, but not about load balancers."""
_PREFIX: Final = "Error syncing load balancer: "


def judge(facts: Facts) -> Iterator[Finding]:
    service = facts.service
    if service.spec.type != "LoadBalancer" or service.metadata.deletion_timestamp is not None:
        return
    if any(ingress.ip or ingress.hostname for ingress in service.status.load_balancer.ingress):
        return
    facts.need_applied()
    if facts.young(PATIENCE) or _just_begun(facts):
        return
    cause = _cause(facts)
    class_ = service.spec.load_balancer_class
    of_class = f" of class {class_}" if class_ else ""
    object_ = f"Service/{facts.key}"
    yield RULE.find(
        Severity.WARNING,
        f"load balancer{of_class} has no address: {_why(facts, cause)}",
        evidence=[
            (object_, "status.loadBalancer.ingress", "none"),
            *([(object_, "spec.loadBalancerClass", class_)] if class_ else []),
            *([(object_, f"Event {cause.reason}", f"{cause.message} ({cause.times}×)")] if cause else []),
        ],
        remedy=[describe("service", facts.key)],
        objects=[object_],
    )


def _just_begun(facts: Facts) -> bool:
    """A controller began with it only now: the Service was of another type before."""
    begun = [e for e in _events(facts) if e.reason == "EnsuringLoadBalancer"]
    return bool(begun) and not any(facts.moment.older(e.first_seen, PATIENCE) for e in begun)


def _cause(facts: Facts) -> Event | None:
    """The latest Warning about the load balancer; none where a later event tells of success."""
    for event in _events(facts):
        if event.reason == "EnsuredLoadBalancer":
            return None
        if event.type == "Warning":
            return event
    return None


def _events(facts: Facts) -> Iterator[Event]:
    for event in facts.world.events_of(facts.service.metadata.uid):
        component = event.reporting_component or (event.source.component if event.source else "")
        if not component.startswith(_ELSEWHERE):
            yield event


def _why(facts: Facts, cause: Event | None) -> str:
    if cause is not None:
        first, *_ = cause.message.removeprefix(_PREFIX).strip().splitlines() or [cause.reason]
        return first
    return (
        "no event tells why; is its controller running?" if facts.sees("events") else "events cannot be seen"
    )


RULE = Rule("EP104", "Load balancer has no address", (20, 7), judge)
