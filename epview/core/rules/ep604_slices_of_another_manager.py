"""EndpointSlices of another manager.

# What it means
Besides the slices that the control plane writes for the selector, others carry the Service's name.
kube-proxy makes no difference: it sends traffic to the addresses of all of them. Endpoints do not show them.

# Why it happens
A service mesh or a multi-cluster network adds addresses from elsewhere, or somebody wrote a slice by hand.

# How to see it yourself
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE
-L endpointslice.kubernetes.io/managed-by`

# What to do
Nothing, if that is how it is meant. Else find out who keeps them, and delete them there.

# References
Kubernetes documentation: EndpointSlices, "Management".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core.facts import Facts, ref
from epview.core.objects import MIRRORING_CONTROLLER, SLICE_CONTROLLER, EndpointSlice
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

PRODUCTS: Final = {
    "cilium": "Cilium",
    "submariner": "Submariner",
    "karmada": "Karmada",
    "istio": "Istio",
    "linkerd": "Linkerd",
}
"""By a part of the domain that their managed-by labels end in, such as ``….cilium.io``."""


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or not facts.selector or facts.written_by_apiserver:
        return
    facts.need("endpointslices")
    foreign = [s for s in facts.slices if s.managed_by not in (SLICE_CONTROLLER, MIRRORING_CONTROLLER)]
    for manager in dict.fromkeys(slice_.managed_by for slice_ in foreign):
        slices = [s for s in foreign if s.managed_by == manager]
        listed = list(dict.fromkeys(ip for slice_ in slices for ip in _addresses(slice_)))
        if listed:
            yield _finding(facts, manager, slices, listed)


def _addresses(slice_: EndpointSlice) -> Iterator[str]:
    for endpoint in slice_.endpoints or ():
        yield from endpoint.addresses or ()


def _finding(facts: Facts, manager: str, slices: list[EndpointSlice], listed: list[str]) -> Finding:
    return RULE.find(
        Severity.INFO,
        f"{_who(manager)} adds {_what(facts, listed)}",
        evidence=[
            (ref(s), "metadata.labels[managed-by]", manager or "missing: written by hand") for s in slices[:5]
        ]
        + [(ref(s), "endpoints[].addresses", ", ".join(list(_addresses(s))[:5])) for s in slices[:5]],
        remedy=[get_slices(facts.key)],
        objects=[f"Service/{facts.key}", *(ref(s) for s in slices)],
    )


def _who(manager: str) -> str:
    if not manager:
        return "a slice written by hand"
    product = next((name for part, name in PRODUCTS.items() if part in manager.lower().split(".")), "")
    return f"{product} ({manager})" if product else manager


def _what(facts: Facts, listed: list[str]) -> str:
    """The addresses that the Service's own pods do not have, as far as pods can be seen."""
    own = {ip for pod in facts.matching for ip in pod.ips} if facts.sees("pods") else set()
    added = [ip for ip in listed if ip not in own]
    if not added:
        return f"slices with {len(listed)} of the Service's own addresses"
    shown = ", ".join(added[:2]) + (f" and {len(added) - 2} more" if len(added) > 2 else "")
    return f"{shown} to the Service's pods" if own else shown


RULE = Rule("EP604", "EndpointSlices of another manager", (22, 0), judge)
