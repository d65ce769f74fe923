"""The name of a headless Service does not resolve.

# What it means
A headless Service has no cluster IP: its name answers with the addresses of the ready pods. There is
none, so clients get NXDOMAIN instead of a refused connection, and may remember that for a while. While its
last pod is being replaced, or its pods only just start, that will pass (warning).

# Why it happens
The finding above it tells: no pod matches, or none is ready.

# How to see it yourself
`kubectl run dns --rm -it --restart=Never --image=busybox -- nslookup SERVICE.NAMESPACE`

# What to do
Mend the cause. Where members must find each other before they are ready, publishNotReadyAddresses is meant
for it.

# References
Kubernetes DNS specification; DNS for Services and Pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.facts import Facts
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or not facts.service.headless:
        return
    facts.need("endpointslices", "endpoints")
    if facts.ready_addresses or facts.placeholder:
        return
    calm = facts.young() or trouble.patient(facts) or _replaced(facts)
    yield RULE.find(
        Severity.WARNING if calm else Severity.ERROR,
        f"{facts.key.name}.{facts.key.namespace}.svc does not resolve: headless, and no ready address",
        evidence=[
            (f"Service/{facts.key}", "spec.clusterIP", "None"),
            (f"Service/{facts.key}", "ready addresses", "none"),
        ],
        remedy=[get_slices(facts.key)],
        objects=[f"Service/{facts.key}"],
    )


def _replaced(facts: Facts) -> bool:
    """Its last pods are just going, as the one pod of a StatefulSet does in each of its rollouts."""
    return bool(facts.terminating) and not facts.active and not facts.stuck


RULE = Rule("EP801", "Headless name does not resolve", (14, 2), judge)
