"""A container does not run.

# What it means
A container of the pod waits in an error state (CrashLoopBackOff, ImagePullBackOff,
CreateContainerConfigError, ...) or ended and is not started again. A pod whose containers do not all
run is not ready. It often has an address already, which then stands under notReadyAddresses.

# Why it happens
The program exits, is killed for want of memory (OOMKilled, exit 137), its image cannot be pulled, or
a ConfigMap or Secret it names does not exist.

# How to see it yourself
`kubectl describe pod POD -n NAMESPACE` and `kubectl logs POD -c CONTAINER --previous`

# What to do
Read the last words of the former run; correct image, command, memory limit or configuration.

# References
Kubernetes documentation: Debug Pods; Pod lifecycle, container states.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.cause import Cause, CauseKind
from epview.core.facts import Facts
from epview.core.objects import Pod
from epview.core.remedies import describe, logs
from epview.core.rule import CAUSES, Rule
from epview.core.stopped import IMAGE_REASONS
from epview.core.view import Finding


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.NOT_RUNNING)
    if not affected:
        return
    pod, cause = affected[0]
    words = cause.words if cause.words.startswith("init ") else f"container {cause.words}"
    yield trouble.finding(RULE, facts, affected, words, _remedy(pod, cause))


def _remedy(pod: Pod, cause: Cause) -> list[str]:
    if any(reason in cause.words for reason in IMAGE_REASONS):
        return [describe("pod", pod.key)]
    return [logs(pod, cause.container, previous=True), describe("pod", pod.key)]


RULE = Rule(
    "EP306",
    "Container does not run",
    (CAUSES, 4),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="container does not run",
)
