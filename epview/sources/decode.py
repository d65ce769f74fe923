"""Bytes of the API server → Structs: cleaned, typed, and never lost to one odd object.

Lists and watch lines decode straight into `kind.struct`. What does not fit (a null list, a number for
a string) is decoded again untyped and field by field: what still does not fit is left out, the object
stays. Only an object without a name is skipped, and counted.

Sources: Kubernetes API concepts (list pages, watch events, bookmarks), meta/v1 Status.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from epview.core.objects import KINDS, Kind, Object
from epview.sources.clean import clean_json, clean_text, clean_tree
from epview.sources.redact import redact

__all__ = [
    "Page",
    "Status",
    "WatchEvent",
    "clean_json",
    "clean_text",
    "clean_tree",
    "convert_object",
    "decode_list",
    "decode_object",
    "decode_status",
    "decode_watch_line",
    "decode_whole",
    "redact",
]

Bytes = bytes | bytearray

BATCH: Final = 500
# One decode call holds the interpreter lock; a server may send the whole list as one page.
_LARGE: Final = 4 << 20
_MAX_DROPS: Final = 200
_STEP: Final = re.compile(r"\[(\d+|\.\.\.)\]")


class ListMeta(Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_token: str = field(default="", name="continue")
    remaining_item_count: int | None = None


class _Envelope(Struct, frozen=True):
    metadata: ListMeta = ListMeta()
    items: list[Raw] | None = None


class StatusCause(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class StatusDetails(Struct, frozen=True, rename="camel"):
    retry_after_seconds: int = 0
    causes: tuple[StatusCause, ...] | None = None


class Status(Struct, frozen=True):
    """meta/v1 Status: why a request was refused."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


class WatchEvent(Struct, frozen=True):
    """One line of a watch. ``object`` is set for ADDED, MODIFIED, DELETED; ``status`` for ERROR.

    ``resource_version`` is where to resume; it is all that a BOOKMARK tells.
    """

    type: str
    object: Object | None = None
    resource_version: str = ""
    status: Status | None = None


class Page:
    """One page of a list. Iterate `batches` once; `skipped` counts objects without a name till then."""

    __slots__ = ("_items", "_kind", "meta", "skipped")

    def __init__(self, kind: Kind, meta: ListMeta, items: list[Object] | list[Raw]) -> None:
        self._kind = kind
        self._items = items
        self.meta = meta
        self.skipped = 0

    def __len__(self) -> int:
        return len(self._items)

    def batches(self, size: int = BATCH) -> Iterator[list[Object]]:
        """The objects, at most ``size`` at a time; a large page is decoded only as far as it is read."""
        for start in range(0, len(self._items), size):
            batch = []
            for item in self._items[start : start + size]:
                found = item if isinstance(item, Object) else decode_object(self._kind, bytes(item))
                if found is None or not found.metadata.name:
                    self.skipped += 1
                else:
                    batch.append(found)
            yield batch


class _Decoders:
    """The decoders of one kind: an object, a list page, a line of a watch."""

    __slots__ = ("line", "object", "page")

    def __init__(self, kind: Kind) -> None:
        struct = kind.struct
        page: list[Any] = [("items", list[struct]), ("metadata", ListMeta, ListMeta())]  # type: ignore[valid-type]
        line: list[Any] = [("type", str), ("object", struct)]
        self.object: msgspec.json.Decoder[Object] = msgspec.json.Decoder(struct)
        self.page: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.defstruct("Page", page))
        self.line: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.defstruct("WatchLine", line))


# Made here, on the one thread that imports: msgspec prepares a type when it first meets it, and a thread
# that decodes a type which another one is just preparing crashes the interpreter.
_DECODERS: Final = {kind: _Decoders(kind) for kind in KINDS}
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_STATUS: Final = msgspec.json.Decoder(Status)


def decode_list(kind: Kind, raw: Bytes) -> Page:
    """One page of a LIST of ``kind``. Raises ValueError where ``raw`` is no list at all."""
    if len(raw) < _LARGE:
        try:
            page = _DECODERS[kind].page.decode(clean_json(raw))
            return Page(kind, page.metadata, page.items)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # one odd object is enough; item by item below
    try:
        envelope = _ENVELOPE.decode(raw)
        return Page(kind, envelope.metadata, envelope.items or [])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _lenient_list(kind, raw)


def decode_object(kind: Kind, raw: Bytes) -> Object | None:
    """One object of ``kind``; None where ``raw`` is no object. Never raises for what is in it."""
    try:
        return _DECODERS[kind].object.decode(clean_json(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return convert_object(kind, _loose(raw))
    except ValueError:
        return None


def decode_watch_line(kind: Kind, line: Bytes) -> WatchEvent:
    """One line of a watch. Raises ValueError where it is malformed: half a line, no event, too deep."""
    try:
        event = _DECODERS[kind].line.decode(clean_json(line))
        type_, found = event.type, event.object
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        tree = _loose(line)
        type_, body = tree.get("type"), tree.get("object")
        if not isinstance(type_, str) or not isinstance(body, dict):
            raise ValueError("no watch event") from None  # noqa: TRY004 - one error type for all bad input
        if type_ == "ERROR":
            return WatchEvent(type_, status=_status(body))
        found = convert_object(kind, body)
    if type_ == "ERROR":
        tree = _loose(line)
        return WatchEvent(type_, status=_status(tree.get("object")))
    if found is None:
        return WatchEvent(type_)
    version = found.metadata.resource_version
    if type_ == "BOOKMARK" or not found.metadata.name:
        return WatchEvent(type_, resource_version=version)
    return WatchEvent(type_, found, version)


def decode_status(raw: Bytes) -> Status | None:
    """The Status in the body of a refusal; None where the body is something else (a proxy's page)."""
    try:
        return _STATUS.decode(clean_json(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def decode_whole(raw: Bytes) -> dict[str, Any]:
    """A whole object for the YAML view, cleaned and redacted. Raises ValueError where it is none."""
    return redact(_loose(raw))


def convert_object(kind: Kind, tree: Any) -> Object | None:
    """An untyped object → Struct, leaving out what does not fit; None where ``tree`` is no object.

    Expects a cleaned tree; a manifest may come this way too.
    """
    if not isinstance(tree, dict):
        return None
    tree = _without_nulls(tree)
    for _ in range(_MAX_DROPS):
        try:
            return msgspec.convert(tree, kind.struct, strict=False)
        except msgspec.ValidationError as error:
            if not _drop(tree, str(error).rpartition(" - at `$")[2].rstrip("`")):
                return None
        except RecursionError:
            return None
    return None


def _loose(raw: Bytes) -> dict[str, Any]:
    """Untyped and forgiving: bad UTF-8, raw control characters and lone surrogates do not stop it."""
    try:
        tree = clean_tree(json.loads(raw.decode("utf-8", "replace"), strict=False))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(tree, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one error type for all bad input
    return tree


def _lenient_list(kind: Kind, raw: Bytes) -> Page:
    tree = _loose(raw)
    items = tree.get("items") or []
    if not isinstance(items, list):
        raise ValueError("a list without items")  # noqa: TRY004 - one error type for all bad input
    meta = tree.get("metadata")
    try:
        list_meta = msgspec.convert(_without_nulls(meta or {}), ListMeta, strict=False)
    except msgspec.ValidationError:
        list_meta = ListMeta()
    found = [convert_object(kind, item) for item in items]
    page = Page(kind, list_meta, [item for item in found if item is not None])
    page.skipped = found.count(None)
    return page


def _status(tree: Any) -> Status:
    try:
        return msgspec.convert(_without_nulls(tree), Status, strict=False)
    except (msgspec.ValidationError, RecursionError):
        return Status(reason="Unknown")


def _without_nulls(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_nulls(value) for key, value in tree.items() if value is not None}
    if isinstance(tree, list):
        return [_without_nulls(value) for value in tree if value is not None]
    return tree


def _drop(tree: Any, path: str) -> bool:
    """Remove from ``tree`` what msgspec's error path names (``.spec.ports[0].port``); False if it cannot.

    ``[...]`` stands for some value of a mapping: then every value that is no string goes.
    """
    steps = _steps(tree, path)
    if not steps:
        return False
    for step in steps[:-1]:
        tree = tree[step]
    last = steps[-1]
    if last == "...":
        kept = {key: value for key, value in tree.items() if isinstance(value, str)}
        if len(kept) == len(tree):
            return False
        tree.clear()
        tree.update(kept)
        return True
    del tree[last]
    return True


def _steps(tree: Any, path: str) -> list[Any]:
    steps: list[Any] = []
    while path:
        index = _STEP.match(path)
        if index:
            step: Any = "..." if index[1] == "..." else int(index[1])
            path = path[index.end() :]
            if step == "...":
                return [*steps, step] if isinstance(tree, dict) else []
            if not isinstance(tree, list) or step >= len(tree):
                return []
        elif isinstance(tree, dict):
            # Keys may hold dots themselves; the longest one that fits is meant.
            fits = [key for key in tree if isinstance(key, str) and path.startswith(f".{key}")]
            if not fits:
                return []
            step = max(fits, key=len)
            path = path[len(step) + 1 :]
        else:
            return []
        steps.append(step)
        tree = tree[step]
    return steps
