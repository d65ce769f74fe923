"""YAML and JSON files → plain objects: every document, Lists opened up, nothing executed.

Bad input is a `SourceError` of kind ``usage`` that names file, line and column.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from epview.sources.clean import clean_text
from epview.sources.source import SourceError

MAX_BYTES: Final = 512 << 20
MAX_NODES: Final = 20_000_000
"""Values in all, aliases counted as often as they stand: a few bytes of YAML can mean billions."""
MAX_GROWTH: Final = (1_000_000, 100)
"""From so many values on, aliases may at most multiply what is written by so much."""
SUFFIXES: Final = (".yaml", ".yml", ".json")

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Safe YAML without dates: a label 2024-01-01 is a string to Kubernetes.

    A key that stands twice is an error: two outputs of kubectl without a ``---`` between them would
    otherwise lose the first one.
    """

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


def read(paths: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the files as (where it came from, object); ``-`` is standard input.

    A folder gives its YAML and JSON files, subfolders too. Lists give their items. Documents that
    are empty are skipped. Raises `SourceError`.
    """
    for path in paths:
        for name, data in _contents(path):
            for document in _documents(name, data):
                yield from ((name, obj) for obj in _opened(name, document))


def place_name(path: str) -> str:
    """``path`` as people read it."""
    return "standard input" if path == "-" else path


def _contents(path: str) -> Iterator[tuple[str, bytes]]:
    if path == "-":
        yield place_name(path), sys.stdin.buffer.read(MAX_BYTES + 1)
        return
    place = Path(path)
    try:
        if place.is_dir():
            files = sorted(p for p in place.rglob("*") if p.suffix in SUFFIXES and p.is_file())
            if not files:
                raise SourceError(f"The folder {path} holds no YAML or JSON file.", kind="usage")
        else:
            files = [place]
        for file in files:
            if file.stat().st_size > MAX_BYTES:
                raise SourceError(f"{file} is larger than {MAX_BYTES >> 20} MiB.", kind="usage")
            yield str(file), file.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(
            f"Cannot read {path}: {reason}.", "Name a file, a folder, or - for standard input.", kind="usage"
        ) from None


def _documents(name: str, data: bytes) -> Iterator[Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(
            f"{name} is not text in UTF-8.", "epview reads YAML and JSON.", kind="usage"
        ) from None
    try:
        if (documents := _json(text)) is not None:
            yield from documents
            return
        for document in yaml.load_all(text, Loader=_Loader):
            _measure(name, document)
            yield document
    except yaml.YAMLError as error:
        raise SourceError(
            f"{name} is not valid YAML: {_where(error)}", "Correct it and try again.", kind="usage"
        ) from None
    except (RecursionError, ValueError):
        raise SourceError(f"{name} is not YAML that describes objects.", kind="usage") from None


def _json(text: str) -> list[Any] | None:
    """JSON, one document after the other, read many times faster than as YAML; None for anything else."""
    decode = json.JSONDecoder().raw_decode
    documents = []
    at = _next(text, 0)
    while text[at : at + 1] == "{":
        try:
            document, end = decode(text, at)
        except ValueError:
            return None
        documents.append(document)
        at = _next(text, end)
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


def _opened(name: str, document: Any) -> Iterator[dict[str, Any]]:
    if document is None:
        return
    if not isinstance(document, dict):
        raise SourceError(
            f"{name} holds a {type(document).__name__}, not a Kubernetes object.",
            "Each document needs apiVersion, kind and metadata.",
            kind="usage",
        )
    kind = document.get("kind")
    items = document.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list | type(None)):
        inner = kind.removesuffix("List")
        for item in items or ():
            if isinstance(item, dict):
                yield {"kind": inner, **item} if inner else item
        return
    if not isinstance(kind, str):
        raise SourceError(
            f"{name} holds a document without a kind.", "Is it a Kubernetes manifest?", kind="usage"
        )
    yield document
