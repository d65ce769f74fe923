"""Readiness flaps.

# What it means
The pod turns ready and not ready again and again. Each turn takes its address out of the Service or puts
it back, on every node: connections are cut, and the pods that stay ready carry its share. `kubectl get
pods` shows nothing of it while the pod happens to be ready.

# Why it happens
The readiness probe fails at times: its time-out is too short for a busy application (1 second by default),
it asks a dependency that is not always there, or the container runs out of CPU or memory.

# How to see it yourself
`kubectl get pods -n NAMESPACE -w` for a while, and
`kubectl describe pod POD -n NAMESPACE` for how often the probe failed.

# What to do
Let the probe ask the application alone. Raise timeoutSeconds or failureThreshold, so that a single slow
answer does not count.

# References
Kubernetes documentation: Liveness, readiness and startup probes; pkg/kubelet/prober.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from epview.core import probes
from epview.core.facts import Facts, ref
from epview.core.moment import later
from epview.core.objects import Container, Pod, Probe
from epview.core.probes import ProbeFailure
from epview.core.remedies import describe, logs
from epview.core.rule import Rule
from epview.core.view import Finding, Severity
from epview.core.words import clock, span

WINDOW = 600
"""Seconds in which turns are counted, and for which a pod that is ready again is remarkable."""
TURNS = 4
FAILURES = 10


class _Flapping(NamedTuple):
    pod: Pod
    container: str
    words: str
    evidence: tuple[tuple[str, str, str], ...]


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    found = [f for pod in facts.active if (f := _seen(facts, pod) or _told(facts, pod)) is not None]
    if not found:
        if not facts.sees("events") and any(
            (since := _lately_ready(facts, pod)) and any(_returned(pod, since)) for pod in facts.ready
        ):
            facts.need("events")
        return
    first = found[0]
    others = len(found) - 1
    more = f"; {others} more pod{'s flap' if others > 1 else ' flaps'}" if others else ""
    yield RULE.find(
        Severity.WARNING,
        first.words + more,
        evidence=[row for flapping in found[:5] for row in flapping.evidence],
        remedy=[describe("pod", first.pod.key), logs(first.pod, first.container)],
        objects=[ref(flapping.pod) for flapping in found],
    )


def _seen(facts: Facts, pod: Pod) -> _Flapping | None:
    """What this session saw: the condition turned again and again."""
    turns = [t for t in facts.history.turns(pod.metadata.uid) if not facts.moment.older(t, WINDOW)]
    if len(turns) < TURNS:
        return None
    probed = next((c for c, _ in pod.probed if c.readiness_probe), None)
    container = probed or next(iter(pod.spec.containers), Container())
    return _Flapping(
        pod,
        container.name,
        f"readiness of pod {pod.key.name} turned {len(turns)} times since {clock(turns[0])}",
        tuple((ref(pod), "status.conditions[Ready]", f"turned at {clock(turn)}") for turn in turns[-6:]),
    )


def _told(facts: Facts, pod: Pod) -> _Flapping | None:
    """What events tell: ready again, after its probe had failed again and again, and not while it started."""
    since = _lately_ready(facts, pod) if facts.events(pod) else None
    if since is None:
        return None
    for container, probe, warm in _returned(pod, since):
        failure = _failures(facts, pod, container, probe, warm)
        if failure is not None:
            lasted = span(failure.first_seen, failure.last_seen)
            return _Flapping(
                pod,
                container.name,
                f"pod {pod.key.name} is ready again since {clock(since)}: its probe failed {failure.count}×"
                f" in {lasted}",
                (
                    (ref(pod), "status.conditions[Ready].lastTransitionTime", clock(since)),
                    (ref(pod), "Event Unhealthy", f"{failure.message} ({failure.count}× in {lasted})"),
                ),
            )
    return None


def _lately_ready(facts: Facts, pod: Pod) -> datetime | None:
    """Since when the pod is ready, if that is not long ago."""
    since = pod.ready_changed if pod.ready else None
    return since if since is not None and not facts.moment.older(since, WINDOW) else None


def _returned(pod: Pod, since: datetime) -> Iterator[tuple[Container, Probe, datetime]]:
    """The probed containers that had long started when the pod became ready, and when they were warm."""
    for container, status in pod.probed:
        running = status.state.running if status else None
        if container.readiness_probe is None or running is None or running.started_at is None:
            continue
        warm = later(running.started_at, probes.warm_up(container))
        if warm < since:
            yield container, container.readiness_probe, warm


def _failures(
    facts: Facts, pod: Pod, container: Container, probe: Probe, warm: datetime
) -> ProbeFailure | None:
    """An event that counts enough failures of this run of the container, all of them after its warm-up.

    One that began earlier counts those of a former run too, or those of a slow start: no flapping.
    Neither is one failure after the other until it passed again: that was down once.
    """
    for event in facts.events(pod):
        failure = probes.parse(event)
        if failure is None or failure.kind != "readiness" or failure.container not in ("", container.name):
            continue
        began = failure.first_seen
        if failure.count < FAILURES or began is None or began < warm:
            continue
        if not _down_once(failure, probe):
            return failure
    return None


def _down_once(failure: ProbeFailure, probe: Probe) -> bool:
    """It failed at (nearly) every turn of the probe between its first and its last failure."""
    if failure.first_seen is None or failure.last_seen is None:
        return False
    lasted = (failure.last_seen - failure.first_seen).total_seconds()
    return failure.count * probe.period_seconds >= 0.8 * lasted


RULE = Rule("EP312", "Readiness flaps", (19, 1), judge, folds=frozenset({"EP313"}))
