"""Why a pod is not ready: each cause it shows, in the order in which one explains another.

The rules of the 300s group these by kind; the backends table shows the first. Only the pod's own
fields decide; events add the words (they expire, repeat and may be missing).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from epview.core import probes
from epview.core.cause import Cause, CauseKind, failing_probe
from epview.core.facts import Facts
from epview.core.hostports import taken
from epview.core.killed import killed
from epview.core.moment import later
from epview.core.objects import Condition, Container, ContainerStatus, Pod, Probe
from epview.core.probeports import misnamed, other_port
from epview.core.stopped import crashes, exit_words, not_running, stopped_cause

SCALE_UP_PATIENCE: Final = 900.0
"""Seconds the cluster autoscaler gives a new node (--max-node-provision-time)."""
START_GRACE: Final = 120.0
"""Seconds a pod may take to get its address and its first container before that is worth a word."""


def causes_of(facts: Facts, pod: Pod) -> tuple[Cause, ...]:
    """All causes of a pod that is not ready, the explaining ones first; empty when none is visible."""
    found = list(_causes(facts, pod))
    found += taken(facts, pod, found)
    found.sort(key=lambda cause: cause.kind)
    return tuple(found) or tuple(_starting(facts, pod))


def _causes(facts: Facts, pod: Pod) -> Iterator[Cause]:
    yield from _scheduling(facts, pod)
    yield from killed(facts, pod)
    yield from not_running(facts, pod)
    for container, status in pod.probed:
        if status is None or status.state.running is None:
            continue
        if container.startup_probe is not None and status.started is False:
            yield _startup(facts, pod, container, status)
        elif not status.ready:
            yield from _unready(facts, pod, container, status)
    yield from _gates(facts, pod)
    yield from _node(facts, pod)


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
    scaling_up = any(
        event.reason == "TriggeredScaleUp" and not facts.moment.older(event.last_seen, SCALE_UP_PATIENCE)
        for event in facts.events(pod)
    )
    yield Cause(
        kind=CauseKind.HOST_PORT if host_port else CauseKind.UNSCHEDULABLE,
        words=words,
        field="status.conditions[PodScheduled].message",
        value=condition.message or condition.reason,
        since=since,
        in_progress=scaling_up or not facts.moment.older(since, 10),
    )


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
        until=later(started, budget) if started else None,
        in_progress=started is not None and not facts.moment.older(started, patience),
        probe=failing_probe("startup", container, failure),
    )


def _unready(facts: Facts, pod: Pod, container: Container, status: ContainerStatus) -> Iterator[Cause]:
    """A container that runs and is not ready: it crashes again and again, or its probe fails.

    In the first seconds after its start it may well not be ready yet: nothing then, see `_starting`.
    """
    running, probe = status.state.running, container.readiness_probe
    started = running.started_at if running else None
    if started is not None and not facts.moment.older(started, probes.warm_up(container)):
        if crashes(status):
            yield stopped_cause(facts, pod, status, "keeps crashing", init=False)
        if misnamed(container):  # no patience helps
            failure = probes.latest(facts.events(pod), "readiness", container.name, started)
            yield from other_port(facts, pod, container, failure)
        return
    if probe is None:
        return
    events = facts.events(pod)
    failure = probes.latest(events, "readiness", container.name, _not_before(pod, probe, started))
    yield Cause(
        kind=CauseKind.READINESS,
        words=probe_words("readiness", container.name, failure.message if failure else ""),
        field=f"spec.containers[{container.name}].readinessProbe",
        value=probes.describe(probe),
        container=container.name,
        since=_since(pod, started),
        probe=failing_probe("readiness", container, failure),
    )
    yield from other_port(facts, pod, container, failure)


def _not_before(pod: Pod, probe: Probe, started: datetime | None) -> datetime | None:
    """An event from before the failure that took the pod out tells of an older trouble.

    The failures that led to the change came within ``failureThreshold`` periods before it.
    """
    changed = pod.ready_changed
    if changed is not None:
        lead = probe.period_seconds * probe.failure_threshold + probe.timeout_seconds + 10
        changed = later(changed, -lead)
    return max((t for t in (changed, started) if t), default=None)


def _since(pod: Pod, started: datetime | None) -> datetime | None:
    return max((t for t in (pod.ready_changed, started) if t), default=None)


def probe_words(kind: str, container: str, message: str) -> str:
    """``readiness of api answers 503``: the failure in the fewest words that still name the cause."""
    return f"{kind} of {container} {probes.summary(message)}"


# -- gates, node, start ----------------------------------------------------------------------------


def _gates(facts: Facts, pod: Pod) -> Iterator[Cause]:
    ready, containers = pod.condition("Ready"), pod.condition("ContainersReady")
    if containers is None or containers.status != "True":
        return
    # a gate keeps the pod back only since its containers are ready
    since = max(
        (c.last_transition_time for c in (ready, containers) if c and c.last_transition_time), default=None
    )
    for gate in pod.spec.readiness_gates:
        condition = pod.condition(gate.condition_type)
        if _met(condition):
            continue
        yield Cause(
            kind=CauseKind.GATE,
            words=f"readiness gate {gate.condition_type} is closed",
            field=f"status.conditions[{gate.condition_type}]",
            value=f"{condition.status} {condition.message}".strip() if condition else "missing",
            since=since,
            in_progress=not facts.moment.older(since, 60),
        )


def _met(condition: Condition | None) -> bool:
    return condition is not None and condition.status == "True"


def _node(facts: Facts, pod: Pod) -> Iterator[Cause]:
    """Its Node says so; or Ready is False while every container is: the node lifecycle controller's mark."""
    ready, containers = pod.condition("Ready"), pod.condition("ContainersReady")
    node = facts.node(pod)
    of_node = next((c for c in node.status.conditions if c.type == "Ready"), None) if node else None
    proven = of_node is not None and of_node.status != "True"
    marked = (
        ready is not None
        and _met(containers)
        and all(_met(pod.condition(gate.condition_type)) for gate in pod.spec.readiness_gates)
    )
    if not (proven or marked):
        return
    name = pod.spec.node_name or "its node"
    if proven:
        words = f"node {name} is not ready"
    elif of_node is not None:
        words = f"node {name} is ready again, the pod is not yet"
    else:
        words = f"looks as if node {name} is not ready"
    yield Cause(
        kind=CauseKind.NODE,
        words=words,
        field=f"Node/{name} status.conditions[Ready]" if proven else "status.conditions[Ready]",
        value=f"{of_node.status} {of_node.reason}".strip()
        if of_node and proven
        else "False, though ContainersReady is True",
        since=ready.last_transition_time if ready else None,
    )


def _starting(facts: Facts, pod: Pod) -> Iterator[Cause]:
    """None of the others: it has no address yet, its containers are being made, or it warms up."""
    running = [(c, s) for c, s in pod.probed if s is not None and s.state.running]
    if pod.ips and {c.name for c in pod.spec.containers} <= {c.name for c, _ in running}:
        yield from (cause for c, s in running if (cause := _warming_up(facts, c, s)) is not None)
        return
    created = pod.status.start_time or pod.metadata.creation_timestamp
    warning = next((e for e in facts.events(pod) if e.type == "Warning"), None)
    in_progress = not facts.moment.older(created, START_GRACE)
    words = _start_words(pod)
    if warning is not None and not in_progress:
        words = f"{words}: {warning.reason}"
    yield Cause(
        kind=CauseKind.STARTING,
        words=words,
        field="status.phase" if warning is None else f"Event {warning.reason}",
        value=pod.status.phase if warning is None else warning.message,
        since=created,
        until=later(created, START_GRACE) if created and in_progress else None,
        in_progress=in_progress,
    )


def _start_words(pod: Pod) -> str:
    sidecars = {container.name for container in pod.spec.sidecars}
    for status in pod.status.init_container_statuses:
        if status.state.running and status.name not in sidecars:
            return f"init container {status.name} is running"
    waiting = next((s.state.waiting.reason for s in pod.status.container_statuses if s.state.waiting), "")
    return waiting or ("its containers are not started yet" if pod.ips else "has no address yet")


def _warming_up(facts: Facts, container: Container, status: ContainerStatus) -> Cause | None:
    started = status.state.running.started_at if status.state.running else None
    budget = probes.warm_up(container)
    if status.ready or started is None or facts.moment.older(started, budget):
        return None
    return Cause(
        kind=CauseKind.STARTING,
        words=f"{status.name} started, not ready yet{exit_words(status)}",
        field=f"status.containerStatuses[{status.name}].state.running.startedAt",
        value=started.isoformat(),
        container=status.name,
        since=started,
        until=later(started, budget),
        in_progress=True,
    )
