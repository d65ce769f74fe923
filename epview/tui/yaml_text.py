"""Objects as YAML in Lines, keys sorted as kubectl does: keys, values and separators in their roles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from epview.present.text import Line, Role, Span, line
from epview.sources.clean import clean_tree

_ENTRY: Final = re.compile(r"(\s*(?:- )*)([^\s:#'\"][^:]*|'[^']*'|\"[^\"]*\"):( .*)?$")


def yaml_lines(documents: Iterable[tuple[str, dict[str, Any] | str]]) -> list[Line]:
    """Each (title, object), or (title, sentence why it cannot be shown), one under the other."""
    out: list[Line] = []
    for title, document in documents:
        out.append(line(Span(f"# {title}", Role.TITLE)))
        text = document if isinstance(document, str) else _dumped(document)
        if isinstance(text, str):
            out.append(line(Span(f"# {text}", Role.WARNING)))
        else:
            out += [_coloured(each) for each in text]
        out.append(line(Span("---", Role.MUTED)))
    return out[:-1]


def _dumped(document: dict[str, Any]) -> list[str] | str:
    """The lines of it, or a sentence why there are none. What was sent may be no real object."""
    try:
        text: str = yaml.dump(
            clean_tree(document), Dumper=_DUMPER, sort_keys=True, allow_unicode=True, width=10_000
        )
    except RecursionError:
        return "It is nested too deep to be shown."
    return text.splitlines()


_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _coloured(text: str) -> Line:
    entry = _ENTRY.match(text)
    if entry is None:
        return line(text)
    lead, key, value = entry.groups()
    return line(lead, Span(key, Role.ACCENT), Span(":", Role.MUTED), value or "")
