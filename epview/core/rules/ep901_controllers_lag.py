"""The controllers lag behind the pods.

# What it means
What Endpoints or EndpointSlices list is not what the pods and the Service ask for, and has not been for a
while. kube-proxy follows the EndpointSlices: a ready pod that stands in none gets no traffic, and an
address that stands there too long still gets some.

# Why it happens
The controller manager is down, overloaded or throttled, its writes are refused (by a quota or a
webhook), or the Node of a pod does not exist: then the pod never gets into a slice.

# How to see it yourself
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o yaml` beside
`kubectl get pods -n NAMESPACE -o wide`; `kubectl describe service SERVICE -n NAMESPACE` for its events.

# What to do
Look at the controller manager and its logs. A write to the Service, for instance a new annotation, makes
it look at this Service again.

# References
Kubernetes documentation: EndpointSlices; pkg/controller/endpoint and pkg/controller/endpointslice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from shlex import quote

from epview.core import controllers, lag
from epview.core.facts import Facts, ref
from epview.core.lag import Gap, How
from epview.core.objects import Pod
from epview.core.remedies import describe, get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity
from epview.core.words import clock

PATIENCE = 120
"""Seconds after which a Service that is cut off altogether is an error."""
_COMPLAINTS = ("FailedToUpdateEndpointSlices", "FailedToCreateEndpoint", "FailedToUpdateEndpoint")


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or not facts.selector or facts.written_by_apiserver:
        return
    lag.need_watched(facts, "services", "pods", "endpointslices")
    wanted = list(controllers.ready_addresses(facts.service, facts.matching))
    gaps = lag.in_slices(facts, wanted)
    if gaps:
        cut_off = _cut_off(facts, gaps) and facts.lasts(_earliest(gaps), PATIENCE)
        severity = Severity.ERROR if cut_off else Severity.WARNING
        yield _finding(facts, severity, _slices_say(facts, gaps), "EndpointSlices", gaps)
        return
    if not lag.served(facts, "endpoints"):
        return
    lag.need_watched(facts, "endpoints")
    gaps = lag.in_endpoints(facts, wanted) if lag.comparable(facts) else []
    if gaps:
        words = f"{_endpoints_say(gaps)}; traffic does not depend on it"
        yield _finding(facts, Severity.WARNING, words, f"Endpoints/{facts.key}", gaps)


def _cut_off(facts: Facts, gaps: list[Gap]) -> bool:
    """Some port of the Service has no address left, and a pod that is not listed would have one."""
    late = [pod for gap in gaps if gap.how is not How.BEYOND for pod in gap.pods]
    if not facts.service.spec.ports:
        return bool(late) and not any(endpoint.ready for endpoint, _ in facts.sliced)
    return any(
        not any(target.carries for target in facts.targets(port))
        for port in facts.service.spec.ports
        if any(controllers.find_port(pod, port) is not None for pod in late)
    )


def _earliest(gaps: list[Gap]) -> datetime | None:
    return min((gap.since for gap in gaps if gap.since), default=None)


# -- words -----------------------------------------------------------------------------------------


def _slices_say(facts: Facts, gaps: list[Gap]) -> str:
    """What the first gap means for traffic, missing addresses before superfluous ones."""
    gap, more = _first(gaps)
    pod = gap.pods[0] if gap.pods else None
    if gap.how is How.BEYOND:
        return f"traffic still goes to {gap.ip}: {_beyond(gap)}{more}"
    if gap.how is How.PORTS:
        return f"the EndpointSlices list {_name(gap)} with other ports than the Service asks for{more}"
    if pod is not None and _nodeless(facts, pod):
        node = f"its node {pod.spec.node_name} does not exist" if pod.spec.node_name else "it has no node"
        return f"pod {pod.key.name} is in no EndpointSlice and gets no traffic: {node}{more}"
    return f"{_name(gap)} is in no EndpointSlice and gets no traffic{more}"


def _endpoints_say(gaps: list[Gap]) -> str:
    gap, more = _first(gaps)
    if gap.how is How.BEYOND:
        return f"Endpoints still list {gap.ip}: {_beyond(gap)}{more}"
    if gap.how is How.PORTS:
        return f"Endpoints list {_name(gap)} with other ports than the Service asks for{more}"
    return f"{_name(gap)} is not in Endpoints{more}"


def _first(gaps: list[Gap]) -> tuple[Gap, str]:
    """The gap to tell of, and how many others are like it."""
    for how in How:
        alike = [gap for gap in gaps if gap.how is how]
        if alike:
            return alike[0], f" (and {len(alike) - 1} more)" if len(alike) > 1 else ""
    raise ValueError("no gaps")


def _name(gap: Gap) -> str:
    """``pod web-1, ready since 11:55:00 UTC,``"""
    pod = gap.pods[0] if gap.pods else None
    if pod is None:
        return gap.ip
    if not pod.ready or pod.ready_changed is None:
        return f"pod {pod.key.name}"
    return f"pod {pod.key.name}, ready since {clock(pod.ready_changed)},"


def _beyond(gap: Gap) -> str:
    """Why an address should not be listed any more."""
    if not gap.pods:
        return "its pod is gone"
    pod = gap.pods[0]
    if pod.finished:
        return f"pod {pod.key.name} has finished"
    if pod.terminating:
        return f"pod {pod.key.name} is terminating"
    if not pod.ready:
        since = f" since {clock(pod.ready_changed)}" if pod.ready_changed else ""
        return f"pod {pod.key.name} is not ready{since}"
    return f"pod {pod.key.name} does not match, or has no such port"


def _nodeless(facts: Facts, pod: Pod) -> bool:
    """The one lasting cause: the slice controller skips pods whose Node it does not find.

    Claimed where another pod's Node is there: a dump may leave them all out.
    """
    known = facts.sees("nodes") and any(facts.node(other) is not None for other in facts.matching)
    return known and facts.node(pod) is None


def _finding(facts: Facts, severity: Severity, message: str, where: str, gaps: list[Gap]) -> Finding:
    events = [e for e in facts.world.events_of(facts.service.metadata.uid) if e.reason in _COMPLAINTS]
    annotations = facts.endpoints.metadata.annotations if facts.endpoints else None
    triggered = annotations.last_change_trigger_time if annotations else None
    return RULE.find(
        severity,
        message,
        evidence=[
            *((where, gap.ip, gap.how.value) for gap in gaps[:5]),
            *((ref(pod), "last change", clock(gap.since)) for gap in gaps[:5] for pod in gap.pods[:1]),
            (f"Endpoints/{facts.key}", "last-change-trigger-time", triggered or "missing"),
            *((f"Service/{facts.key}", f"Event {event.reason}", event.message) for event in events[:1]),
        ],
        remedy=[
            get_slices(facts.key),
            describe("service", facts.key),
            "kubectl logs -n kube-system -l component=kube-controller-manager --tail=100",
            *_node_commands(facts, gaps),
        ],
        objects=[f"Service/{facts.key}", *(ref(pod) for gap in gaps for pod in gap.pods[:1])],
    )


def _node_commands(facts: Facts, gaps: list[Gap]) -> Iterator[str]:
    for node in sorted({p.spec.node_name for gap in gaps for p in gap.pods if _nodeless(facts, p)} - {""}):
        yield f"kubectl get node {quote(node)}"


RULE = Rule("EP901", "Controllers lag behind the pods", (15, 0), judge, folds=frozenset({"EP601", "EP801"}))
