"""Containers that a liveness or startup probe keeps having restarted.

The kubelet says so in an event of its own (Killing). Where that one is missing, liveness failures of a
container that was restarted again and again, and ended as one that was told to, say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core import probes
from epview.core.cause import Cause, CauseKind, failing_probe
from epview.core.facts import Facts
from epview.core.moment import later
from epview.core.objects import Container, ContainerStatus, Pod, StateTerminated
from epview.core.probes import ProbeKill
from epview.core.stopped import LOOPING, crashes

MEMORY: Final = 3600.0
"""Seconds for which a kill is worth a word: as long as its event lives (--event-ttl)."""
_STOPPED: Final = frozenset({0, 137, 143})
"""Exit codes of a process that was told to end: by itself, by SIGKILL, by SIGTERM."""
_SLACK: Final = 60.0
"""Seconds between the last failure and the end of the container, which has its grace period."""


def killed(facts: Facts, pod: Pod) -> Iterator[Cause]:
    """The containers that are down, or only just up again, because a probe had them killed."""
    for container, status, kill in kills(facts, pod):
        if not status.ready and _down(facts, container, status) and _ended_by(kill, status):
            yield cause(pod, container, status, kill)


def kills(facts: Facts, pod: Pod) -> Iterator[tuple[Container, ContainerStatus, ProbeKill]]:
    """The pod's containers that a probe had killed within the hour, whatever they do now."""
    if not facts.events(pod):  # nothing told of it
        return
    for container, status in pod.probed:
        if status is not None and (kill := _kill(facts, pod, container, status)) is not None:
            yield container, status, kill


def cause(pod: Pod, container: Container, status: ContainerStatus, kill: ProbeKill) -> Cause:
    """Why the container was restarted, in words for the table and for rule EP305."""
    probe = failing_probe(kill.kind, container, kill.failure)
    count = status.restart_count
    restarts = f"{count} restart{'' if count == 1 else 's'}" if count else "to be restarted"
    return Cause(
        kind=CauseKind.KILLED,
        words=f"{kill.kind} probe of {container.name} {probes.summary(kill.message)} ({restarts})",
        field=f"spec.containers[{container.name}].{kill.kind}Probe",
        value=probe.probe,
        container=container.name,
        since=pod.ready_changed,
        probe=probe,
    )


def _kill(facts: Facts, pod: Pod, container: Container, status: ContainerStatus) -> ProbeKill | None:
    events = facts.events(pod)
    found = probes.latest_kill(events, container.name)
    if found is not None and not facts.moment.older(found.last_seen, MEMORY):
        return found
    if status.restart_count < LOOPING or container.liveness_probe is None:
        return None
    failure = probes.latest(events, "liveness", container.name)
    if failure is None or failure.outcome != "failed" or facts.moment.older(failure.last_seen, MEMORY):
        return None
    ended = _last_end(status)
    if ended is not None and not _told_to_end(facts, ended, failure):
        return None
    return ProbeKill("liveness", container.name, status.restart_count, failure.last_seen, failure)


def _told_to_end(facts: Facts, ended: StateTerminated, failure: probes.ProbeFailure) -> bool:
    """The failures fell into that run, and it ended, lately, as one that was told to."""
    if ended.reason == "OOMKilled" or ended.exit_code not in _STOPPED:
        return False
    if facts.moment.older(ended.finished_at, MEMORY):
        return False
    if ended.started_at and failure.last_seen and failure.last_seen < ended.started_at:
        return False
    first = failure.first_seen
    return not (first and ended.finished_at and first > later(ended.finished_at, _SLACK))


def _last_end(status: ContainerStatus) -> StateTerminated | None:
    return status.state.terminated or status.last_state.terminated


def _down(facts: Facts, container: Container, status: ContainerStatus) -> bool:
    """It does not run, or has been killed repeatedly and had no time yet to get ready."""
    state = status.state
    if state.running is None:
        return state.waiting is None or state.waiting.reason == "CrashLoopBackOff"
    if status.restart_count < LOOPING:
        return False
    if container.startup_probe is not None and status.started is False:
        return True
    started = state.running.started_at
    return crashes(status) and not facts.moment.older(started, probes.warm_up(container))


def _ended_by(kill: ProbeKill, status: ContainerStatus) -> bool:
    """Its last run ended by that kill, and not by something that came later."""
    ended = _last_end(status)
    if ended is None:
        return True
    if ended.reason == "OOMKilled":
        return False
    return not (ended.started_at and kill.last_seen and kill.last_seen < ended.started_at)
