"""A traffic policy Local, and nodes on which no endpoint is.

# What it means
With the policy Local kube-proxy hands a connection only to endpoints of the node at which it arrives.
On the nodes named here there is none, so the packets are dropped: clients there wait until they give up,
while others are served. With internalTrafficPolicy that concerns the pods on these nodes (warning; info
where a DaemonSet leaves the nodes out on purpose, or a pod is just starting there). With
externalTrafficPolicy it concerns traffic from outside that arrives there (info: a load balancer asks the
health-check node port and leaves them out). Were there no endpoint on any node, clients would be refused
at once instead.

# Why it happens
Fewer pods than nodes, pods that are not ready on some node, or a nodeSelector, affinity or taint that
keeps them away. Nodes that are not ready, cordoned or tainted against ordinary pods are not counted.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR -o wide` beside `kubectl get nodes`

# What to do
Run a pod on every node (a DaemonSet, or a topologySpreadConstraint), or set the policy to Cluster;
trafficDistribution PreferSameNode prefers the own node without cutting anybody off.

# References
Kubernetes documentation: Service internal traffic policy, traffic policies; pkg/proxy/topology.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Final

from epview.core import spread, trouble
from epview.core.facts import Facts
from epview.core.objects import ServicePort
from epview.core.proxy import Traffic
from epview.core.remedies import get_pods_on_nodes
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

FIELDS: Final = {
    Traffic.INTERNAL: "internalTrafficPolicy",
    Traffic.EXTERNAL: "externalTrafficPolicy",
}


def judge(facts: Facts) -> Iterator[Finding]:
    for traffic in Traffic:
        if not spread.bound(facts, traffic):
            continue
        facts.settled("nodes")  # they may overturn what looks well
        if facts.selector:
            facts.need("pods")
        for nodes, ports in spread.cut_off(facts, traffic).items():
            yield _finding(facts, traffic, nodes, ports)


def _finding(facts: Facts, traffic: Traffic, nodes: Sequence[str], ports: Sequence[ServicePort]) -> Finding:
    service, policy = f"Service/{facts.key}", FIELDS[traffic]
    calm = _left_out(facts, nodes) or _arriving(facts, nodes)
    warns = traffic is Traffic.INTERNAL and not calm
    ready = {target.node for port in ports for target in facts.targets(port) if target.ready} - {""}
    return RULE.find(
        Severity.WARNING if warns else Severity.INFO,
        _message(facts, traffic, nodes, ports),
        evidence=[
            (service, f"spec.{policy}", "Local"),
            *((f"Node/{node}", "endpoints of the Service", "none: dropped") for node in nodes[:5]),
            *((f"Node/{node}", "endpoints of the Service", "ready") for node in sorted(ready)[:5]),
        ],
        remedy=_remedy(facts, policy),
        objects=[service, *(f"Node/{node}" for node in nodes)],
        rank=None if warns else (22, 6),
    )


def _message(facts: Facts, traffic: Traffic, nodes: Sequence[str], ports: Sequence[ServicePort]) -> str:
    where = nodes[0] if len(nodes) == 1 else f"{len(nodes)} of {len(facts.world.places.schedulable)} nodes"
    some = len(ports) < len(facts.service.spec.ports)
    of = f"port {', '.join(p.name or str(p.port) for p in ports)}: " if some else ""
    if traffic is Traffic.INTERNAL:
        return f"{of}clients on {where} time out: internalTrafficPolicy Local and no endpoint there"
    return f"{of}{where} drops what comes from outside: externalTrafficPolicy Local, no endpoint there"


def _left_out(facts: Facts, nodes: Sequence[str]) -> bool:
    """A DaemonSet has made no pod for any of these nodes, so it is not meant for them."""
    return spread.by_daemon_set(facts) and not {pod.spec.node_name for pod in facts.active} & set(nodes)


def _arriving(facts: Facts, nodes: Sequence[str]) -> bool:
    """On each of these nodes a pod of the Service is only just starting, as when a DaemonSet rolls."""
    coming = {pod.spec.node_name for pod in facts.not_ready if trouble.starting(facts, pod)}
    return coming >= set(nodes)


def _remedy(facts: Facts, policy: str) -> Iterator[str]:
    namespace = quote(facts.key.namespace)
    if facts.selector:
        yield get_pods_on_nodes(facts.key.namespace, facts.selector)
    patch = quote(f'{{"spec":{{"{policy}":"Cluster"}}}}')
    yield f"kubectl patch service {quote(facts.key.name)} -n {namespace} -p {patch}"


RULE = Rule("EP701", "Nodes without a local endpoint", (18, 0), judge, folds=frozenset({"EP702"}))
