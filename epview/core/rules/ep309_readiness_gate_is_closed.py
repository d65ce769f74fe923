"""A readiness gate is closed.

# What it means
All containers are ready, but the pod also waits for a condition that some other controller sets
(spec.readinessGates). Until it is True the pod is not Ready and gets no traffic.

# Why it happens
A load balancer controller has not registered the pod yet, or the controller that owns the gate does
not run.

# How to see it yourself
`kubectl get pod POD -n NAMESPACE -o jsonpath='{.status.conditions}'`

# What to do
Look at the controller that owns the condition; its prefix tells which.

# References
Kubernetes documentation: Pod readiness, readinessGates.
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
    affected = trouble.of_kind(facts, CauseKind.GATE)
    if not affected:
        return
    pod, cause = affected[0]
    words = f"{cause.words} ({cause.value})"
    yield trouble.finding(RULE, facts, affected, words, [describe("pod", pod.key)])


RULE = Rule(
    "EP309",
    "Readiness gate is closed",
    (CAUSES, 7),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="readiness gate",
)
