"""Which columns a table shows, how wide, and a row's cells cut to fit. Pure; knows no screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from epview.present.columns import Column, visible
from epview.present.frame import Frame
from epview.present.text import Role, Span, cell_width, clean, shorten, shorten_middle, take

R = TypeVar("R")

GAP: Final = 2
MARGIN: Final = 2  # the cursor's mark and a blank
_SAMPLE: Final = 400  # rows measured at once; further ones when they come into sight


class ColumnLayout(Generic[R]):
    """Widths only grow while the table keeps its width, so that nothing jumps while one scrolls."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        self.columns = tuple(columns)
        self.shown: list[tuple[Column[R], int]] = []
        self._wanted: dict[str, int] = {}

    def arrange(self, width: int) -> None:
        """Fit the columns into ``width`` cells, the margin included."""
        self.shown = visible(self.columns, width - MARGIN, self._wanted, GAP)

    def forget(self) -> None:
        self._wanted.clear()
        self.shown = []

    def measure(self, rows: Iterable[R], frame: Frame) -> bool:
        """Take the rows' widths in; True where the columns have to be arranged anew."""
        grown = not self.shown
        for number, row in enumerate(rows):
            if number >= _SAMPLE:
                break
            for column in self.columns:
                known = self._wanted.get(column.id, 0)
                if known >= column.most:
                    continue
                width = cell_width(column.cell(row, frame).text)
                if width > known:
                    self._wanted[column.id] = width
                    taken = max(column.width, len(column.title), column.comfort if column.flex else 0)
                    grown = grown or width > taken
        return grown

    def header(self, frame: Frame, sorted_by: Column[R] | None, *, reverse: bool) -> list[Span]:
        """The titles, the sorted one with an arrow."""
        spans = [Span(" " * MARGIN)]
        for column, width in self.shown:
            title = column.title
            if column is sorted_by:
                title = f"{frame.glyphs.down if reverse else frame.glyphs.up}{title}"
            if column.short == "cut" and cell_width(title) > width:
                title = ""
            text = take(title, width)
            pad = " " * (width - cell_width(text))
            role = Role.ACCENT if column is sorted_by else Role.MUTED
            spans.append(Span((pad + text if column.right else text + pad) + " " * GAP, role))
        return spans

    def cells(self, row: R, frame: Frame) -> list[Span]:
        """The row's cells, each in the width of its column."""
        spans = []
        shown = {column.id for column, _ in self.shown}
        gone = "".join(each.gone(row, frame) for each in self.columns if each.gone and each.id not in shown)
        for column, width in self.shown:
            cell = column.cell(row, frame)
            lead = gone if column.flex else ""
            text = lead + cell.text
            if column.brief is not None and cell_width(text) > width:
                text = lead + column.brief(row, frame, width - cell_width(lead))
            spans.append(Span(fit(text, column, width, frame) + " " * GAP, cell.role))
        return spans

    def at(self, x: int) -> Column[R] | None:
        """The column below cell ``x`` of a line."""
        start = MARGIN
        for column, width in self.shown:
            if start <= x < start + width + GAP:
                return column
            start += width + GAP
        return None


def fit(text: str, column: Column[Any], width: int, frame: Frame) -> str:
    """The text in exactly ``width`` cells, cut as the column wants it."""
    text = clean(text)
    size = cell_width(text)
    if size > width:
        ellipsis = frame.glyphs.ellipsis
        if column.short == "middle":
            text = shorten_middle(text, width, ellipsis)
        elif column.short == "cut":
            text = _words_within(text, width)
        else:
            text = shorten(text, width, ellipsis)
        size = cell_width(text)
    pad = " " * (width - size)
    return pad + text if column.right else text + pad


def _words_within(text: str, width: int) -> str:
    """As many whole words as fit; of a first word too wide its beginning."""
    while cell_width(text) > width and " " in text:
        text = text.rpartition(" ")[0]
    return take(text, width)
