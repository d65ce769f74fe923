"""What this session has seen change, and when: for verdicts on who is late and on what flaps.

A first list is no change, and neither is what was listed before: with nothing seen the objects' own
timestamps decide. Bounded by the living: one time for each Service, a few for each pod that turned.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from epview.core.changes import Change, Drop, Put, Relist
from epview.core.objects import BY_KIND, Key, Pod
from epview.core.view import ResourceState
from epview.core.world import World

TURNS_KEPT: Final = 16
"""Changes of the Ready condition remembered for one pod."""

_MOVING: Final = ("Service", "Endpoints", "EndpointSlice", "Pod")
"""Kinds that decide who is listed. Events and Nodes come and go without moving an address."""


class History:
    """Told of each change before the world takes it (`foresee`) and after it (`moved`).

    Changes have no time of their own: they are seen when the next View is made (`stamp`).
    """

    def __init__(self) -> None:
        self._changed: dict[Key, datetime] = {}
        self._turns: dict[str, deque[datetime]] = {}
        self._just_changed: set[Key] = set()
        self._just_turned: Counter[str] = Counter()

    # -- queries ------------------------------------------------------------------------------

    def changed(self, service: Key) -> datetime | None:
        """When something that decides who is listed was last seen to change; None: not in this session."""
        return self._changed.get(service)

    def turns(self, uid: str) -> tuple[datetime, ...]:
        """When the Ready condition of a pod was seen to turn, the oldest first."""
        return tuple(self._turns.get(uid, ()))

    # -- changes ------------------------------------------------------------------------------

    def foresee(self, world: World, change: Change) -> bool:
        """Look at what a change does to the world as it is; whether it moves addresses.

        To be called before the world takes it.
        """
        if isinstance(change, ResourceState):
            return _reopens(world, change)
        if change.kind not in _MOVING:
            return False
        namespace = change.namespace if isinstance(change, Relist) else _key(change).namespace
        seen = world.sees(BY_KIND[change.kind].resource, namespace)
        if change.kind != "Pod":
            return seen
        moves = [self._pod(old, new, seen=seen) for old, new in _pods(world, change)]
        return seen and any(moves)

    def moved(self, services: Iterable[Key]) -> None:
        """These Services are touched by a change that `foresee` called moving."""
        self._just_changed.update(services)

    def stamp(self, world: World, now: datetime) -> None:
        """What was seen since the last time happened now, as far as it does not tell its time itself."""
        for key in self._just_changed:
            if key in world.services:
                self._changed[key] = now
            else:
                self._changed.pop(key, None)
        for uid, times in self._just_turned.items():
            self._turns.setdefault(uid, deque(maxlen=TURNS_KEPT)).extend([now] * times)
        self._just_changed.clear()
        self._just_turned.clear()

    def _pod(self, old: Pod | None, new: Pod | None, *, seen: bool) -> bool:
        """One pod that comes, changes or goes; whether that may move its address."""
        same = old is not None and new is not None and old.metadata.uid == new.metadata.uid
        if old is not None and not same:
            self._turns.pop(old.metadata.uid, None)
            self._just_turned.pop(old.metadata.uid, None)
        if old is None or new is None or not same:
            return True
        if seen and old.ready != new.ready:
            self._turn(old, new)
        return _bearing(old) != _bearing(new)

    def _turn(self, old: Pod, new: Pod) -> None:
        """Dated by the condition itself, unless it shows the time of an earlier turn."""
        uid = new.metadata.uid
        before, after = old.condition("Ready"), new.condition("Ready")
        time = after.last_transition_time if after else None
        if time is None or (before is not None and before.last_transition_time == time):
            self._just_turned[uid] += 1
        else:
            self._turns.setdefault(uid, deque(maxlen=TURNS_KEPT)).append(time)


def _key(change: Put | Drop) -> Key:
    return change.object.key if isinstance(change, Put) else change.key


def _pods(world: World, change: Put | Drop | Relist) -> Iterable[tuple[Pod | None, Pod | None]]:
    """Each pod that a change speaks of, as it is and as it will be."""
    if isinstance(change, Put):
        yield world.pods.get(change.object.key), _as_pod(change.object)
    elif isinstance(change, Drop):
        yield world.pods.get(change.key), None
    else:
        fresh = {obj.key: obj for obj in change.objects}
        for key, old in world.pods.items():
            if key not in fresh and change.namespace in ("", key.namespace):
                yield old, None
        for key, obj in fresh.items():
            yield world.pods.get(key), _as_pod(obj)


def _as_pod(obj: object) -> Pod:
    assert isinstance(obj, Pod)
    return obj


def _bearing(pod: Pod) -> tuple[object, ...]:
    """What of a pod's changeable fields the controllers look at; its ports are fixed for its life."""
    return (pod.metadata.labels, pod.ready, pod.terminating, pod.finished, pod.ips, pod.spec.node_name)


def _reopens(world: World, state: ResourceState) -> bool:
    """A broken stream that flows again: what it missed comes now, and the others are ahead of it."""
    if state.resource not in {BY_KIND[kind].resource for kind in _MOVING}:
        return False
    before = world.states.get((state.resource, state.namespace))
    return before is not None and before.usable and before.phase != state.phase
