"""Why a pod is not ready: each cause it shows, in the order in which one explains another.

The rules of the 300s group these by kind; the backends table shows the first. Only the pod's own
fields decide; events add the words (they expire, repeat and may be missing).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from msgspec import Struct

from epview.core import probes
from epview.core.facts import Facts
from epview.core.objects import Condition, Container, ContainerState, ContainerStatus, Pod
from epview.core.view import FailingProbe


class CauseKind(IntEnum):
    """In order: an earlier kind explains a later one."""

    NODE = 1
    HOST_PORT = 2
    UNSCHEDULABLE = 3
    NOT_RUNNING = 4
    STARTUP = 5
    GATE = 6
    READINESS = 7
    STARTING = 8


class Cause(Struct, frozen=True, kw_only=True):
    """One cause of one pod.

    ``words`` fit a table cell. ``since`` is when it began, ``until`` when its patience ends: before
    that it is ``in_progress``. ``field`` and ``value`` are the fact it rests on.
    """

    kind: CauseKind
    words: str
    field: str
    value: str
    container: str = ""
    since: datetime | None = None
    until: datetime | None = None
    in_progress: bool = False
    probe: FailingProbe | None = None


IMAGE_REASONS: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
NOT_RUNNING_REASONS: Final = IMAGE_REASONS | {
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
    "CreatePodSandboxError",
    "ConfigPodSandboxError",
    "KillPodSandboxError",
}
LOOPING: Final = 3
"""Restarts after which a container that just started again is no longer simply "starting"."""
START_GRACE: Final = 120.0
"""Seconds a pod may take to get its address and its first container before that is worth a word."""


def causes_of(facts: Facts, pod: Pod) -> tuple[Cause, ...]:
    """All causes of a pod that is not ready, the explaining ones first; empty when none is visible."""
    found = sorted(_causes(facts, pod), key=lambda cause: cause.kind)
    return tuple(found) or tuple(_starting(facts, pod))


def _causes(facts: Facts, pod: Pod) -> Iterator[Cause]:
    yield from _scheduling(facts, pod)
    yield from _not_running(facts, pod)
    for container, status in probes.probed_containers(pod):
        if status is None or status.state.running is None:
            continue
        if container.startup_probe is not None and status.started is False:
            yield _startup(facts, pod, container, status)
        elif container.readiness_probe is not None and not status.ready:
            yield from _readiness(facts, pod, container, status)
    yield from _gates_and_node(facts, pod)


# -- scheduling ------------------------------------------------------------------------------------


def _scheduling(facts: Facts, pod: Pod) -> Iterator[Cause]:
    condition = pod.condition("PodScheduled")
    if condition is None or condition.status != "False":
        return
    if condition.reason not in ("Unschedulable", "SchedulingGated"):
        return
    host_port = "free ports" in condition.message
    if condition.reason == "SchedulingGated":
        words = "scheduling is gated"
    else:
        words = "no node has the host port free" if host_port else "cannot be scheduled"
    since = condition.last_transition_time or pod.metadata.creation_timestamp
    scaling_up = any(event.reason == "TriggeredScaleUp" for event in facts.events(pod))
    yield Cause(
        kind=CauseKind.HOST_PORT if host_port else CauseKind.UNSCHEDULABLE,
        words=words,
        field="status.conditions[PodScheduled].message",
        value=condition.message or condition.reason,
        since=since,
        in_progress=scaling_up or not facts.moment.older(since, 10),
    )


# -- containers that do not run --------------------------------------------------------------------


def _not_running(facts: Facts, pod: Pod) -> Iterator[Cause]:
    for status in pod.status.init_container_statuses:
        if (cause := _init_failure(facts, pod, status)) is not None:
            yield cause
    for status in pod.status.container_statuses:
        if (cause := _container_failure(facts, pod, status)) is not None:
            yield cause


def _init_failure(facts: Facts, pod: Pod, status: ContainerStatus) -> Cause | None:
    cause = _container_failure(facts, pod, status, init=True)
    if cause is None and status.state.running and status.restart_count and not status.ready:
        sidecars = {container.name for container in pod.spec.sidecars}
        if status.name not in sidecars:
            return _cause(facts, pod, status, "init container failed before", init=True)
    return cause


def _container_failure(
    facts: Facts, pod: Pod, status: ContainerStatus, *, init: bool = False
) -> Cause | None:
    state = status.state
    if state.waiting is not None and state.waiting.reason in NOT_RUNNING_REASONS:
        return _cause(facts, pod, status, state.waiting.reason, init=init)
    ended = state.terminated
    if ended is None or (init and ended.exit_code == 0):
        return None
    if ended.exit_code == 0 and pod.spec.restart_policy != "Always":
        return None
    return _cause(facts, pod, status, ended.reason or "terminated", init=init)


def _cause(facts: Facts, pod: Pod, status: ContainerStatus, reason: str, *, init: bool) -> Cause:
    condition = pod.condition("Ready")
    since = condition.last_transition_time if condition else None
    first_pull = reason == "ErrImagePull" and not facts.moment.older(
        pod.status.start_time or pod.metadata.creation_timestamp, 30
    )
    name = f"{'init container ' if init else ''}{status.name}"
    waiting = status.state.waiting
    return Cause(
        kind=CauseKind.NOT_RUNNING,
        words=f"{name}: {reason}{exit_words(status)}",
        field=f"status.{'initC' if init else 'c'}ontainerStatuses[{status.name}].state",
        value=(waiting.message if waiting and waiting.message else reason),
        container=status.name,
        since=since,
        in_progress=first_pull,
    )


def exit_words(status: ContainerStatus) -> str:
    """`` (OOMKilled, exit 137, 5 restarts)``: how the last run ended; "" when nothing is known."""
    ended = _last_end(status.state) or _last_end(status.last_state)
    words = []
    if ended is not None:
        if ended[0] not in ("", "Error", "Completed"):
            words.append(ended[0])
        words.append(f"exit {ended[1]}")
    if status.restart_count:
        words.append(f"{status.restart_count} restart{'s' if status.restart_count > 1 else ''}")
    return f" ({', '.join(words)})" if words else ""


def _last_end(state: ContainerState) -> tuple[str, int] | None:
    return (state.terminated.reason, state.terminated.exit_code) if state.terminated else None


# -- probes ----------------------------------------------------------------------------------------


def _startup(facts: Facts, pod: Pod, container: Container, status: ContainerStatus) -> Cause:
    probe = container.startup_probe
    assert probe is not None
    assert status.state.running is not None
    started = status.state.running.started_at
    budget = probes.startup_budget(probe)
    failure = probes.latest(facts.events(pod), "startup", container.name, started)
    patience = budget * 2 / 3  # past two thirds of its budget it is more likely stuck than slow
    return Cause(
        kind=CauseKind.STARTUP,
        words=f"startup probe of {container.name} has not passed yet",
        field=f"spec.containers[{container.name}].startupProbe",
        value=probes.describe(probe),
        container=container.name,
        since=started,
        until=started + timedelta(seconds=budget) if started else None,
        in_progress=started is not None and not facts.moment.older(started, patience),
        probe=_failing("startup", container.name, probes.describe(probe), failure),
    )


def _readiness(facts: Facts, pod: Pod, container: Container, status: ContainerStatus) -> Iterator[Cause]:
    probe = container.readiness_probe
    assert probe is not None
    assert status.state.running is not None
    started = status.state.running.started_at
    if started is not None and not facts.moment.older(started, probes.warm_up(container)):
        return  # it may well not be ready yet
    failure = probes.latest(
        facts.events(pod), "readiness", container.name, _not_before(pod, container, started)
    )
    yield Cause(
        kind=CauseKind.READINESS,
        words=probe_words("readiness", container.name, failure.message if failure else ""),
        field=f"spec.containers[{container.name}].readinessProbe",
        value=probes.describe(probe),
        container=container.name,
        since=_since(pod, started),
        probe=_failing("readiness", container.name, probes.describe(probe), failure),
    )


def _not_before(pod: Pod, container: Container, started: datetime | None) -> datetime | None:
    """An event from before the failure that took the pod out tells of an older trouble.

    The failures that led to the change came within ``failureThreshold`` periods before it.
    """
    probe = container.readiness_probe
    assert probe is not None
    condition = pod.condition("Ready")
    changed = condition.last_transition_time if condition else None
    if changed is not None:
        changed -= timedelta(
            seconds=probe.period_seconds * probe.failure_threshold + probe.timeout_seconds + 10
        )
    return max((t for t in (changed, started) if t), default=None)


def _since(pod: Pod, started: datetime | None) -> datetime | None:
    condition = pod.condition("Ready")
    changed = condition.last_transition_time if condition else None
    return max((t for t in (changed, started) if t), default=None)


def _failing(kind: str, container: str, probe: str, failure: probes.ProbeFailure | None) -> FailingProbe:
    if failure is None:
        return FailingProbe(kind=kind, container=container, probe=probe)
    return FailingProbe(
        kind=kind,
        container=container,
        probe=probe,
        message=failure.message,
        count=failure.count,
        first_seen=failure.first_seen,
        last_seen=failure.last_seen,
    )


def probe_words(kind: str, container: str, message: str) -> str:
    """``readiness of api answers 503``: the failure in the fewest words that still name the cause."""
    return f"{kind} of {container} {probes.summary(message)}"


# -- gates, node, start ----------------------------------------------------------------------------


def _gates_and_node(facts: Facts, pod: Pod) -> Iterator[Cause]:
    ready, containers = pod.condition("Ready"), pod.condition("ContainersReady")
    if containers is None or containers.status != "True":
        return
    since = (ready.last_transition_time if ready else None) or containers.last_transition_time
    closed = [gate for gate in pod.spec.readiness_gates if not _met(pod.condition(gate.condition_type))]
    for gate in closed:
        condition = pod.condition(gate.condition_type)
        yield Cause(
            kind=CauseKind.GATE,
            words=f"readiness gate {gate.condition_type} is closed",
            field=f"status.conditions[{gate.condition_type}]",
            value=f"{condition.status} {condition.message}".strip() if condition else "missing",
            since=since,
            in_progress=not facts.moment.older(since, 60),
        )
    if not closed and ready is not None:
        yield _node_cause(facts, pod, since)


def _met(condition: Condition | None) -> bool:
    return condition is not None and condition.status == "True"


def _node_cause(facts: Facts, pod: Pod, since: datetime | None) -> Cause:
    """Ready False while every container is: the node lifecycle controller's finger-print."""
    node = facts.node(pod)
    ready = next((c for c in node.status.conditions if c.type == "Ready"), None) if node else None
    proven = ready is not None and ready.status != "True"
    name = pod.spec.node_name or "its node"
    return Cause(
        kind=CauseKind.NODE,
        words=f"node {name} is not ready" if proven else f"looks as if node {name} is not ready",
        field=f"Node/{name} status.conditions[Ready]" if proven else "status.conditions[Ready]",
        value=f"{ready.status} {ready.reason}".strip()
        if ready and proven
        else "False, though ContainersReady is True",
        since=since,
    )


def _starting(facts: Facts, pod: Pod) -> Iterator[Cause]:
    """None of the others: it has no address yet, its containers are being made, or it warms up."""
    created = pod.status.start_time or pod.metadata.creation_timestamp
    running = [s for s in pod.status.container_statuses if s.state.running is not None]
    if pod.ips and running and len(running) == len(pod.spec.containers):
        yield from _warming_up(facts, pod, running)
        return
    warning = next((e for e in facts.events(pod) if e.type == "Warning"), None)
    in_progress = not facts.moment.older(created, START_GRACE)
    waiting = next((s.state.waiting.reason for s in pod.status.container_statuses if s.state.waiting), "")
    init = next((s.name for s in pod.status.init_container_statuses if s.state.running), "")
    words = f"init container {init} is running" if init else waiting or "has no address yet"
    if warning is not None and not in_progress:
        words = f"{words}: {warning.reason}"
    yield Cause(
        kind=CauseKind.STARTING,
        words=words,
        field="status.phase" if warning is None else f"Event {warning.reason}",
        value=pod.status.phase if warning is None else warning.message,
        since=created,
        until=created + timedelta(seconds=START_GRACE) if created and in_progress else None,
        in_progress=in_progress,
    )


def _warming_up(facts: Facts, pod: Pod, running: list[ContainerStatus]) -> Iterator[Cause]:
    containers = {container.name: container for container in pod.spec.containers}
    for status in running:
        container = containers.get(status.name)
        started = status.state.running.started_at if status.state.running else None
        if container is None or status.ready or started is None:
            continue
        budget = probes.warm_up(container)
        if facts.moment.older(started, budget):
            continue
        yield Cause(
            kind=CauseKind.STARTING,
            words=f"{status.name} started, not ready yet{exit_words(status)}",
            field=f"status.containerStatuses[{status.name}].state.running.startedAt",
            value=started.isoformat(),
            container=status.name,
            since=started,
            until=started + timedelta(seconds=budget),
            in_progress=status.restart_count < LOOPING,
        )
