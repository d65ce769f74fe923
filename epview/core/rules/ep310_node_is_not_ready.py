"""The node under a pod is not ready.

# What it means
The kubelet of the node has fallen silent, so the node lifecycle controller set the pod's Ready
condition to False. The containers may well run on; nobody can tell. A node that is only cordoned takes
no new pods; those on it run on and are ready, until somebody drains it.

# Why it happens
The node crashed, lost its network, or its kubelet stopped. Nodes are cordoned for maintenance.

# How to see it yourself
`kubectl get nodes` and `kubectl describe node NODE`

# What to do
Bring the node back, or delete it so that its pods are made elsewhere. Uncordon it when it is done with.

# References
Kubernetes documentation: Node status; pkg/controller/nodelifecycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core import trouble
from epview.core.cause import CauseKind
from epview.core.facts import Facts, ref
from epview.core.objects import Pod
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.NODE)
    if affected:
        pod, cause = affected[0]
        remedy = [f"kubectl describe node {quote(pod.spec.node_name)}"]
        yield trouble.finding(RULE, facts, affected, cause.words, remedy)
        return
    yield from _cordoned(facts)


def _cordoned(facts: Facts) -> Iterator[Finding]:
    """Worth knowing, since a drain follows mostly; a DaemonSet's pods stay where they are."""
    on_cordoned = [pod for pod in facts.active if _is_cordoned(facts, pod) and not _of_daemon_set(pod)]
    if not on_cordoned:
        return
    nodes = list(dict.fromkeys(pod.spec.node_name for pod in on_cordoned))
    more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
    yield RULE.find(
        Severity.INFO,
        f"{len(on_cordoned)} of {len(facts.active)} pods on a cordoned node: {nodes[0]}{more}",
        evidence=[(f"Node/{node}", "spec.unschedulable", "true") for node in nodes],
        remedy=[f"kubectl describe node {quote(nodes[0])}", f"kubectl uncordon {quote(nodes[0])}"],
        objects=[ref(pod) for pod in on_cordoned],
        rank=(22, 11),
    )


def _is_cordoned(facts: Facts, pod: Pod) -> bool:
    node = facts.node(pod)
    return node is not None and node.spec.unschedulable


def _of_daemon_set(pod: Pod) -> bool:
    return any(owner.controller and owner.kind == "DaemonSet" for owner in pod.metadata.owner_references)


RULE = Rule(
    "EP310",
    "Node is not ready",
    (CAUSES, 1),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="node not ready",
)
