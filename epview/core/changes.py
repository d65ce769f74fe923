"""What a source says, one value at a time; the world takes them in the order they come."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from epview.core.objects import Key, Object
from epview.core.view import ResourceState


class Put(Struct, frozen=True):
    """An object as it is now (ADDED, MODIFIED, or part of a list)."""

    kind: str
    object: Object


class Drop(Struct, frozen=True):
    """An object is gone. ``uid`` guards a newer object of the same name; ``""`` drops whatever is there."""

    kind: str
    key: Key
    uid: str = ""


class Relist(Struct, frozen=True):
    """A complete new list: what it does not hold is gone. ``namespace=""`` covers all namespaces."""

    kind: str
    namespace: str
    objects: tuple[Object, ...]


Change = Put | Drop | Relist | ResourceState
Changes = Iterable[Change]
