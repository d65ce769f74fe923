"""A pod cannot be scheduled.

# What it means
The scheduler finds no node for the pod, or a scheduling gate holds it back. Without a node it has no
address, so it is in neither list of the Endpoints.

# Why it happens
Too little free memory or CPU, a nodeSelector or affinity no node fulfils, taints without toleration, a
volume bound to another zone.

# How to see it yourself
`kubectl describe pod POD -n NAMESPACE`: the condition PodScheduled says why.

# What to do
Free or add capacity, or relax what the pod asks for. A cluster autoscaler may already be at it.

# References
Kubernetes documentation: Debug Pods, "My pod stays pending".
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.cause import CauseKind
from epview.core.facts import Facts
from epview.core.remedies import describe
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.UNSCHEDULABLE)
    if not affected:
        return
    pod, cause = affected[0]
    why = cause.value.split(". preemption:", 1)[0].rstrip(". ")
    words = f"{len(affected)} pods cannot be scheduled" if len(affected) > 1 else f"pod {cause.words}"
    yield trouble.finding(RULE, facts, affected, f"{words}: {why}", [describe("pod", pod.key)])


RULE = Rule(
    "EP307",
    "Pod cannot be scheduled",
    (CAUSES, 3),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="cannot be scheduled",
)
