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
from epview.core.facts import Facts, ref
from epview.core.remedies import describe
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    affected = trouble.of_kind(facts, CauseKind.GATE)
    if not affected:
        return
    pod, cause = affected[0]
    yield RULE.find(
        trouble.severity(facts, affected),
        trouble.sentence(facts, affected, f"{cause.words} ({cause.value})"),
        evidence=trouble.evidence(facts, affected),
        remedy=[describe("pod", pod.key)],
        objects=[ref(p) for p, _ in affected],
        in_progress=trouble.in_progress(affected),
    )


RULE = Rule(
    "EP309",
    "Readiness gate is closed",
    (CAUSES, 7),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="readiness gate",
)
