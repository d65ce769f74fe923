"""YAML and JSON files → plain objects: every document, Lists opened up, nothing executed.

Bad input is a `SourceError` of kind ``usage`` that names file, line and column.
"""

from __future__ import annotations

import codecs
import gc
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import yaml

from epview.sources.archives import MAX_BYTES, SUFFIXES, unpack
from epview.sources.clean import clean_text
from epview.sources.source import Place, SourceError

STDIN: Final = "standard input"
MAX_NODES: Final = 20_000_000
"""Values in all, aliases counted as often as they stand: a few bytes of YAML can mean billions."""
MAX_GROWTH: Final = (1_000_000, 100)
"""From so many values on, aliases may at most multiply what is written by so much."""
MAX_DEPTH: Final = 200
"""libyaml's binding composes by recursion and would run out of the C stack; no object is so deep."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Safe YAML without dates: a label 2024-01-01 is a string to Kubernetes.

    A key that stands twice is an error: two outputs of kubectl without a ``---`` between them would
    otherwise lose the first one.
    """

    _depth = 0

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            mark = parent.start_mark if parent else None
            raise yaml.composer.ComposerError(None, None, "nested too deeply", mark)
        super().descend_resolver(parent, index)

    def ascend_resolver(self) -> None:
        self._depth -= 1
        super().ascend_resolver()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value} stands twice; is a --- missing?", key.start_mark
                    )
                seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


class _Document(NamedTuple):
    """One document, the line it begins at, and those of the items of a List, where they are known."""

    tree: Any
    line: int
    items: tuple[int, ...] = ()


def read(paths: Iterable[str]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every object of the files as (where it stands, object); ``-`` is standard input.

    A folder gives its YAML and JSON files, subfolders too; so does an archive. Lists give their items.
    Documents that are empty are skipped. Raises `SourceError`.
    """
    for path in paths:
        for name, data in _contents(path):
            for document in _documents(name, data):
                yield from _opened(name, document)


def place_name(path: str) -> str:
    """``path`` as people read it."""
    return STDIN if path == "-" else path


def _contents(path: str) -> Iterator[tuple[str, bytes]]:
    if path == "-":
        yield from unpack(place_name(path), _bounded(place_name(path), sys.stdin.buffer))
        return
    for file in _files(path):
        with _readable(str(file)), file.open("rb") as opened:
            data = _bounded(str(file), opened)
        yield from unpack(str(file), data)


def _files(path: str) -> list[Path]:
    place = Path(path)
    if not place.is_dir():
        return [place]
    with _readable(path):
        files = sorted(p for p in place.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    if not files:
        raise SourceError(f"The folder {path} holds no YAML or JSON file.", kind="usage")
    return files


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(
            f"Cannot read {path}: {reason}.", "Name a file, a folder, or - for standard input.", kind="usage"
        ) from None


def _bounded(name: str, file: BinaryIO) -> bytes:
    """All of ``file``, which may be a pipe or a device: its size is known only when it was read."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SourceError(f"{name} is larger than {MAX_BYTES >> 20} MiB.", kind="usage")
    return data


def _documents(name: str, data: bytes) -> Iterator[_Document]:
    text = _text(name, data)
    try:
        with _uncollected():
            documents = _json(text)
        if documents is not None:
            yield from documents
            return
        for document in _yaml(text):
            _measure(name, document.tree)
            yield document
    except yaml.YAMLError as error:
        template = "{{" in text
        hint = "Is it a template? Render it first." if template else "Correct it and try again."
        raise SourceError(f"{name} is not valid YAML: {_where(error)}", hint, kind="usage") from None
    except (RecursionError, ValueError):
        raise SourceError(f"{name} is not YAML that describes objects.", kind="usage") from None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: over a large tree that only grows, it takes most of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _text(name: str, data: bytes) -> str:
    """UTF-8, or UTF-16 with a byte order mark, as some shells write what they redirect."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(
            f"{name} is not text in UTF-8.", "epview reads YAML and JSON.", kind="usage"
        ) from None


def _yaml(text: str) -> Iterator[_Document]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            with _uncollected():
                node = loader.get_node()
                line, items = node.start_mark.line + 1, _items(node)
                document = _Document(loader.construct_document(node), line, items)
            yield document
    finally:
        loader.dispose()


def _items(node: yaml.Node) -> tuple[int, ...]:
    """The lines at which the items of a List begin."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    listed = next((value for key, value in pairs if key.value == "items"), None)
    items = listed.value if isinstance(listed, yaml.SequenceNode) else ()
    return tuple(item.start_mark.line + 1 for item in items)


def _json(text: str) -> list[_Document] | None:
    """JSON, one document after the other, read many times faster than as YAML; None for anything else."""
    decode = json.JSONDecoder().raw_decode
    documents = []
    at, line = _next(text, 0), 1
    while text[at : at + 1] == "{":
        try:
            document, end = decode(text, at)
        except ValueError:
            return None
        documents.append(_Document(document, line))
        start, at = at, _next(text, end)
        line += text.count("\n", start, at)
    return documents if documents and at == len(text) else None


def _next(text: str, at: int) -> int:
    """Where the next character stands that is no white space."""
    while text[at : at + 1].isspace():
        at += 1
    return at


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    problem = clean_text(problem if problem[-1:] in ("?", ".") else f"{problem}.")
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem


def _measure(name: str, document: Any) -> None:
    """Refuse what aliases blow up, or turn into a circle, before anything walks it."""
    sizes: dict[int, int] = {}
    written = 0

    def size(node: Any) -> int:
        nonlocal written
        if not isinstance(node, dict | list):
            written += 1
            return 1
        found = sizes.get(id(node))
        if found == 0:
            raise SourceError(f"{name} holds an alias of something that it is part of.", kind="usage")
        if found is None:
            sizes[id(node)] = 0
            found = 1 + sum(map(size, node.values() if isinstance(node, dict) else node))
            sizes[id(node)] = found
            written += 1
        return found

    total = size(document)
    least, factor = MAX_GROWTH
    if total > MAX_NODES or (total > least and total > factor * written):
        raise SourceError(
            f"{name} means {total:,} values once its aliases are followed: too many.", kind="usage"
        )


_NAMES: Final[dict[type, str]] = {str: "a text", list: "a list"}


def _opened(name: str, document: _Document) -> Iterator[tuple[Place, dict[str, Any]]]:
    tree, place = document.tree, Place(name, document.line)
    if tree is None:
        return
    if not isinstance(tree, dict):
        raise SourceError(
            f"{place} holds {_NAMES.get(type(tree), 'a value')}, not a Kubernetes object.",
            "Each document needs apiVersion, kind and metadata.",
            kind="usage",
        )
    kind = tree.get("kind")
    items = tree.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list | type(None)):
        inner = kind.removesuffix("List")
        for number, item in enumerate(items or ()):
            line = document.items[number] if number < len(document.items) else 0
            found = item if isinstance(item, dict) else {}  # of no kind: it will be counted, not lost
            yield Place(name, line), ({"kind": inner, **found} if inner and found else found)
        return
    if not isinstance(kind, str):
        raise SourceError(
            f"{place} holds a document without a kind.", "Is it a Kubernetes manifest?", kind="usage"
        )
    yield place, tree
