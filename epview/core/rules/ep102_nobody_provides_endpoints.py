"""The Service has no selector, and nobody provides a ready endpoint.

# What it means
Without a selector the control plane looks for no pods. Somebody has to write Endpoints of the very
same name, or an EndpointSlice that carries the Service's name as a label. Nobody did, or what is there
holds no ready address, or only such of an IP family that the Service has not. Connections to the cluster
IP are refused. A headless Service without ports is only a name that some tool keeps (Patroni's
NAME-config, for instance): info.

# Why it happens
The Endpoints were never applied, were applied under another name or in another namespace, were
deleted, or list their addresses under notReadyAddresses.

# How to see it yourself
`kubectl get endpoints SERVICE -n NAMESPACE` and
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE`

# What to do
Apply an EndpointSlice labelled kubernetes.io/service-name: SERVICE, or give the Service a selector.

# References
Kubernetes documentation: Services without selectors.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts
from epview.core.objects import ip_family
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver:
        return
    facts.need("endpoints", "endpointslices")
    if facts.ready_addresses and not _of_another_family(facts):
        return
    calm = facts.young() or bool(facts.service.metadata.owner_references)
    why, field, value = _reason(facts)
    yield RULE.find(
        Severity.INFO if facts.placeholder else Severity.WARNING if calm else Severity.ERROR,
        f"no selector and {why}",
        evidence=[
            (f"Service/{facts.key}", "spec.selector", "none"),
            (f"Endpoints/{facts.key}", field, value),
        ],
        remedy=[f"kubectl get endpoints -n {facts.key.namespace}", get_slices(facts.key)],
        objects=[f"Service/{facts.key}", *manual.objects(facts)],
    )


def _of_another_family(facts: Facts) -> bool:
    """kube-proxy takes for a Service addresses of its IP families only; names are not bound to them."""
    if facts.service.headless or not facts.service.families_known:
        return False
    return all(ip_family(ip) not in facts.service.families for ip in facts.ready_addresses)


def _reason(facts: Facts) -> tuple[str, str, str]:
    if facts.ready_addresses:
        families = " and ".join(facts.service.families)
        return f"no {families} address", "addresses", ", ".join(facts.ready_addresses[:3])
    if facts.endpoints is None and not facts.slices:
        return f"no Endpoints named {facts.key.name}", "metadata.name", "not found"
    not_ready = [address.ip for address, ready, _ in facts.listed if not ready]
    not_ready += [a for endpoint, _ in facts.sliced if not endpoint.ready for a in endpoint.addresses or ()]
    if not_ready:
        shown = ", ".join(dict.fromkeys(not_ready[:3]))
        return f"only not-ready addresses ({shown})", "subsets[].notReadyAddresses", shown
    if facts.endpoints is None:
        return "its EndpointSlices hold no address", "metadata.name", "not found"
    return f"the Endpoints {facts.key.name} hold no address", "subsets", "empty"


RULE = Rule(
    "EP102",
    "No selector, and nobody provides an endpoint",
    (5, 0),
    judge,
    folds=frozenset({"EP101", "EP801"}),
)
