"""The Service has no selector: its endpoints are kept by hand.

# What it means
Nobody in the control plane keeps the addresses of this Service. They are what somebody wrote into
Endpoints (mirrored into EndpointSlices) or into EndpointSlices. That is how an external database, a
legacy system or a third-party API gets a name inside the cluster.

# Why it happens
On purpose, nearly always. It is worth knowing because no probe watches these addresses: they stay
ready until somebody edits them.

# How to see it yourself
`kubectl get endpoints,endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o wide`

# What to do
Nothing, if the addresses are right. Check them when the system behind them moves.

# References
Kubernetes documentation: Services without selectors; EndpointSlice mirroring.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver:
        return
    if not (facts.sees("endpoints") or facts.sees("endpointslices")):
        facts.need("endpointslices")
    addresses = manual.ready(facts)
    if not addresses or manual.frozen(facts):
        return
    keeper = manual.keeper(facts)
    kept = f"kept by {keeper}" if keeper else "manual"
    shown = ", ".join(addresses[:3]) + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")
    yield RULE.find(
        Severity.INFO,
        f"no selector: {kept} {manual.carrier(facts)} → {shown}",
        evidence=manual.evidence(facts),
        remedy=[get_slices(facts.key)],
        objects=[f"Service/{facts.key}", *manual.objects(facts)],
    )


RULE = Rule("EP101", "No selector: endpoints are kept by hand", (22, 9), judge)
