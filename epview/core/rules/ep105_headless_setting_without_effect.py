"""A headless Service has a setting that cannot take effect.

# What it means
A headless Service is not proxied: its name gives the pods' addresses, and clients connect to them
directly. So no port is translated (they must dial the target port themselves), and session affinity,
external IPs and a load balancer IP do nothing.

# Why it happens
A Service was made headless later, or its ports were copied from a normal one.

# How to see it yourself
`kubectl get service SERVICE -o jsonpath='{.spec.clusterIP} {.spec.ports}'`

# What to do
Set port to the target port. Clients that read SRV records of named ports get the right number already.

# References
Kubernetes documentation: Headless Services.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts
from epview.core.objects import ServicePort
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or not facts.service.headless:
        return
    for port in facts.service.spec.ports:
        numbers = _numbers(facts, port)
        if not numbers or numbers == [port.port]:
            continue
        shown = " or ".join(map(str, numbers))
        yield _finding(
            facts,
            Severity.WARNING,
            f"headless, so no port is translated: clients must dial {shown}, not {port.port}",
            f"spec.ports[{port.name or port.port}]",
            f"{port.port} → {port.target}",
        )
    spec = facts.service.spec
    idle = {
        "sessionAffinity": spec.session_affinity if spec.session_affinity != "None" else "",
        "externalIPs": ", ".join(spec.external_ips),
        "loadBalancerIP": spec.load_balancer_ip,
    }
    for name, value in idle.items():
        if value:
            yield _finding(facts, Severity.INFO, f"headless, so {name} has no effect", f"spec.{name}", value)


def _numbers(facts: Facts, port: ServicePort) -> list[int]:
    """Where clients really have to go; empty when nothing tells."""
    if isinstance(port.target, int):
        return [port.target]
    if not facts.selects_pods(planned=True):
        return []
    return sorted(number for number in facts.resolved(port) if number is not None)


def _finding(facts: Facts, severity: Severity, message: str, field: str, value: str) -> Finding:
    return RULE.find(
        severity,
        message,
        evidence=[(f"Service/{facts.key}", "spec.clusterIP", "None"), (f"Service/{facts.key}", field, value)],
        remedy=[describe("service", facts.key)],
        objects=[f"Service/{facts.key}"],
    )


RULE = Rule("EP105", "Headless: setting without effect", (20, 8), judge)
