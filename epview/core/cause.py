"""One cause that keeps one pod from being ready, as the rules and the backends table speak of it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from epview.core import probes
from epview.core.objects import Container
from epview.core.view import FailingProbe


class CauseKind(IntEnum):
    """In order: an earlier kind explains a later one."""

    NODE = 1
    HOST_PORT = 2
    UNSCHEDULABLE = 3
    KILLED = 4
    NOT_RUNNING = 5
    STARTUP = 6
    GATE = 7
    PROBE_PORT = 8
    READINESS = 9
    STARTING = 10


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


def failing_probe(kind: str, container: Container, failure: probes.ProbeFailure | None) -> FailingProbe:
    """The container's probe of that kind with its last failure, if an event tells one."""
    probe = probes.of_kind(container, kind)
    described = probes.describe(probe) if probe else ""
    if failure is None:
        return FailingProbe(kind=kind, container=container.name, probe=described)
    return FailingProbe(
        kind=kind,
        container=container.name,
        probe=described,
        message=failure.message,
        count=failure.count,
        first_seen=failure.first_seen,
        last_seen=failure.last_seen,
    )
