"""A startup probe has not passed yet.

# What it means
Until its startup probe succeeds once, a container gets neither readiness nor liveness probes, so its
pod cannot become ready. When failureThreshold x periodSeconds (after initialDelaySeconds) are used up,
the kubelet kills the container.

# Why it happens
A slow start, for which the startup probe exists; past two thirds of its budget more likely a start
that hangs.

# How to see it yourself
`kubectl describe pod POD -n NAMESPACE`: Startup, and the events "Startup probe failed".

# What to do
Wait, read the container's logs, or raise failureThreshold where the start rightly takes longer.

# References
Kubernetes documentation: Configure probes, startup probes.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.cause import CauseKind
from epview.core.facts import Facts
from epview.core.remedies import describe, logs
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding
from epview.core.words import clock


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.STARTUP)
    if not affected:
        return
    pod, cause = max(affected, key=lambda pc: pc[1].until.timestamp() if pc[1].until else 0.0)
    until = f" (it has until {clock(cause.until)})" if cause.until else ""
    words = f"startup probe of {cause.container} has not passed yet{until}"
    remedy = [describe("pod", pod.key), logs(pod, cause.container)]
    yield trouble.finding(RULE, facts, affected, words, remedy, until=cause.until)


RULE = Rule(
    "EP304",
    "Startup probe has not passed yet",
    (CAUSES, 6),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="startup probe",
)
