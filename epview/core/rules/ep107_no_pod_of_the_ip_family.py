"""No pod has an address of the Service's IP family.

# What it means
The Service is of an IP family (its first, or its second one when dual stack) of which no pod has an
address. For that family Endpoints and EndpointSlices stay empty and its clients are refused.

# Why it happens
The pods run without dual stack, or the Service's ipFamilies were chosen by hand.

# How to see it yourself
`kubectl get service SERVICE -o jsonpath='{.spec.ipFamilies}'` beside the pods' status.podIPs.

# What to do
Recreate the Service with the pods' family, or enable dual stack on the nodes.

# References
Kubernetes documentation: IPv4/IPv6 dual-stack.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts, ref
from epview.core.ports import families_missing
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    families = facts.service.families
    for family in families_missing(facts):
        yield RULE.find(
            Severity.ERROR if family == families[0] else Severity.WARNING,
            f"no pod has an {family} address, which the Service asks for",
            evidence=[
                (f"Service/{facts.key}", "spec.ipFamilies", ", ".join(families)),
                *((ref(pod), "status.podIPs", ", ".join(pod.ips)) for pod in facts.active[:5]),
            ],
            remedy=[describe("service", facts.key)],
            objects=[f"Service/{facts.key}", *(ref(pod) for pod in facts.active)],
        )


RULE = Rule("EP107", "No pod of the Service's IP family", (11, 0), judge, folds=frozenset({"EP801"}))
