"""The Endpoints are frozen: the selector was removed.

# What it means
The Service has no selector any more, but its Endpoints and EndpointSlices are those the controllers
once wrote for one. Nobody updates or deletes them: pods that die stay listed, new ones never come, and
the addresses are mirrored a second time.

# Why it happens
The selector was removed from a living Service, for instance to take over its endpoints by hand.

# How to see it yourself
`kubectl get endpoints SERVICE -n NAMESPACE -o yaml`: the label
endpoints.kubernetes.io/managed-by=endpoint-controller, or targetRefs to pods.

# What to do
Put the selector back, or delete the Endpoints and both slices and write your own.

# References
pkg/controller/endpoint: a Service without selector is left alone; Services without selectors.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts
from epview.core.objects import ENDPOINTS_MANAGED_BY_LABEL, Key, ObjectReference
from epview.core.remedies import get_endpoints, get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver:
        return
    if not manual.frozen(facts):
        if not facts.slices:
            facts.need("endpoints", "endpointslices")
        return
    facts.need("pods")
    refs = _targets(facts)
    alive = [name for name, reference in refs.items() if _serves(facts, reference)]
    gone = len(refs) - len(alive)
    are = "is" if gone == 1 else "are"
    state = (
        f"{gone} of {len(refs)} pods behind them {are} gone or not ready" if gone else "nobody updates them"
    )
    yield RULE.find(
        Severity.WARNING if alive else Severity.ERROR,
        f"the selector was removed and the endpoints are frozen: {state}",
        evidence=[
            (f"Service/{facts.key}", "spec.selector", "none"),
            (f"Endpoints/{facts.key}", f"metadata.labels[{ENDPOINTS_MANAGED_BY_LABEL}]", _label(facts)),
            *(
                (f"Pod/{facts.key.namespace}/{n}", "Ready", "True" if n in alive else "gone or not ready")
                for n in refs
            ),
        ],
        remedy=[
            get_endpoints(facts.key),
            get_slices(facts.key),
        ],
        objects=[f"Service/{facts.key}", *manual.objects(facts)],
    )


def _targets(facts: Facts) -> dict[str, ObjectReference]:
    """The pods that the frozen objects name."""
    found = [address.target_ref for address, _, _ in facts.listed]
    found += [endpoint.target_ref for endpoint, _ in facts.sliced]
    return {r.name: r for r in found if r is not None and r.kind == "Pod"}


def _serves(facts: Facts, reference: ObjectReference) -> bool:
    pod = facts.world.pods.get(Key(facts.key.namespace, reference.name))
    if pod is None or reference.uid not in ("", pod.metadata.uid):
        return False
    return pod.ready and not pod.terminating and not pod.finished


def _label(facts: Facts) -> str:
    meta = facts.endpoints.metadata if facts.endpoints else None
    return meta.labels.get(ENDPOINTS_MANAGED_BY_LABEL, "missing") if meta else "no Endpoints"


RULE = Rule(
    "EP504", "Endpoints are frozen: the selector was removed", (7, 0), judge, folds=frozenset({"EP603"})
)
