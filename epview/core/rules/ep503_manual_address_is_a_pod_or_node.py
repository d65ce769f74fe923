"""A hand-written address belongs to a pod or to a Node.

# What it means
The address works today. A pod has another one after its next restart, and nobody will correct the
Endpoints. A Node keeps its address longer, but not for ever. Addresses that bear the uid of their pod are
left out: some tool writes them, and follows the pod.

# Why it happens
The address was copied from `kubectl get pods -o wide` or `kubectl get nodes -o wide`.

# How to see it yourself
`kubectl get pods -A -o wide` and look for the address.

# What to do
Give the Service a selector that finds the pod. For something on the nodes themselves consider a
DaemonSet with a Service of its own.

# References
Kubernetes documentation: Services without selectors; Pod lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts, ref
from epview.core.objects import Pod
from epview.core.remedies import get_pods
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selectorless or facts.written_by_apiserver or manual.frozen(facts) or manual.keeper(facts):
        return
    if not (facts.sees("endpoints") or facts.sees("endpointslices")):
        facts.need("endpointslices")
    listed = manual.addresses(facts)
    if not listed:
        facts.need("endpoints", "endpointslices")
        return
    facts.need("pods")
    followed = _followed(facts)
    pods = [(ip, pod) for ip in listed for pod in _pods_at(facts, ip) if pod.metadata.uid not in followed]
    nodes = [(ip, name) for ip in listed if (name := facts.world.addresses.node_at(ip))]
    if pods:
        ip, pod = pods[0]
        yield _finding(
            facts,
            Severity.WARNING,
            f"address {ip} is that of pod {pod.key}: it goes stale at its next restart",
            [(ref(p), "status.podIPs", f"{a}, {'ready' if p.ready else 'not ready'}") for a, p in pods[:5]],
        )
    elif nodes:
        ip, node = nodes[0]
        yield _finding(
            facts,
            Severity.INFO,
            f"address {ip} is that of node {node}",
            [(f"Node/{name}", "status.addresses", a) for a, name in nodes[:5]],
        )
    else:
        facts.need("endpoints", "endpointslices")
        facts.need_everywhere("pods")


def _followed(facts: Facts) -> set[str]:
    """The uids that addresses bear: no person writes one, so some tool moves the Service with its pods."""
    references = [address.target_ref for address, _, _ in facts.listed]
    references += [endpoint.target_ref for endpoint, _ in facts.sliced]
    return {reference.uid for reference in references if reference is not None and reference.uid}


def _pods_at(facts: Facts, ip: str) -> list[Pod]:
    pods = [facts.world.pods[key] for key in facts.world.addresses.pods_at(ip)]
    return [pod for pod in pods if not pod.finished]


def _finding(facts: Facts, severity: Severity, message: str, evidence: list[tuple[str, str, str]]) -> Finding:
    return RULE.find(
        severity,
        message,
        evidence=evidence,
        remedy=[get_pods(facts.key.namespace)],
        objects=[f"Service/{facts.key}", *manual.objects(facts)],
    )


RULE = Rule("EP503", "Manual address is a pod or a Node", (20, 3), judge, folds=frozenset({"EP101"}))
