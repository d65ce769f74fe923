"""Endpoints written by hand are overwritten.

# What it means
The Service has a selector, so the endpoint controller keeps its Endpoints: it replaces all addresses
with those of the matching pods, within seconds and at every change. What was written by hand is lost;
only kubectl's note of what it applied stays behind.

# Why it happens
Endpoints for something outside the cluster were applied for a Service that still has its selector.

# How to see it yourself
`kubectl get endpoints SERVICE -n NAMESPACE -o yaml`: the annotation last-applied-configuration
holds other addresses than subsets.

# What to do
Remove the selector from the Service and apply the addresses again. Where the pods are meant, delete the
Endpoints: the controller makes new ones, without the note.

# References
Kubernetes documentation: Services without selectors; pkg/controller/endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import Final

from epview.core.facts import Facts, written
from epview.core.manual import KUBE_MANAGERS
from epview.core.objects import Endpoints
from epview.core.remedies import get_endpoints, pairs
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

GRACE: Final = 10.0
"""Seconds the controller is given to overwrite what was written, or to take up a new selector."""


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or not facts.selector:
        return
    facts.need("endpoints")
    endpoints = facts.endpoints
    if endpoints is None or endpoints.metadata.annotations.leader is not None:
        return
    standing = _by_hand(facts)
    listed = {address.ip for address, _, _ in facts.listed}
    lost = [ip for ip in endpoints.metadata.annotations.applied if ip not in listed]
    if lost:
        yield _finding(facts, endpoints, lost, "was overwritten" if len(lost) == 1 else "were overwritten")
    elif standing and _settled(facts):
        yield _finding(facts, endpoints, standing, "will be overwritten")


def _by_hand(facts: Facts) -> list[str]:
    """Addresses that name no pod: the endpoint controller never writes such ones."""
    return [
        address.ip
        for address, _, _ in facts.listed
        if address.target_ref is None or address.target_ref.kind != "Pod"
    ]


def _settled(facts: Facts) -> bool:
    """Neither the addresses nor the Service were written just now."""
    times = (facts.written_at, written(facts.service))
    return facts.lasts(max((t for t in times if t), default=None), GRACE)


def _finding(facts: Facts, endpoints: Endpoints, by_hand: list[str], fate: str) -> Finding:
    facts.need("pods")
    more = f" and {len(by_hand) - 1} more" if len(by_hand) > 1 else ""
    object_, name, namespace = f"Endpoints/{facts.key}", quote(facts.key.name), quote(facts.key.namespace)
    remove = quote('[{"op": "remove", "path": "/spec/selector"}]')
    return RULE.find(
        Severity.WARNING if facts.matching else Severity.ERROR,
        f"hand-written address {by_hand[0]}{more} {fate}: the Service has a selector",
        evidence=[
            (f"Service/{facts.key}", "spec.selector", pairs(facts.selector)),
            *((object_, "addresses written by hand", ip) for ip in by_hand[:5]),
            *(
                (object_, "metadata.managedFields[].manager", writer)
                for writer in dict.fromkeys(endpoints.metadata.writers)
                if writer not in KUBE_MANAGERS
            ),
            (object_, "subsets", f"{len(facts.listed)} addresses now"),
        ],
        remedy=[
            get_endpoints(facts.key),
            f"kubectl patch service {name} -n {namespace} --type=json -p {remove}",
        ],
        objects=[f"Service/{facts.key}", object_],
    )


RULE = Rule("EP505", "Hand-written Endpoints are overwritten", (6, 0), judge, folds=frozenset({"EP201"}))
