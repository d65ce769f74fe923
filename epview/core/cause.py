"""One cause that keeps one pod from being ready, as the rules and the backends table speak of it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from msgspec import Struct

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
