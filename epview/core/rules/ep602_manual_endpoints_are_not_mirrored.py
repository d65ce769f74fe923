"""Hand-written Endpoints are not mirrored: kube-proxy cannot see them.

# What it means
kube-proxy reads EndpointSlices, never Endpoints. Endpoints written by hand reach it through the
mirroring controller, which copies them into slices. Here the Endpoints hold ready addresses, but no
slice exists: connections are refused although `kubectl get endpoints` looks fine.

# Why it happens
The label endpointslice.kubernetes.io/skip-mirror, a leader-election annotation, or a controller
manager that does not run.

# How to see it yourself
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE` finds nothing.

# What to do
Remove the label, or write an EndpointSlice yourself.

# References
Kubernetes documentation: EndpointSlice mirroring; pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core.controllers import not_mirrored_because
from epview.core.facts import Facts
from epview.core.objects import SKIP_MIRROR_LABEL
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

GRACE = 10
"""Seconds that the mirroring controller may take before its silence means something."""


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver:
        return
    facts.need("endpoints")
    ready = [address.ip for address, is_ready, _ in facts.listed if is_ready]
    if not ready or facts.endpoints is None:
        return
    facts.need_live("endpointslices")
    newest = max(
        (t for t in (facts.written_at, facts.service.metadata.creation_timestamp) if t), default=None
    )
    why = not_mirrored_because(facts.service, facts.endpoints)
    if _sliced(facts, why) or not facts.moment.older(newest, GRACE):
        return
    skip = facts.endpoints.metadata.labels.get(SKIP_MIRROR_LABEL)
    remedy = [get_slices(facts.key)]
    if skip == "true":
        target = f"{quote(facts.key.name)} -n {quote(facts.key.namespace)}"
        remedy.insert(0, f"kubectl label endpoints {target} {SKIP_MIRROR_LABEL}-")
    yield RULE.find(
        Severity.ERROR,
        f"kube-proxy cannot see the manual Endpoints: {why or 'no slice was made of them'}",
        evidence=[
            (f"Endpoints/{facts.key}", "subsets[].addresses", ", ".join(ready[:5])),
            (f"Endpoints/{facts.key}", f"metadata.labels[{SKIP_MIRROR_LABEL}]", skip or "missing"),
            (f"Service/{facts.key}", "ready addresses in EndpointSlices", "none"),
        ],
        remedy=remedy,
        objects=[f"Service/{facts.key}", f"Endpoints/{facts.key}"],
    )


def _sliced(facts: Facts, why: str) -> bool:
    """Some slice provides what kube-proxy needs; a mirrored one that does not yet is only late."""
    if any(endpoint.ready for endpoint, _ in facts.sliced):
        return True
    return bool(facts.slices) and not why


RULE = Rule("EP602", "Manual Endpoints are not mirrored", (3, 0), judge, folds=frozenset({"EP101"}))
