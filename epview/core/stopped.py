"""Containers that do not run: waiting for what will not come by itself, ended, or crashing in a loop.

Reasons: pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go; back-off: kubelet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core.cause import Cause, CauseKind
from epview.core.facts import Facts
from epview.core.objects import ContainerState, ContainerStatus, Pod

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
LOOPING: Final = 2
"""Restarts from which on the kubelet backs off between them: the first one it makes at once."""
BACK_OFF_RESET: Final = 600.0
"""Seconds of running after which the kubelet forgets earlier crashes (twice its longest back-off)."""


def not_running(facts: Facts, pod: Pod) -> Iterator[Cause]:
    sidecars = {container.name for container in pod.spec.sidecars}
    for status in pod.status.init_container_statuses:
        if status.name in sidecars:
            yield from _stopped(facts, pod, status)
        else:
            yield from _init_failure(facts, pod, status)
    for status in pod.status.container_statuses:
        yield from _stopped(facts, pod, status)


def _init_failure(facts: Facts, pod: Pod, status: ContainerStatus) -> Iterator[Cause]:
    """An init container that failed, also while it tries again; one that ended well is done."""
    ended = status.state.terminated
    if ended is None or ended.exit_code:
        yield from _stopped(facts, pod, status, init=True)
    if status.state.running is not None and status.restart_count and not status.ready:
        yield stopped_cause(facts, pod, status, "tries again", init=True)


def _stopped(facts: Facts, pod: Pod, status: ContainerStatus, *, init: bool = False) -> Iterator[Cause]:
    """A container that waits for a reason that will not go by itself, or that has ended.

    Ended with 0 counts too: as long as the pod is not finished, its conditions want every container up.
    """
    waiting, ended = status.state.waiting, status.state.terminated
    if waiting is not None and waiting.reason in NOT_RUNNING_REASONS:
        yield stopped_cause(facts, pod, status, waiting.reason, init=init)
    elif ended is not None:
        yield stopped_cause(facts, pod, status, ended.reason or "terminated", init=init)


def stopped_cause(facts: Facts, pod: Pod, status: ContainerStatus, reason: str, *, init: bool) -> Cause:
    first_pull = reason == "ErrImagePull" and not facts.moment.older(
        pod.status.start_time or pod.metadata.creation_timestamp, 30
    )
    name = f"{'init container ' if init else ''}{status.name}"
    waiting = status.state.waiting
    return Cause(
        kind=CauseKind.NOT_RUNNING,
        words=f"{name}: {reason}{exit_words(status, but=reason)}",
        field=f"status.{'initC' if init else 'c'}ontainerStatuses[{status.name}].state",
        value=(waiting.message if waiting and waiting.message else reason),
        container=status.name,
        since=pod.ready_changed,
        in_progress=first_pull,
    )


def exit_words(status: ContainerStatus, but: str = "") -> str:
    """`` (OOMKilled, exit 137, 5 restarts)``: how the last run ended; "" when nothing is known.

    ``but`` is a reason that was said already.
    """
    ended = _last_end(status.state) or _last_end(status.last_state)
    words = []
    if ended is not None:
        if ended[0] not in ("", "Error", "Completed", but):
            words.append(ended[0])
        words.append(f"exit {ended[1]}")
    if status.restart_count:
        words.append(f"{status.restart_count} restart{'s' if status.restart_count > 1 else ''}")
    return f" ({', '.join(words)})" if words else ""


def _last_end(state: ContainerState) -> tuple[str, int] | None:
    return (state.terminated.reason, state.terminated.exit_code) if state.terminated else None


def crashes(status: ContainerStatus) -> bool:
    """It runs just now between two crashes: the same trouble as CrashLoopBackOff, seen at another second."""
    ended = status.last_state.terminated
    if ended is None or status.restart_count < LOOPING:
        return False
    if ended.started_at is None or ended.finished_at is None:
        return True
    return (ended.finished_at - ended.started_at).total_seconds() < BACK_OFF_RESET
