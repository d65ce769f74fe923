"""WATCH: a stream of events, from a version or from the initial state, with bookmarks.

The events of a selector's watch follow apiserver pkg/storage/cacher: an object that stops matching
is DELETED for that watch, one that starts matching is ADDED.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from epview.demo.lists import check_versions, selectors_of
from epview.demo.requests import Request, Route
from epview.demo.resources import Json
from epview.demo.selectors import Predicate
from epview.demo.status import ApiError, expired, too_large_version
from epview.demo.store import Entry, Event, ExpiredError, Snapshot, Store, in_namespace
from epview.demo.tables import table

BOOKMARK_SECONDS: Final = 60.0
IDLE_SECONDS: Final = 0.5  # how often a silent stream looks whether its client is still there
_encode: Final = msgspec.json.Encoder().encode


class WatchOptions(Struct, frozen=True):
    """What a WATCH asks for, checked."""

    where: Route
    test: Predicate | None
    version: int  # where to begin; 0: with the present state
    initial: bool
    mark_initial: bool
    bookmarks: bool
    seconds: float
    as_table: bool
    include: str


def watch_options(store: Store, where: Route, request: Request) -> WatchOptions:
    """Read and check the options of a WATCH. Raises `ApiError`."""
    check_versions(request)
    version = int(request.version or 0)
    streaming = "sendInitialEvents" in request.query
    initial = request.flag("sendInitialEvents") if streaming else version == 0
    bookmarks = request.flag("allowWatchBookmarks")
    seconds = request.number("timeoutSeconds")
    return WatchOptions(
        where=where,
        test=selectors_of(where, request),
        version=version or store.version,
        initial=initial,
        mark_initial=streaming and initial and bookmarks,
        bookmarks=bookmarks,
        seconds=float(seconds) if seconds else random.uniform(1800, 3600),  # noqa: S311 - as --min-request-timeout
        as_table=request.wants_table,
        include=request.query.get("includeObject", "Metadata"),
    )


class _Writer:
    """Turns events into lines of the stream, as objects or as one-row tables."""

    def __init__(self, store: Store, options: WatchOptions) -> None:
        self._store = store
        self._options = options
        self._resource = options.where.resource
        self._head = True

    def line(self, kind: str, entry: Entry) -> bytes:
        if not self._options.as_table:
            return _line(kind, entry.whole(self._resource))
        metadata = {"resourceVersion": str(entry.version)}
        return _line(kind, _encode(self._table([entry.obj], metadata)))

    def bookmark(self, version: int, *, initial_end: bool = False) -> bytes:
        metadata: Json = {"resourceVersion": str(version)}
        if initial_end:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        if self._options.as_table:
            return _line("BOOKMARK", _encode(self._table([], metadata)))
        head = {"kind": self._resource.kind, "apiVersion": self._resource.api_version}
        return _line("BOOKMARK", _encode({**head, "metadata": metadata, **self._resource.blank}))

    def _table(self, objects: list[Json], metadata: Json) -> Json:
        found = table(
            self._resource,
            objects,
            self._store.clock(),
            metadata,
            include=self._options.include,
            header=self._head,
        )
        self._head = False
        return found


def _line(kind: str, body: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), body)


def _error(error: ApiError) -> bytes:
    return _line("ERROR", _encode(error.status))


def stream(store: Store, options: WatchOptions, *, bookmark_seconds: float) -> Iterator[bytes]:
    """The lines of a watch until its time is up; ``b""`` where nothing happened for a moment."""
    writer = _Writer(store, options)
    resource = options.where.resource.name
    if options.version > store.version:
        yield _error(too_large_version(options.version, store.version))
        return
    version = options.version
    if options.initial:
        snapshot = store.snapshot(resource)
        version = snapshot.version
        yield from _initial(snapshot, options, writer)
        if options.mark_initial:
            yield writer.bookmark(version, initial_end=True)
    yield from _follow(store, options, writer, version, bookmark_seconds)


def _initial(snapshot: Snapshot, options: WatchOptions, writer: _Writer) -> Iterator[bytes]:
    """ADDED for each object, some hundred lines at a time."""
    entries = in_namespace(snapshot, options.where.namespace)
    entries = [entry for entry in entries if options.test is None or options.test(entry)]
    for start in range(0, len(entries), 250):
        yield b"".join(writer.line("ADDED", entry) for entry in entries[start : start + 250])


def _follow(
    store: Store, options: WatchOptions, writer: _Writer, version: int, bookmark_seconds: float
) -> Iterator[bytes]:
    resource = options.where.resource.name
    end = time.monotonic() + options.seconds
    next_bookmark = time.monotonic() + bookmark_seconds
    while (now := time.monotonic()) < end:
        current = store.version  # read before the events: a bookmark must not promise more than was sent
        try:
            wait = max(0.0, min(IDLE_SECONDS, end - now, next_bookmark - now))
            events = store.wait(resource, version, wait)
        except ExpiredError as error:
            yield _error(expired(str(error)))
            return
        version = events[-1].version if events else max(version, current)
        yield b"".join(_lines(events, options, writer))
        if options.bookmarks and time.monotonic() >= next_bookmark:
            next_bookmark = time.monotonic() + bookmark_seconds
            yield writer.bookmark(version)
    if options.bookmarks:  # a last one, so that the next watch starts where this one ended
        yield writer.bookmark(version)


def _lines(events: list[Event], options: WatchOptions, writer: _Writer) -> Iterator[bytes]:
    for event in events:
        if options.where.namespace and event.entry.namespace != options.where.namespace:
            continue
        kind = _seen_as(event, options.test)
        if kind:
            yield writer.line(kind, event.entry)


def _seen_as(event: Event, test: Predicate | None) -> str:
    """How a watch with a selector sees an event; ``""``: not at all."""
    if test is None:
        return event.type
    before = event.before is not None and test(event.before)
    after = event.type != "DELETED" and test(event.entry)
    if after:
        return "MODIFIED" if before else "ADDED"
    return "DELETED" if before else ""
