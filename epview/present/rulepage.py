"""The page of a rule in Lines: the same words as ``epview explain`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from epview.core.rule import Rule
from epview.present.text import EMPTY, Line, Role, Span, line, wrap

WIDEST: Final = 88  # longer lines are hard to read, however wide the terminal
CODE: Final = re.compile(r"`([^`]*)`")
UNBROKEN: Final = "\N{NO-BREAK SPACE}"  # half a command is of no use; painted as a blank
_INDENT: Final = 2


def page(rule: Rule, width: int) -> list[Line]:
    """Headings, and paragraphs wrapped to ``width`` cells; code in a colour instead of backticks."""
    width = min(width, WIDEST)
    out: list[Line] = []
    for heading, paragraphs in sections(rule.doc):
        if heading:
            out += [EMPTY, line(Span(heading, Role.TITLE))]
        for number, paragraph in enumerate(paragraphs):
            out += [EMPTY] if number else []
            out += wrap(_spans(paragraph, width - _INDENT), width, _INDENT)
    return out


def sections(doc: str) -> Iterator[tuple[str, list[str]]]:
    """(heading, paragraphs); what stands before the first heading has none."""
    for part in re.split(r"^# ", f"# \n{doc}", flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        yield heading.strip(), [" ".join(text.split()) for text in re.split(r"\n\s*\n", body.strip())]


def _spans(paragraph: str, width: int) -> Line:
    """A command that fits into a line is kept in one."""
    parts = [Span(" " * _INDENT)]
    for number, text in enumerate(CODE.split(paragraph)):
        if number % 2:
            parts.append(Span(text.replace(" ", UNBROKEN) if len(text) <= width else text, Role.ACCENT))
        else:
            parts.append(Span(text))
    return line(*parts)
