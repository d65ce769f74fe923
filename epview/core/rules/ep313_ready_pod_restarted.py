"""A ready pod restarted lately.

# What it means
A container of the pod ended within the last ten minutes and was started again. The pod is ready now;
while it was not, its address was not among the ready ones, and connections to it were cut.

# Why it happens
The program ended by itself, was killed for want of memory (OOMKilled), or its node or the container
runtime restarted: then all pods of that node did so together.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR` (column RESTARTS) and
`kubectl logs POD -n NAMESPACE -c CONTAINER --previous`

# What to do
Nothing after a single restart. For one that was OOMKilled raise the memory limit or find the leak; for
repeated ones read the last words of the former run.

# References
Kubernetes documentation: Debug Pods; Pod lifecycle, container restarts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from epview.core.facts import Facts, ref
from epview.core.objects import ContainerStatus, Pod, StateTerminated
from epview.core.remedies import describe, logs
from epview.core.rule import Rule
from epview.core.stopped import exit_words
from epview.core.view import Finding, Severity
from epview.core.words import clock

LATELY: Final = 600.0
MANY: Final = 3
"""Restarts of a container, or pods that restarted, from which on it is more than chance."""
TOGETHER: Final = 120.0
"""Seconds within which all pods of a node end when it restarts."""
LONG_RUN: Final = 6 * 3600.0
"""A container that ran that long before counts its earlier restarts from long ago."""
_LOST: Final = ("Unknown", "ContainerStatusUnknown")
"""Reasons the runtime and the kubelet give for a container whose end nobody saw: the node went down."""

_ENDED: Final = frozenset({137, 143, 255})
"""Exit codes of what was ended from outside: a program that fails by itself has one of its own."""


class _Restart(NamedTuple):
    pod: Pod
    status: ContainerStatus
    ended: StateTerminated
    at: datetime


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    recent = [found for pod in facts.ready if (found := _last_restart(facts, pod)) is not None]
    if not recent:
        return
    killed = [r for r in recent if r.ended.reason == "OOMKilled"]
    alone = [r for r in recent if not _node_restarted(r, recent)]
    often = [r for r in alone if r.status.restart_count >= MANY and not _ran_long(r)]
    worse = killed or often or (alone if len(alone) >= MANY else [])
    first = (worse or alone or recent)[0]
    yield RULE.find(
        Severity.WARNING if worse else Severity.INFO,
        _words(facts, recent, first, node=not alone and not killed),
        evidence=[
            (
                ref(r.pod),
                f"status.containerStatuses[{r.status.name}].lastState.terminated",
                f"{r.at.isoformat()}{exit_words(r.status)}",
            )
            for r in recent[:10]
        ],
        remedy=[logs(first.pod, first.status.name, previous=True), describe("pod", first.pod.key)],
        objects=[ref(r.pod) for r in recent],
    )


def _last_restart(facts: Facts, pod: Pod) -> _Restart | None:
    """The latest of the pod's containers that ended lately and runs again."""
    found = [
        _Restart(pod, status, ended, ended.finished_at)
        for _, status in pod.probed
        if status is not None
        and status.restart_count
        and (ended := status.last_state.terminated) is not None
        and ended.finished_at is not None
        and not facts.moment.older(ended.finished_at, LATELY)
    ]
    return max(found, key=lambda restart: restart.at, default=None)


def _node_restarted(restart: _Restart, recent: list[_Restart]) -> bool:
    """Its end was seen by nobody, or another pod of its node was ended at the same time."""
    if restart.ended.reason in _LOST:
        return True
    return restart.ended.exit_code in _ENDED and any(
        other.pod.key != restart.pod.key
        and other.pod.spec.node_name == restart.pod.spec.node_name
        and other.ended.exit_code in _ENDED
        and abs((other.at - restart.at).total_seconds()) <= TOGETHER
        for other in recent
    )


def _ran_long(restart: _Restart) -> bool:
    started = restart.ended.started_at
    return started is not None and (restart.at - started).total_seconds() >= LONG_RUN


def _words(facts: Facts, recent: list[_Restart], first: _Restart, *, node: bool) -> str:
    at = clock(first.at)
    if node:
        count = len(recent)
        pods = f"pod {first.pod.key.name}" if count == 1 else f"{count} pods"
        return f"{pods} restarted at {at}, as node {first.pod.spec.node_name or 'unknown'} seems to have done"
    what = f"{first.status.name} of {first.pod.key.name}"
    how = f"at {at}{exit_words(first.status)}"
    if len(recent) == 1:
        return f"container {what} restarted {how}"
    return f"{len(recent)} of {len(facts.ready)} ready pods restarted lately: {what} {how}"


RULE = Rule("EP313", "A ready pod restarted lately", (22, 3), judge)
