"""From a source to Views: one thread owns the world, the screens get frozen values.

The source's threads only put batches into an `Inbox`. The feed's own thread applies them, asks for a
View at most ``rate`` times a second, and hands it over. It makes no new View before the last one was
taken, so a slow terminal never builds a queue; nothing runs while nothing changes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from time import monotonic
from typing import Final, Protocol, TypeVar

from epview.core.changes import Change
from epview.core.objects import Key
from epview.core.view import SourceInfo, View
from epview.core.world import World
from epview.sources.source import Source

T = TypeVar("T")
RATE: Final = 10.0  # Views a second at most; the eye sees no more, and a remote terminal pays for each
MOST: Final = 64  # Services judged anew for one View: when more change at once, the rest follow in turn
_LONGEST_WAIT: Final = 3600.0


class Projects(Protocol):
    """The part of `Projector` that a feed needs."""

    @property
    def world(self) -> World: ...
    @property
    def due(self) -> datetime | None: ...
    @property
    def backlog(self) -> bool: ...
    def apply(self, changes: Iterable[Change]) -> None: ...
    def project(
        self, now: datetime, info: SourceInfo, first: Collection[Key] = (), most: int | None = None
    ) -> View: ...


class Inbox:
    """Where a source leaves its batches. ``put`` is a `Sink`: it never blocks."""

    def __init__(self) -> None:
        self._batches: deque[Sequence[Change]] = deque()
        self.wake = threading.Event()

    def put(self, batch: Sequence[Change]) -> None:
        self._batches.append(batch)
        self.wake.set()

    def take(self) -> list[Change]:
        """All changes that have come in so far, in order."""
        changes: list[Change] = []
        while self._batches:
            changes.extend(self._batches.popleft())
        return changes


class Feed:
    """One source on its way to the screen.

    Give an ``inbox`` whose ``put`` a started source already uses as its sink; without one the feed
    starts the source itself.
    """

    def __init__(
        self,
        source: Source,
        *,
        inbox: Inbox | None = None,
        projector: Projects | None = None,
        rate: float = RATE,
    ) -> None:
        self.source = source
        self.first: frozenset[Key] = frozenset()  # what is in sight waits for nothing else
        self._started = inbox is not None
        self._inbox = inbox or Inbox()
        self._projector = projector or _new_projector()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._interval = 1.0 / rate
        self._paused = False
        self._last: View | None = None
        self._awaited = False  # a View is on its way to the screen
        self._dirty = True
        self._earliest = 0.0
        self._deliver: Callable[[View], None] = lambda _: None
        self._fail: Callable[[BaseException], None] = lambda _: None
        self._thread = threading.Thread(target=self._guarded, name="epview-feed", daemon=True)

    def start(self, deliver: Callable[[View], None], fail: Callable[[BaseException], None]) -> None:
        """Begin. ``deliver`` gets each View, ``fail`` an unexpected error; both on the feed's thread."""
        self._deliver = deliver
        self._fail = fail
        if not self._started:
            self._started = True
            self.source.start(self._inbox.put)
        self._thread.start()

    def stop(self) -> None:
        """End the source and the thread. Blocks for as long as the source does; safe to call twice."""
        self._stop.set()
        self._inbox.wake.set()
        self.source.stop()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def taken(self) -> None:
        """The last View has reached the screen: the next one may be made."""
        self._awaited = False
        self._inbox.wake.set()

    def pause(self) -> None:
        """Keep taking in changes but make no View (the screen is frozen or hidden)."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._dirty = True
        self._inbox.wake.set()

    def now(self) -> datetime:
        return self.source.now()

    def query(self, ask: Callable[[World], T]) -> T:
        """What ``ask`` finds in the world, under the lock. May wait for a View in the making, so call
        it off the event loop; ``ask`` must not keep the world's tables.
        """
        with self._lock:
            return ask(self._projector.world)

    # -- the thread ---------------------------------------------------------------------------

    def _guarded(self) -> None:
        try:
            self._run()
        except Exception as error:  # a defect must be seen, not leave a screen that stands still
            self._fail(error)

    def _run(self) -> None:
        wake = self._inbox.wake
        while not self._stop.is_set():
            wake.wait(self._patience())
            wake.clear()
            hurry = self._earliest - monotonic()
            if hurry > 0 and self._stop.wait(hurry):  # let more come in, then take all at once
                return
            self._step()

    def _patience(self) -> float | None:
        """Seconds until something is to be done without anything coming in; None for ever."""
        if self._paused or self._awaited:
            return None
        if self._dirty:
            return 0.0
        due = self._projector.due
        if due is None:
            return None
        return min(_LONGEST_WAIT, max(0.0, (due - self.source.now()).total_seconds()))

    def _step(self) -> None:
        began = monotonic()
        changes = self._inbox.take()
        if changes:
            with self._lock:
                self._projector.apply(changes)
            self._dirty = True
        due = self._projector.due
        if due is not None and due <= self.source.now():
            self._dirty = True
        if not self._dirty or self._paused or self._awaited or self._stop.is_set():
            return
        with self._lock:
            view = self._projector.project(self.source.now(), self.source.info(), self.first, MOST)
        self._dirty = self._projector.backlog
        if view is self._last:
            return
        self._last = view
        self._awaited = True
        self._earliest = began + self._interval
        self._deliver(view)


def _new_projector() -> Projects:
    from epview.core.projector import Projector

    return Projector()
