"""Endpoints exist under nearly the right name, or in another namespace.

# What it means
A Service without selector finds its endpoints by name: the Endpoints must be called exactly as the
Service, in its namespace; an EndpointSlice must carry that name as a label. Nobody provides endpoints for
this Service, but there are some, without a Service, that look as if they were meant for it.

# Why it happens
A typo, a rename of one of the two, or a manifest applied without its namespace. The clock ticks: the
endpoint controller deletes Endpoints without a Service when it starts next.

# How to see it yourself
`kubectl get endpoints -A` beside `kubectl get services -A`

# What to do
Apply the Endpoints (or the EndpointSlice's label kubernetes.io/service-name) under the Service's name.

# References
Kubernetes documentation: Services without selectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core import orphans
from epview.core.facts import Facts
from epview.core.nearness import distance, near
from epview.core.objects import Key
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver:
        return
    facts.need("endpoints", "endpointslices")
    if facts.ready_addresses:
        return
    found = sorted(_candidates(facts), key=lambda key: (distance(key.name, facts.key.name), key))
    if not found:
        return
    other = found[0]
    what = orphans.kind(facts.world, other)
    here = other.namespace == facts.key.namespace
    names = (
        f"named {other.name}, not {facts.key.name}" if here else f"in namespace {other.namespace}, not here"
    )
    yield RULE.find(
        Severity.WARNING if facts.young() else Severity.ERROR,
        f"{what} are {names}: no Service uses them",
        evidence=[
            (f"Service/{facts.key}", "metadata.name", facts.key.name),
            *((f"{orphans.kind(facts.world, key)}/{key}", "its Service", "none") for key in found[:3]),
        ],
        remedy=[f"kubectl get endpoints,endpointslices -n {quote(other.namespace)} -o yaml"],
        objects=[f"Service/{facts.key}", *(f"{orphans.kind(facts.world, key)}/{key}" for key in found[:3])],
    )


def _candidates(facts: Facts) -> Iterator[Key]:
    """Names that endpoints bear without a Service: like this one here, or the very same elsewhere."""
    for key in facts.world.addresses.orphans:
        here = key.namespace == facts.key.namespace
        alike = near(key.name, facts.key.name) if here else key.name == facts.key.name
        if key.name and alike and orphans.genuine(facts.world, key):
            yield key


RULE = Rule(
    "EP506",
    "Endpoints of nearly the right name",
    (2, 0),
    judge,
    folds=frozenset({"EP102", "EP801"}),
)
