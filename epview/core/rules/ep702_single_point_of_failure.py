"""The loss of one pod, node or zone takes the Service down.

# What it means
There is but one ready endpoint, or all of them are on one node or in one zone, though the cluster has
several. Nothing is wrong now.

# Why it happens
One replica by design, replicas that have not come up, or a scheduler that nobody told to spread them.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR -o wide`

# What to do
More replicas, and topologySpreadConstraints over kubernetes.io/hostname or topology.kubernetes.io/zone.
Nothing, where one is enough.

# References
Kubernetes documentation: Pod topology spread constraints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from epview.core import spread
from epview.core.facts import Facts
from epview.core.proxy import Target
from epview.core.remedies import get_pods_on_nodes
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    facts.need("endpointslices", "nodes")
    if not facts.world.places.several or spread.by_daemon_set(facts):
        return
    ready = spread.usable_places(facts)
    message = _message(facts, ready)
    if not message:
        return
    yield RULE.find(
        Severity.INFO,
        message,
        evidence=[
            (
                _name(facts, target),
                "node, zone",
                f"{target.node or 'unknown'}, {target.zone or 'none'}",
            )
            for target in ready[:5]
        ],
        remedy=[get_pods_on_nodes(facts.key.namespace, facts.selector)],
        objects=[f"Service/{facts.key}", *(_name(facts, target) for target in ready)],
    )


def _message(facts: Facts, ready: Sequence[Target]) -> str:
    if len(ready) == 1:
        alone = ready[0].ref.name if ready[0].ref else ready[0].address
        return "" if facts.key.namespace == "kube-system" else f"one ready endpoint carries it all: {alone}"
    nodes = {target.node for target in ready}
    if len(nodes) == 1 and "" not in nodes:
        return f"all {len(ready)} ready endpoints are on one node, {nodes.pop()}"
    zones = {target.zone for target in ready}
    if len(zones) == 1 and "" not in zones and facts.world.places.several_zones:
        return f"all {len(ready)} ready endpoints are in one zone, {zones.pop()}"
    return ""


def _name(facts: Facts, target: Target) -> str:
    ref = target.ref
    return f"Pod/{facts.key.namespace}/{ref.name}" if ref and ref.kind == "Pod" else f"Service/{facts.key}"


RULE = Rule("EP702", "Single point of failure", (22, 4), judge, folds=frozenset({"EP106"}))
