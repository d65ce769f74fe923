"""The node under a pod is not ready.

# What it means
The kubelet of the node has fallen silent, so the node lifecycle controller set the pod's Ready
condition to False. The containers may well run on; nobody can tell.

# Why it happens
The node crashed, lost its network, or its kubelet stopped.

# How to see it yourself
`kubectl get nodes` and `kubectl describe node NODE`

# What to do
Bring the node back, or delete it so that its pods are made elsewhere.

# References
Kubernetes documentation: Node status; pkg/controller/nodelifecycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core import trouble
from epview.core.cause import CauseKind
from epview.core.facts import Facts, ref
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    affected = trouble.of_kind(facts, CauseKind.NODE)
    if not affected:
        return
    pod, cause = affected[0]
    yield RULE.find(
        trouble.severity(facts, affected),
        trouble.sentence(facts, affected, cause.words),
        evidence=trouble.evidence(facts, affected),
        remedy=[f"kubectl describe node {quote(pod.spec.node_name)}"],
        objects=[ref(p) for p, _ in affected],
    )


RULE = Rule(
    "EP310",
    "Node is not ready",
    (CAUSES, 1),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="node not ready",
)
