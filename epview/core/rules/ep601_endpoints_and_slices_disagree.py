"""Endpoints and EndpointSlices disagree.

# What it means
The two lists of the same addresses differ, and have for a while. `kubectl get endpoints` shows one of
them, kube-proxy follows the other one: the EndpointSlices.

# Why it happens
Two controllers write them, independently of one another, and one of them is late or stuck. For Endpoints
written by hand it is the mirroring controller that did not copy the last change.

# How to see it yourself
`kubectl get endpoints,endpointslices -n NAMESPACE` and compare the addresses.

# What to do
Look at the controller manager and its logs. Any write to the Endpoints or to the Service makes it look
again.

# References
Kubernetes documentation: EndpointSlices; pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import lag
from epview.core.facts import Facts
from epview.core.lag import Gap, How
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or facts.written_by_apiserver:
        return
    if not lag.served(facts, "endpoints"):
        return
    lag.need_watched(facts, "services", "endpoints", "endpointslices")
    if not facts.selector:
        gaps = lag.in_mirrored(facts)
    else:
        gaps = lag.between_lists(facts) if lag.comparable(facts) else []
    if not gaps:
        return
    shown = sorted(gaps, key=lambda gap: (gap.how is How.BEYOND, gap.ip))
    yield RULE.find(
        Severity.WARNING,
        _words(shown),
        evidence=[
            *((f"Endpoints/{facts.key}", gap.ip, _in_endpoints(gap)) for gap in shown[:5]),
            *((f"Service/{facts.key}", f"EndpointSlices[{gap.ip}]", _in_slices(gap)) for gap in shown[:5]),
        ],
        remedy=[
            f"{get_slices(facts.key)}",
            "kubectl logs -n kube-system -l component=kube-controller-manager --tail=100",
        ],
        objects=[f"Service/{facts.key}", f"Endpoints/{facts.key}"],
    )


def _words(gaps: list[Gap]) -> str:
    gap = gaps[0]
    more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
    match gap.how:
        case How.MISSING:
            said = "is ready in Endpoints, but not in the EndpointSlices that kube-proxy follows"
        case How.PORTS:
            said = "has other ports in Endpoints than in the EndpointSlices that kube-proxy follows"
        case How.BEYOND:
            said = "is ready in the EndpointSlices, but not in Endpoints"
    return f"{gap.ip} {said}{more}"


def _in_endpoints(gap: Gap) -> str:
    return "not ready, or missing" if gap.how is How.BEYOND else "ready"


def _in_slices(gap: Gap) -> str:
    return {How.MISSING: "not ready, or missing", How.PORTS: "other ports", How.BEYOND: "ready"}[gap.how]


RULE = Rule("EP601", "Endpoints and EndpointSlices disagree", (20, 4), judge)
