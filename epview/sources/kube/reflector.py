"""LIST and WATCH of one resource, for ever.

The contract is that of client-go (`tools/cache/reflector.go`): a first list from the server's cache
(resourceVersion "0"), then watches from the last resourceVersion seen, bookmarks included; a version
that the server forgot means a new list, told as one `Relist`, so that deletions missed are deletions
seen; everything else means waiting and watching on from the same version. Versions are only ever
compared for equality.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from epview.core.changes import Change, Drop, Put, Relist
from epview.core.objects import Kind, Object
from epview.core.view import Phase, ResourceState
from epview.sources.decode import WatchEvent, decode_watch_line
from epview.sources.kube.backoff import Backoff
from epview.sources.kube.clock import Clock
from epview.sources.kube.connection import Client, Session
from epview.sources.kube.dial import Aborted
from epview.sources.kube.errors import (
    ApiError,
    Forbidden,
    Gone,
    NotAllowed,
    NotFound,
    TooLargeVersion,
    Unreachable,
    error_of,
)
from epview.sources.kube.framing import Framer
from epview.sources.kube.pages import Pages
from epview.sources.source import Sink, SourceError

_SHORT_WATCH: Final = 1.0  # client-go: a watch this short and without an event is a failure
_SHORT_IN_A_ROW: Final = 5  # even with events: no watch after watch without a pause
_MALFORMED: Final = 3


@dataclass(frozen=True)
class Timing:
    """Seconds. Bookmarks come about once a minute, so ``silence`` means a dead connection."""

    answer: float = 30.0
    silence: float = 150.0
    probe: float = 60.0  # how often to ask again for what is forbidden or not served
    poll: float = 15.0  # how often to list where watching is not allowed
    polls: int = 4  # lists until watching is tried again


class _GarbageError(SourceError):
    """The stream holds what is no event; its objects must be listed again."""


class Reflector:
    """One resource in one namespace (``None``: all, or cluster scope), on a thread of its own.

    ``on_forbidden`` is asked when the very first list is refused; True ends this reflector (somebody
    else took over).
    """

    def __init__(
        self,
        kind: Kind,
        namespace: str | None,
        client: Client,
        sink: Sink,
        *,
        timing: Timing | None = None,
        chance: random.Random | None = None,
        on_forbidden: Callable[[Reflector, Forbidden], bool] | None = None,
    ) -> None:
        self.kind = kind
        self.namespace = namespace
        self._client = client
        self._clock: Clock = client.clock
        self._sink = sink
        self._timing = timing or Timing()
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._on_forbidden = on_forbidden
        self._backoff = Backoff(self._clock, self._chance)
        self._session: Session = client.session()
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._resting = False
        self._unreached = False  # the latest failure was no answer at all
        self._thread: threading.Thread | None = None
        self._path = kind.path(namespace)

        self._version = ""  # where to resume; "" before the first list
        self._list_version = "0"  # what the next list must at least be as new as; "" for the newest
        self._list_due = True
        self._paged = True
        self._told = False  # objects of a list were given out
        self._listed = False  # a list was given out whole
        self._polls = 0
        self._polling = False
        self._malformed = 0
        self._short = 0
        self.unknown = 0  # events of unknown type, objects without a name
        self.state = ResourceState(kind.resource, namespace or "")

    # -- from other threads ---------------------------------------------------------------------

    def start(self) -> None:
        name = f"epview-{self.kind.resource}"
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end and cut its connection; `join` waits for it."""
        self._stopped.set()
        self._wake.set()
        self._session.abort()

    def join(self, timeout: float) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def retry(self) -> None:
        """End a back-off now."""
        if self._resting:
            self._wake.set()

    def answered(self) -> None:
        """The server answers again, somebody else found out: no need to wait out the silence."""
        if self._unreached:
            self.retry()

    def reconnect(self) -> None:
        """Give the connection up and open another: it may be dead without our knowing."""
        self.retry()
        self._session.interrupt()

    # -- the loop -------------------------------------------------------------------------------

    def run(self) -> None:
        """List and watch until stopped. Survives whatever the server sends."""
        while not self._stopped.is_set():
            try:
                delay = self._step()
            except Aborted:
                break
            except SourceError as error:
                delay = self._failed(error)
            except Exception as error:  # a stream must not die of one odd answer; it says so and goes on
                message = f"Reading {self.kind.resource} failed unexpectedly ({type(error).__name__})."
                delay = self._failed(SourceError(message))
            if delay > 0:
                self._rest(delay)
        self._session.close()

    def _rest(self, seconds: float) -> None:
        self._resting = True
        if not self._stopped.is_set() and self._clock.wait(self._wake, seconds):
            self._backoff.reset()
        self._resting = False
        self._wake.clear()

    def _step(self) -> float:
        """One list or one watch; gives the seconds to wait till the next."""
        if self._list_due:
            self._list()
            self._list_due = False
            return 0.0
        if self._polling:
            self._list_due = True
            self._polls += 1
            if self._polls > self._timing.polls:
                self._polls, self._polling, self._list_due = 0, False, False
                return 0.0
            return self._timing.poll
        return self._watch()

    # -- list -----------------------------------------------------------------------------------

    def _list(self) -> None:
        first = not self._told
        gathered: list[Object] = []
        pending: list[Change] = []
        loaded = 0
        if self.state.phase is Phase.WAITING:
            self._tell(Phase.LISTING)
        pages = Pages(self.kind, self._path, self._session)
        for batch, remaining in pages.read(self._list_version, paged=self._paged):
            loaded += len(batch)
            if not first:
                gathered.extend(batch)
                continue
            if pending:
                self._sink(pending)
            self._told = True
            total = loaded + remaining if remaining is not None else None
            self.state = self._state(Phase.LISTING, loaded=loaded, total=total)
            pending = [*(Put(self.kind.kind, found) for found in batch), self.state]
        if not first:
            pending = [Relist(self.kind.kind, self.namespace or "", tuple(gathered))]
        self.unknown += pages.skipped
        self._told = self._listed = True
        self._version = self._list_version = pages.version
        self._paged = True
        phase = Phase.POLLING if self._polling else Phase.LIVE
        message = "Watching is not allowed: listed again and again." if self._polling else ""
        self.state = self._state(phase, loaded=loaded, total=loaded, message=message)
        self._sink([*pending, self.state])

    # -- watch ----------------------------------------------------------------------------------

    def _watch(self) -> float:
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(self._chance.randint(300, 600)),
        }
        began = self._clock.monotonic()
        pieces = self._session.stream(
            self._path, params, timeout=self._timing.answer, silence=self._timing.silence
        )
        if self.state.phase is not Phase.LIVE:
            self._tell(Phase.LIVE)
        lines = 0
        framer = Framer()
        try:
            with contextlib.closing(pieces):  # type: ignore[type-var]  # a generator
                for piece in pieces:
                    complete = framer.feed(piece)
                    lines += len(complete)
                    self._take(complete)
                    if framer.oversized:
                        message = f"The server sent one of the {self.kind.resource} beyond 32 MB: left out."
                        raise _GarbageError(message)
        except Unreachable:
            # A half line is dropped with the connection; the next watch tells that event again.
            if not lines and self._clock.monotonic() - began < _SHORT_WATCH:
                raise
        if self._clock.monotonic() - began >= _SHORT_WATCH:
            self._short = 0
            return 0.0
        self._short += 1
        if not lines or self._short >= _SHORT_IN_A_ROW:
            place = self._client.target.place
            raise Unreachable(f"{place} ends each watch of {self.kind.resource} at once.")
        return 0.0

    def _take(self, lines: Sequence[bytes]) -> None:
        changes: list[Change] = []
        try:
            for line in lines:
                if line and not line.isspace():
                    self._event(line, changes)
        finally:
            if changes:
                self._sink(changes)

    def _event(self, line: bytes, changes: list[Change]) -> None:
        try:
            event = decode_watch_line(self.kind, line)
        except ValueError:
            self._malformed += 1
            if self._malformed >= _MALFORMED:
                raise _GarbageError(f"The watch of {self.kind.resource} sends what is no event.") from None
            return
        if event.status is not None:
            raise error_of(event.status)
        change = self._change(event)
        if change is not None:
            changes.append(change)
        elif event.type != "BOOKMARK":
            self.unknown += 1
            return
        if event.resource_version:
            self._version = event.resource_version

    def _change(self, event: WatchEvent) -> Change | None:
        found = event.object
        if found is None:
            return None
        if event.type in ("ADDED", "MODIFIED"):
            return Put(self.kind.kind, found)
        if event.type == "DELETED":
            return Drop(self.kind.kind, found.key, found.metadata.uid)
        return None

    # -- failures -------------------------------------------------------------------------------

    def _failed(self, error: SourceError) -> float:
        """What a failure means for the next step; gives the seconds to wait, and tells the state."""
        self._unreached = isinstance(error, Unreachable)
        if isinstance(error, Gone | TooLargeVersion) and self._expired(error):
            return 0.0
        if isinstance(error, _GarbageError):
            self._list_due, self._malformed = True, 0
        if isinstance(error, Forbidden | NotAllowed) and not self._list_due:
            # Listing may still be allowed, and is the better witness of what is.
            self._polling = self._list_due = True
            return 0.0
        if isinstance(error, Forbidden) and not self._listed and self._handed_over(error):
            return 0.0
        if isinstance(error, Forbidden):  # the list as well: it was not about watching
            self._polling = False
        delay = self._delay(error)
        phase = Phase.STALE if self._listed else Phase.FAILED
        if isinstance(error, NotFound | NotAllowed):
            self._list_due = True
            phase = Phase.GONE
        elif isinstance(error, Forbidden) and not self._listed:
            phase = Phase.FORBIDDEN
        self._tell(phase, str(error), delay)
        return delay

    def _expired(self, error: ApiError) -> bool:
        """The server forgot our version, or never had it: list anew, and at once if that is new."""
        if not self._list_due:
            self._list_due = True
            self._list_version = self._version if isinstance(error, Gone) else ""
            self._tell(Phase.STALE, "The server has forgotten where the watch stood: listing again.")
            return True
        if not self._list_version and not (self._paged and isinstance(error, Gone)):
            return False
        if isinstance(error, Gone):  # perhaps a continue token that is too old: in one piece
            self._paged = False
        self._list_version = ""
        return True

    def _handed_over(self, error: Forbidden) -> bool:
        if self._on_forbidden is None or not self._on_forbidden(self, error):
            return False
        self._stopped.set()
        self._tell(Phase.FORBIDDEN, str(error))
        return True

    def _delay(self, error: SourceError) -> float:
        if isinstance(error, Forbidden | NotFound | NotAllowed):
            return self._timing.probe
        asked = error.retry_after if isinstance(error, ApiError) else 0.0
        if asked:
            return asked * (1 + 0.1 * self._chance.random())
        return self._backoff.next()

    # -- states ---------------------------------------------------------------------------------

    def _state(
        self,
        phase: Phase,
        *,
        message: str = "",
        loaded: int | None = None,
        total: int | None = None,
        delay: float = 0.0,
    ) -> ResourceState:
        now = self._client.server_now()
        before = self.state
        return ResourceState(
            self.kind.resource,
            self.namespace or "",
            phase,
            before.loaded if loaded is None else loaded,
            before.total if loaded is None else total,
            before.since if phase is before.phase else now,
            message,
            now + timedelta(seconds=delay) if delay else None,
        )

    def _tell(self, phase: Phase, message: str = "", delay: float = 0.0) -> None:
        state = self._state(phase, message=message, delay=delay)
        if state != self.state:
            self.state = state
            self._sink([state])
