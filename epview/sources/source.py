"""What every source promises, and what the front ends may know of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from epview.core.changes import Change
from epview.core.objects import Key
from epview.core.view import SourceInfo

Sink = Callable[[Sequence[Change]], None]


class Source(Protocol):
    """A stream of changes about one scope.

    Contract: per object, changes are a subsequence of its true states in order; no promise across
    kinds. Each resource's `ResourceState` is told whenever it changes, LIVE only after its whole
    list was given. The first list of a resource comes as `Put`s page by page, closed by its LIVE
    state; any later list comes as one `Relist`. The sink is called from the source's own threads,
    one batch at a time per resource, and must not block. After `stop` returns, it is called no more.
    """

    def start(self, sink: Sink) -> None:
        """Begin; returns at once. Failures are told as `ResourceState`, never raised."""

    def stop(self) -> None:
        """End all threads and connections. Safe to call twice and before `start`."""

    def info(self) -> SourceInfo:
        """Where the data comes from, as far as it is known by now. Never waits."""

    def now(self) -> datetime:
        """The source's own clock (aware, UTC): the server's time, or the time a dump was taken."""

    def retry(self) -> None:
        """Try again now whatever waits out a back-off."""

    def get(self, kind: str, key: Key) -> dict[str, Any]:
        """The whole object as it is now, for the YAML view. Blocks: call it off the event loop.

        Cleaned and redacted (managedFields, last-applied, env values). Raises `SourceError`.
        """


class SourceError(Exception):
    """What a person can do something about: a sentence on one line, a next step, which kind of failure.

    ``kind`` is ``usage`` (exit code 2) or ``cluster`` (unreachable or refused: 3).
    """

    def __init__(self, message: str, hint: str = "", *, kind: str = "cluster") -> None:
        message = " ".join(message.splitlines()).replace("\t", " ")  # a name in it may hold what it likes
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Place(NamedTuple):
    """Where an object stands in files; line 0: it is not known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class ContextInfo(Protocol):
    """One context of the kubeconfig, as the picker shows it."""

    @property
    def name(self) -> str: ...
    @property
    def cluster(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def server(self) -> str: ...


class Connector(Protocol):
    """Opens sources: what the interface needs to switch context or namespace without a restart."""

    def contexts(self) -> Sequence[ContextInfo]:
        """The contexts to choose from; empty where there is no kubeconfig. Raises `SourceError`."""

    def current(self) -> str:
        """Name of the context in use, ``""`` where there is none (in-cluster, demo, files)."""

    def default_namespace(self, context: str = "") -> str:
        """The namespace kubectl would use in that context (``default`` where nothing is said)."""

    def open(self, context: str, namespaces: tuple[str, ...] | None) -> Source:
        """A new source, not started. ``context=""`` is the current one, ``namespaces=None`` all.

        Raises `SourceError` for an unknown context or an unreadable kubeconfig.
        """
