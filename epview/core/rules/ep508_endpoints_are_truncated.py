"""Endpoints are truncated.

# What it means
Endpoints have room for 1,000 addresses. With a selector the controller leaves the rest out, which harms
only those who read Endpoints: the EndpointSlices, which kube-proxy reads, are complete. Endpoints written
by hand are mirrored up to 1,000 addresses for each set of ports: what lies beyond gets no traffic.

# Why it happens
The Service has more pods than Endpoints can hold, or somebody wrote a very long list.

# How to see it yourself
`kubectl get endpoints SERVICE -n NAMESPACE -o yaml` (the annotation endpoints.kubernetes.io/over-capacity)
beside `kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE`

# What to do
Read EndpointSlices instead. Spread addresses written by hand over EndpointSlices of your own.

# References
Kubernetes documentation: Service, "Over-capacity endpoints"; pkg/controller/endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import capacity
from epview.core.controllers import MAX_ENDPOINTS_ADDRESSES
from epview.core.facts import Facts
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or facts.written_by_apiserver:
        return
    facts.need("endpoints")
    if facts.endpoints is None:
        return
    yield from _over_capacity(facts) if facts.selector else _partly_mirrored(facts)


def _over_capacity(facts: Facts) -> Iterator[Finding]:
    listed = {address.ip for address, _, _ in facts.listed}
    if not capacity.truncated(facts):
        if len(listed) >= MAX_ENDPOINTS_ADDRESSES:
            facts.need("endpointslices")
        return
    sliced = len(capacity.sliced_ips(facts))
    of_all = f"{len(listed)} of {sliced}" if sliced > len(listed) else f"only {len(listed)}"
    yield _finding(
        facts,
        f"Endpoints list {of_all} addresses; kube-proxy reads the EndpointSlices, which are complete",
        [
            (_endpoints(facts), "metadata.annotations[over-capacity]", _annotation(facts)),
            (_endpoints(facts), "addresses", str(len(listed))),
            (f"Service/{facts.key}", "addresses in EndpointSlices", str(sliced)),
        ],
    )


def _partly_mirrored(facts: Facts) -> Iterator[Finding]:
    if not facts.listed:
        return
    facts.need("endpointslices")
    if not facts.slices:
        return  # not mirrored at all
    sliced = {ip for endpoint, _ in facts.sliced for ip in endpoint.addresses or ()}
    listed = list(dict.fromkeys(address.ip for address, _, _ in facts.listed))
    lost = [ip for ip in listed if ip not in sliced]
    if not lost:
        return
    event = capacity.complaint(facts)
    if event is None and not capacity.crowded(facts):
        facts.need("events")  # the limit may have been set lower
        return
    get = "gets" if len(lost) == 1 else "get"
    yield _finding(
        facts,
        f"{len(lost)} of {len(listed)} addresses {get} no traffic: too many to be mirrored",
        [
            (_endpoints(facts), "addresses", str(len(listed))),
            (_endpoints(facts), "addresses in no EndpointSlice", ", ".join(lost[:5])),
            *([(_endpoints(facts), f"Event {event.reason}", event.message)] if event else ()),
        ],
    )


def _finding(facts: Facts, message: str, evidence: list[tuple[str, str, str]]) -> Finding:
    return RULE.find(
        Severity.WARNING,
        message,
        evidence=evidence,
        remedy=[get_slices(facts.key)],
        objects=[f"Service/{facts.key}", _endpoints(facts)],
    )


def _endpoints(facts: Facts) -> str:
    return f"Endpoints/{facts.key}"


def _annotation(facts: Facts) -> str:
    return (facts.endpoints and facts.endpoints.metadata.annotations.over_capacity) or "missing"


RULE = Rule("EP508", "Endpoints are truncated", (20, 5), judge, folds=frozenset({"EP101"}))
