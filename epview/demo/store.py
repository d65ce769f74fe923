"""An object store that behaves like etcd behind a watch cache.

Objects are plain JSON dicts and are never changed in place: `put` replaces, so an `Entry` handed
out stays true for ever. One counter numbers every write of every resource (``resourceVersion``).
Each resource keeps a bounded window of its last events: watches resume inside it, chunked lists
read the past through it, and what fell out of it is answered 410 (the ``Expired`` exception).
"""

from __future__ import annotations

import random
import threading
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from epview.demo.clock import Clock, rfc3339, utc_now
from epview.demo.resources import BY_NAME, Json, Resource, resource_of

WINDOW: Final = 4_000
_HEAD: Final = ("kind", "apiVersion")
_encode: Final = msgspec.json.Encoder().encode

EventType = Literal["ADDED", "MODIFIED", "DELETED"]
PathKey = str  # "namespace/name", or "/name" for cluster scope: the order of etcd's keys


class ExpiredError(Exception):
    """The asked resourceVersion lies before the window. ``oldest`` is the last one that was dropped."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")
        self.oldest = oldest


class Entry(Struct, frozen=True):
    """One object as of one write. ``body`` is its JSON without kind and apiVersion, as in a list."""

    key: PathKey
    obj: Json
    version: int
    body: bytes

    @property
    def namespace(self) -> str:
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        return self.key.partition("/")[2]

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.obj["metadata"].get("labels") or {}
        return labels

    def whole(self, resource: Resource) -> bytes:
        """The JSON of the object alone, as GET and WATCH give it."""
        head = f'{{"kind":"{resource.kind}","apiVersion":"{resource.api_version}",'
        return head.encode() + self.body[1:]


class Event(Struct, frozen=True):
    """One write. ``entry`` is the state after it (of a deletion: the last one), ``before`` the former."""

    type: EventType
    version: int
    entry: Entry
    before: Entry | None


class Snapshot(Struct, frozen=True):
    """All objects of a resource at one resourceVersion, in etcd's order; ``keys`` run parallel."""

    version: int
    keys: Sequence[PathKey]
    entries: Sequence[Entry]


class _Table:
    """One resource's objects and its event window."""

    def __init__(self) -> None:
        self.entries: dict[PathKey, Entry] = {}
        self.events: list[Event] = []
        self.versions: list[int] = []  # of the events, for bisecting
        self.oldest = 0  # the last version that fell out of the window
        self.snapshots: dict[int, Snapshot] = {}  # by number of the last event seen

    def append(self, event: Event, window: int) -> None:
        self.events.append(event)
        self.versions.append(event.version)
        if len(self.events) > window + window // 4:
            self.drop(len(self.events) - window)

    def drop(self, count: int) -> None:
        if count > 0:
            self.oldest = self.versions[count - 1]
            del self.events[:count], self.versions[:count]

    def at(self, version: int) -> dict[PathKey, Entry]:
        """The state at a past version: the present one with the later events undone."""
        if version < self.oldest:
            raise ExpiredError(version, self.oldest)
        state = dict(self.entries)
        for event in reversed(self.events[bisect_right(self.versions, version) :]):
            if event.before is None:
                state.pop(event.entry.key, None)
            else:
                state[event.entry.key] = event.before
        return state


Listener = Callable[[Resource, Event], None]


class Store:
    """Thread safe. ``clock`` stamps creationTimestamps, ``seed`` makes uids repeatable."""

    def __init__(self, clock: Clock = utc_now, *, seed: int | None = None, window: int = WINDOW) -> None:
        self.clock = clock
        self.version = 1000  # a cluster never starts from nothing
        self._window = window
        # another sequence than the one a scenario of the same seed draws its own uids from
        own = None if seed is None else f"store {seed}"
        self._random = random.Random(own)  # noqa: S311 - uids of a demo, not secrets
        self._tables = {name: _Table() for name in BY_NAME}
        self._listeners: list[Listener] = []
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._closed = False

    # -- writing --------------------------------------------------------------------------------

    def put(self, obj: Json) -> Entry:
        """Create or replace an object; it needs kind and metadata.name. The argument is not kept.

        Server-set metadata (uid, creationTimestamp, resourceVersion, generation) is filled in and
        survives a replacement. Writing what is already there changes nothing, as in the real one.
        """
        resource = resource_of(obj)
        with self._lock:
            table = self._tables[resource.name]
            key = path_key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
            before = table.entries.get(key)
            fresh = self._complete({k: v for k, v in obj.items() if k not in _HEAD}, before)
            if before is not None and _same(before.obj, fresh):
                return before
            return self._write(resource, "MODIFIED" if before else "ADDED", key, fresh, before)

    def patch(self, resource: str, namespace: str, name: str, changes: Json) -> Entry:
        """A JSON merge patch (RFC 7396). Raises KeyError where there is no such object."""
        with self._lock:
            before = self._tables[resource].entries[path_key(namespace, name)]
            merged: Json = merge_patch(before.obj, changes)
            return self.put({"kind": BY_NAME[resource].kind, **merged})

    def delete(self, resource: str, namespace: str, name: str) -> Entry | None:
        """Remove an object; the entry returned carries the version of the deletion. None: not there."""
        with self._lock:
            table = self._tables[resource]
            before = table.entries.get(path_key(namespace, name))
            if before is None:
                return None
            return self._write(BY_NAME[resource], "DELETED", before.key, before.obj, before)

    def _complete(self, obj: Json, before: Entry | None) -> Json:
        given = obj["metadata"]
        old = before.obj["metadata"] if before else {}
        meta = {"name": given["name"]}
        meta |= {k: given[k] for k in ("generateName", "namespace") if k in given}
        meta["uid"] = given.get("uid") or old.get("uid") or self._uid()
        meta["resourceVersion"] = ""
        generation = old.get("generation") or given.get("generation")
        if before and generation and any(before.obj.get(k) != obj.get(k) for k in obj if k in _GENERATING):
            generation += 1
        if generation:
            meta["generation"] = generation
        meta["creationTimestamp"] = (
            given.get("creationTimestamp") or old.get("creationTimestamp") or rfc3339(self.clock())
        )
        meta |= {k: v for k, v in given.items() if k not in meta}
        return {"metadata": meta, **{k: v for k, v in obj.items() if k != "metadata"}}

    def _write(
        self, resource: Resource, kind: EventType, key: PathKey, obj: Json, before: Entry | None
    ) -> Entry:
        self.version += 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.version)}}
        entry = Entry(key, obj, self.version, _encode(obj))
        table = self._tables[resource.name]
        if kind == "DELETED":
            del table.entries[key]
        else:
            table.entries[key] = entry
        event = Event(kind, self.version, entry, before)
        table.append(event, self._window)
        for listener in self._listeners:
            listener(resource, event)
        self._changed.notify_all()
        return entry

    def _uid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def compact(self, resource: str | None = None) -> None:
        """Forget the event windows: every older watch and continue token is answered 410 from now on."""
        with self._lock:
            for name, table in self._tables.items():
                if resource in (None, name):
                    table.drop(len(table.events))
                    table.oldest = self.version
                    table.snapshots.clear()
            self._changed.notify_all()

    # -- reading --------------------------------------------------------------------------------

    def get(self, resource: str, namespace: str, name: str) -> Entry | None:
        with self._lock:
            return self._tables[resource].entries.get(path_key(namespace, name))

    def objects(self, resource: str, namespace: str | None = None) -> list[Json]:
        """The present objects in order, of one namespace or of all; not copies, so read only."""
        found = self.snapshot(resource)
        return [entry.obj for entry in in_namespace(found, namespace or "")]

    def snapshot(self, resource: str, version: int | None = None) -> Snapshot:
        """The resource as it is, or as it was at ``version``. Raises `ExpiredError`."""
        with self._lock:
            table = self._tables[resource]
            asked = self.version if version is None else version
            if asked < table.oldest:
                raise ExpiredError(asked, table.oldest)
            seen = bisect_right(table.versions, asked)
            stamp = table.versions[seen - 1] if seen else table.oldest
            known = table.snapshots.get(stamp)
            if known is None:
                state = table.at(asked)
                keys = sorted(state)
                known = Snapshot(asked, keys, [state[key] for key in keys])
                while len(table.snapshots) >= 8:  # a few clients paging at once
                    del table.snapshots[next(iter(table.snapshots))]
                table.snapshots[stamp] = known
            return Snapshot(asked, known.keys, known.entries)

    def events_after(self, resource: str, version: int) -> list[Event]:
        """What happened to a resource since ``version``. Raises `ExpiredError` outside the window."""
        with self._lock:
            table = self._tables[resource]
            if version < table.oldest:
                raise ExpiredError(version, table.oldest)
            return table.events[bisect_right(table.versions, version) :]

    def wait(self, resource: str, version: int, timeout: float) -> list[Event]:
        """Like `events_after`, but waits up to ``timeout`` seconds for something to be there."""
        with self._changed:
            table = self._tables[resource]
            self._changed.wait_for(
                lambda: (
                    self._closed
                    or version < table.oldest
                    or bool(table.versions and table.versions[-1] > version)
                ),
                timeout,
            )
            return self.events_after(resource, version)

    def listen(self, listener: Listener) -> None:
        """Call back on every write, in order, under the store's lock: note it down and return."""
        with self._lock:
            self._listeners.append(listener)

    def close(self) -> None:
        """Wake everyone who waits; `wait` returns at once from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


_GENERATING: Final = ("spec", "endpoints", "ports", "addressType")


def _same(old: Json, new: Json) -> bool:
    """Whether writing ``new``, which has no version yet, would change nothing."""
    return {**old, "metadata": {**old["metadata"], "resourceVersion": ""}} == new


def path_key(namespace: str, name: str) -> PathKey:
    return f"{namespace}/{name}"


def merge_patch(target: Any, changes: Any) -> Any:
    """RFC 7396; the arguments stay untouched."""
    if not isinstance(changes, dict):
        return changes
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def in_namespace(snapshot: Snapshot, namespace: str, start: PathKey = "") -> Sequence[Entry]:
    """The entries of one namespace (``""``: all) from the key ``start`` on."""
    low = bisect_left(snapshot.keys, max(start, f"{namespace}/" if namespace else ""))
    high = bisect_left(snapshot.keys, f"{namespace}0") if namespace else len(snapshot.keys)  # "0" follows "/"
    return snapshot.entries[low:high]


def as_list(objects: Iterable[Json]) -> list[Json]:
    """Objects out of a manifest's documents: a ``kind: List`` (or ``PodList``, …) is taken apart."""
    found: list[Json] = []
    for obj in objects:
        if str(obj.get("kind", "")).endswith("List") and "items" in obj:
            kind = str(obj["kind"]).removesuffix("List")
            found += as_list({"kind": kind, **item} for item in obj["items"])
        else:
            found.append(obj)
    return found
