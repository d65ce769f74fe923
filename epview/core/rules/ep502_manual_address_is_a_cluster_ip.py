"""A hand-written address is a Service's cluster IP.

# What it means
Endpoints must be addresses that answer by themselves. A cluster IP is virtual: kube-proxy would have to
translate twice, which it does not do, so the connection goes nowhere. A headless Service is not proxied:
its name leads to the cluster IP, which answers (info).

# Why it happens
The address was copied from `kubectl get service`, to give one Service a second name.

# How to see it yourself
`kubectl get services -A -o wide`, and look for the address.

# What to do
Use a Service of type ExternalName that points at the other one's DNS name, or the pods' selector.

# References
Kubernetes documentation: Services without selectors (endpoint IPs cannot be cluster IPs).
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts
from epview.core.objects import Key
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver:
        return
    if not (facts.sees("endpoints") or facts.sees("endpointslices")):
        facts.need("endpointslices")
    listed = manual.addresses(facts)
    found = [(ip, service) for ip in listed if (service := facts.world.addresses.service_at(ip)) is not None]
    if not found:
        facts.need("endpoints", "endpointslices")
        if listed:
            facts.need_everywhere("services")
        return
    words = _words(*found[0])
    if facts.service.headless:  # not proxied: its name gives out that address, which answers
        severity, words = Severity.INFO, f"{words}, to which the name leads"
    else:
        severity, words = Severity.ERROR, f"{words}: kube-proxy sends nothing there"
    yield RULE.find(
        severity,
        words,
        evidence=[(f"Service/{service}", "spec.clusterIPs", ip) for ip, service in found[:5]],
        remedy=[describe("service", found[0][1])],
        objects=[f"Service/{facts.key}", *manual.objects(facts)],
        rank=(22, 1) if severity is Severity.INFO else None,
    )


def _words(ip: str, service: Key) -> str:
    return f"address {ip} is the cluster IP of Service {service}"


RULE = Rule("EP502", "Manual address is a cluster IP", (4, 0), judge, folds=frozenset({"EP101"}))
