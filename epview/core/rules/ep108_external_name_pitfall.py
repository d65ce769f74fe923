"""The external name of the Service leads nowhere, or not where it seems.

# What it means
A Service of type ExternalName is nothing but a DNS alias (CNAME). A name that points back at itself never
resolves; an IP address in it is taken for a name; a name inside the cluster needs a Service there; and
neither ports nor a selector have any effect.

# Why it happens
Two Services were made aliases of each other, an address was put where a name belongs, or the Service it
points at was renamed or removed.

# How to see it yourself
`kubectl get service SERVICE -n NAMESPACE -o jsonpath='{.spec.externalName}'`

# What to do
Point it at a name that exists. For an address use a Service without selector and an EndpointSlice.

# References
Kubernetes documentation: Service, type ExternalName.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from epview.core.aliases import MAX_CHAIN, target
from epview.core.facts import Facts
from epview.core.objects import Key
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.external:
        return
    spec = facts.service.spec
    chain, loops = _follow(facts)
    if loops:
        words = " → ".join(str(key) for key in chain)
        yield _finding(facts, Severity.ERROR, f"its external name leads in a circle: {words}")
    elif _is_address(spec.external_name):
        yield _finding(
            facts, Severity.WARNING, f"{spec.external_name} is an address, and DNS takes it for a name"
        )
    elif (missing := chain[-1]) not in facts.world.services:
        if not facts.world.sees("services", missing.namespace):
            facts.need_everywhere("services")
        yield _finding(
            facts, Severity.WARNING, f"{spec.external_name} leads to Service {missing}, which does not exist"
        )
    for field, value in (("selector", spec.selector), ("ports", spec.ports)):
        if value:
            yield _finding(facts, Severity.INFO, f"{field} of a Service of type ExternalName have no effect")


def _follow(facts: Facts) -> tuple[list[Key], bool]:
    """The Services along the alias, itself first; whether they end where one has been before."""
    chain = [facts.key]
    while len(chain) <= MAX_CHAIN:
        service = facts.world.services.get(chain[-1])
        following = target(service) if service else None
        if following is None:
            return chain, False
        again = following in chain
        chain.append(following)
        if again:
            return chain, True
    return chain, False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.rstrip("."))
    except ValueError:
        return False
    return True


def _finding(facts: Facts, severity: Severity, message: str) -> Finding:
    return RULE.find(
        severity,
        message,
        evidence=[(f"Service/{facts.key}", "spec.externalName", facts.service.spec.external_name)],
        remedy=[describe("service", facts.key)],
        objects=[f"Service/{facts.key}"],
    )


RULE = Rule("EP108", "ExternalName pitfalls", (1, 0), judge)
