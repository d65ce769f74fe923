"""The protocol of the Service port and of the container port differ.

# What it means
A named targetPort is looked up by name and protocol. The pods declare the name, but for another
protocol, so nothing resolves and no traffic arrives. For a number this is only a remark: container ports
are information there.

# Why it happens
UDP was forgotten on one side (TCP is the default), or one of two equally named ports is missing.

# How to see it yourself
`kubectl get service SERVICE -o jsonpath='{.spec.ports}'` beside the pods' containerPorts.

# What to do
Set the same protocol on both sides.

# References
Kubernetes documentation: Service, port definitions.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import ports
from epview.core.facts import Facts, ref
from epview.core.objects import ServicePort
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods(planned=True):
        return
    for port in ports.unresolved(facts):
        if others := ports.other_protocols(port, facts.active):
            yield _finding(facts, port, others, Severity.ERROR)
    for port in facts.service.spec.ports:
        if isinstance(port.target, str) or ports.declared(port, facts.active):
            continue
        if others := ports.other_protocols(port, facts.active):
            yield _finding(facts, port, others, Severity.INFO)  # a container port is information only


def _finding(facts: Facts, port: ServicePort, others: set[str], severity: Severity) -> Finding:
    declared = "/".join(sorted(others))
    return RULE.find(
        severity,
        f"port {port.target} is {declared} in the pods, the Service asks for {port.protocol}",
        evidence=[
            (f"Service/{facts.key}", f"spec.ports[{port.name or port.port}].protocol", port.protocol),
            *((ref(pod), "spec.containers[].ports[].protocol", declared) for pod in facts.active[:5]),
        ],
        remedy=[describe("service", facts.key)],
        objects=[f"Service/{facts.key}", *(ref(pod) for pod in facts.active)],
    )


RULE = Rule("EP403", "Protocols differ", (12, 0), judge, folds=frozenset({"EP801"}))
