"""Text with a meaning instead of a colour: spans of plain strings, each with a role.

The one currency between `present` and a front end. Nothing here is markup; a front end maps each
role to a style of its own and shows the strings as they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple


class Role(StrEnum):
    """What a piece of text is, not how it looks."""

    PLAIN = ""
    STRONG = "strong"
    MUTED = "muted"
    ERROR = "error"
    WARNING = "warning"
    OK = "ok"
    INFO = "info"
    UNKNOWN = "unknown"
    STALE = "stale"
    ACCENT = "accent"
    KEY = "key"
    TITLE = "title"
    BROKEN = "broken"  # the one place where the eye should land
    MATCH = "match"
    OPEN = "open"  # the one of several panes that is shown


class Span(NamedTuple):
    text: str
    role: Role = Role.PLAIN


Line = tuple[Span, ...]
EMPTY: Final[Line] = ()


def line(*parts: Span | str) -> Line:
    """A Line of spans; a bare string is plain text, an empty one vanishes."""
    spans = (Span(part) if isinstance(part, str) else part for part in parts)
    return tuple(span for span in spans if span.text)


def text_of(spans: Iterable[Span]) -> str:
    """The bare text of a Line."""
    return "".join(span.text for span in spans)


def joined(parts: Sequence[Line], separator: Span) -> Line:
    """The Lines one after the other with ``separator`` between; empty ones are left out."""
    out: list[Span] = []
    for part in parts:
        if part:
            out.extend((separator, *part) if out else part)
    return tuple(out)


def clean(text: str) -> str:
    """``text`` on one line and without anything a terminal could obey.

    Line breaks and tabs become a space; control characters, C1 codes, bidi overrides and lone
    surrogates become ``·``; other invisible format characters vanish, and so does what would only make
    terminals differ about the width of the sign before it. Of endless text the beginning is left.
    """
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    if len(text) > LONGEST:
        return f"{_clean.__wrapped__(text[:LONGEST])}…"  # not worth remembering
    return _clean(text)


LONGEST: Final = 32_768  # of a condition's message, the longest a person is meant to read (metav1.Condition)
_MOST_MARKS: Final = 6  # on one letter: more than any script needs, too few to paint over other lines


@lru_cache(2048)
def _clean(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        shown = char if char.isprintable() and char not in _UNSHOWN else _substitute(char)
        if shown:
            marks = 0 if _char_width(shown) else marks + 1
            if marks <= _MOST_MARKS:
                out.append(shown)
    return "".join(out)


_ZERO_WIDTH: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_MODIFIERS: Final = frozenset(
    chr(code)
    for first, last in ((0xFE00, 0xFE0F), (0x1F3FB, 0x1F3FF), (0xE0100, 0xE01EF))  # variations, skin tones
    for code in range(first, last + 1)
)
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")  # letters by name, blank to the eye
_UNSHOWN: Final = _MODIFIERS | _FILLERS


def _substitute(char: str) -> str:
    if char in "\n\r\t" or unicodedata.category(char) in ("Zs", "Zl", "Zp"):
        return " "
    return "" if char in _ZERO_WIDTH or char in _MODIFIERS else "·"


def cell_width(text: str) -> int:
    """Columns the text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


@lru_cache(4096)
def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf"):
        return 0
    if "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7ff":
        return 0  # Hangul vowels and finals stand within the syllable before them
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def take(text: str, width: int) -> str:
    """The longest beginning of ``text`` that fits into ``width`` cells."""
    return text[: _end(text, 0, width)]


def _end(text: str, start: int, width: int) -> int:
    """Where the longest piece from ``start`` on ends that fits into ``width`` cells."""
    if text.isascii():
        return min(len(text), start + max(0, width))
    used = 0
    for index in range(start, len(text)):
        used += _char_width(text[index])
        if used > width:
            return index
    return len(text)


def take_end(text: str, width: int) -> str:
    """The longest end of ``text`` that fits into ``width`` cells."""
    if text.isascii():
        return text[len(text) - max(0, min(width, len(text))) :]
    return take(text[::-1], width)[::-1]


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """``text`` cut at its end to ``width`` cells, with an ellipsis where something is missing."""
    if cell_width(text) <= width:
        return text
    if width <= len(ellipsis):
        return take(text, width)
    return take(text, width - len(ellipsis)) + ellipsis


def shorten_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """``text`` cut in its middle: generated names differ at their ends, families at their beginnings."""
    if cell_width(text) <= width:
        return text
    if width <= len(ellipsis) + 2:
        return shorten(text, width, ellipsis)
    room = width - len(ellipsis)
    head = take(text, (room + 1) // 2)
    return head + ellipsis + take_end(text, room - cell_width(head))


def wrap(spans: Line, width: int, indent: int = 0) -> list[Line]:
    """``spans`` broken at blanks into Lines of at most ``width`` cells; later lines are indented.

    A word wider than a line is broken where it must be. Always at least one Line.
    """
    if width <= 0:
        return [spans]
    if sum(cell_width(span.text) for span in spans) <= width:
        return [spans]
    return _Wrapper(width, min(indent, width // 2)).run(spans)


class _Wrapper:
    """Greedy line filling over spans; a word may consist of pieces of several spans."""

    def __init__(self, width: int, indent: int) -> None:
        self.width = width
        self.indent = indent
        self.lines: list[Line] = []
        self.current: list[Span] = []
        self.used = 0

    def run(self, spans: Line) -> list[Line]:
        for word in _words(spans):
            self._add(word)
        if self.current or not self.lines:
            self._break()
        return self.lines

    def _add(self, word: list[Span]) -> None:
        size = sum(cell_width(span.text) for span in word)
        blank = word[0].text.isspace()
        if self.used + size > self.width:
            if blank:
                if self.lines or self.used:
                    self._break()
                return
            if self.used > self._start():
                self._break()
        for span in word:
            self._put(span)

    def _put(self, span: Span) -> None:
        """Append a piece, cutting it wherever the line is full."""
        text, start = span.text, 0
        while start < len(text):
            end = _end(text, start, self.width - self.used)
            if end == start and self.used <= self._start():
                end += 1  # not even one fits into a whole line
            if end > start:
                piece = text[start:end]
                self.current.append(Span(piece, span.role))
                self.used += cell_width(piece)
            start = end
            if start < len(text):
                self._break()

    def _start(self) -> int:
        return self.indent if self.lines else 0

    def _break(self) -> None:
        self.lines.append(_merged(self.current))
        self.current = [Span(" " * self.indent)] if self.indent else []
        self.used = self.indent


def _words(spans: Line) -> Iterable[list[Span]]:
    """Runs of blanks and runs of non-blanks, each as the pieces of the spans it covers."""
    word: list[Span] = []
    blank = False
    for span in spans:
        start = 0
        text = span.text
        for index, char in enumerate(text):
            if (char == " ") != blank:
                if index > start:
                    word.append(Span(text[start:index], span.role))
                if word:
                    yield word
                word, start, blank = [], index, char == " "
        if start < len(text):
            word.append(Span(text[start:], span.role))
    if word:
        yield word


def _merged(spans: Sequence[Span]) -> Line:
    out: list[Span] = []
    for span in spans:
        if out and out[-1].role == span.role:
            out[-1] = Span(out[-1].text + span.text, span.role)
        else:
            out.append(span)
    return tuple(out)
