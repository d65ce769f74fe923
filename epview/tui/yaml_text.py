"""Objects as YAML in Lines, keys sorted as kubectl does: keys, values and separators in their roles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from epview.present.text import Line, Role, Span, line

_ENTRY: Final = re.compile(r"(\s*(?:- )*)([^\s:#'\"][^:]*|'[^']*'|\"[^\"]*\"):( .*)?$")


def yaml_lines(documents: Iterable[tuple[str, dict[str, Any] | str]]) -> list[Line]:
    """Each (title, object), or (title, sentence why it cannot be shown), one under the other."""
    out: list[Line] = []
    for title, document in documents:
        out.append(line(Span(f"# {title}", Role.TITLE)))
        if isinstance(document, str):
            out.append(line(Span(f"# {document}", Role.WARNING)))
        else:
            text = yaml.dump(document, Dumper=_DUMPER, sort_keys=True, allow_unicode=True, width=10_000)
            out += [_coloured(each) for each in text.splitlines()]
        out.append(line(Span("---", Role.MUTED)))
    return out[:-1]


_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _coloured(text: str) -> Line:
    entry = _ENTRY.match(text)
    if entry is None:
        return line(text)
    lead, key, value = entry.groups()
    return line(lead, Span(key, Role.ACCENT), Span(":", Role.MUTED), value or "")
