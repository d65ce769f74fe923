"""A port of the hand-written endpoints does not fit the Service.

# What it means
kube-proxy joins a Service port and an endpoint port by name and protocol. The Service has a port for which
the hand-written Endpoints or EndpointSlices have none of that name: connections to it are refused. Or the
names fit and the numbers differ from targetPort: then the number in the endpoint wins.

# Why it happens
The Service names its port and the Endpoints do not (or the other way round), or one of the two was
renamed. targetPort means nothing without a selector, so a wrong one goes unnoticed.

# How to see it yourself
`kubectl get service SERVICE -o jsonpath='{.spec.ports}'` beside
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o jsonpath='{..ports}'`

# What to do
Give the port in Endpoints (or in the EndpointSlice) the name and protocol of the Service port.

# References
Kubernetes documentation: Services without selectors; pkg/proxy (service port name).
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts
from epview.core.objects import EndpointPort, ServicePort
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver or facts.service.headless:
        return
    facts.need("endpointslices")
    there = manual.ports(facts)
    if there is None:
        return  # no address at all: that is another rule's
    for port in facts.service.spec.ports:
        fitting = [p for p in there if (p.name or "") == port.name and p.protocol == port.protocol]
        numbers = sorted({p.port for p in fitting if p.port is not None})
        if not numbers:
            message = f"no endpoint port fits {_words(port.name, port.port, port.protocol)}: {_those(there)}"
            yield _finding(facts, port, there, Severity.ERROR, message)
        elif isinstance(port.target, int) and port.target not in numbers:
            shown = " and ".join(map(str, numbers))
            message = (
                f"port {port.port} leads to {shown}, as the endpoints say, not to targetPort {port.target}"
            )
            yield _finding(facts, port, there, Severity.WARNING, message)


def _finding(
    facts: Facts, port: ServicePort, there: list[EndpointPort], severity: Severity, message: str
) -> Finding:
    return RULE.find(
        severity,
        message,
        evidence=[
            (
                f"Service/{facts.key}",
                f"spec.ports[{port.name or port.port}]",
                f"{port.port}/{port.protocol} targetPort {port.target}",
            ),
            *(
                (f"{manual.carrier(facts)}/{facts.key}", "ports", _words(p.name or "", p.port, p.protocol))
                for p in there
            ),
        ],
        remedy=[get_slices(facts.key)],
        objects=[f"Service/{facts.key}", *manual.objects(facts)],
    )


def _words(name: str, number: int | None, protocol: str | None) -> str:
    return f"{name or 'the unnamed port'} {number}/{protocol}"


def _those(there: list[EndpointPort]) -> str:
    if not there:
        return "they have no port"
    return "they have " + ", ".join(_words(p.name or "", p.port, p.protocol) for p in there[:4])


RULE = Rule("EP501", "Manual port does not fit the Service", (4, 1), judge, folds=frozenset({"EP101"}))
