"""The one table of epview: virtual, keyed, and as cheap as what changed on the screen.

Rows live in a `RowModel`; only the lines in sight are ever built, and only those that look different
are painted again. The cursor belongs to an object, not to a line number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from epview.present.columns import Column
from epview.present.frame import Frame
from epview.present.text import Role, Span
from epview.tui import actions
from epview.tui.widgets.column_layout import MARGIN, ColumnLayout
from epview.tui.widgets.painting import painter_of
from epview.tui.widgets.row_model import Falling, RowModel

K = TypeVar("K")
R = TypeVar("R")

Look = tuple[tuple[Span, ...], bool]  # a line as it looks: its spans, and whether it is selected


class KeyedTable(ScrollView, Generic[K, R], can_focus=True):
    """A list of ``R`` by key ``K``, shown in ``columns``."""

    DEFAULT_CSS = """
    KeyedTable {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    ALLOW_SELECT = False
    BINDINGS = actions.bindings("table")

    @dataclass
    class Highlighted(Message):
        """Another row is under the cursor; ``key`` is None where there are no rows."""

        table: KeyedTable[Any, Any]
        key: Any

        @property
        def control(self) -> KeyedTable[Any, Any]:
            return self.table

    @dataclass
    class Chosen(Message):
        """Enter or a double click on a row."""

        table: KeyedTable[Any, Any]
        key: Any

        @property
        def control(self) -> KeyedTable[Any, Any]:
            return self.table

    @dataclass
    class Sorted(Message):
        """The order was changed by a key or a click on a title."""

        table: KeyedTable[Any, Any]

        @property
        def control(self) -> KeyedTable[Any, Any]:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        order: Callable[[R], Any],
        frame: Frame,
        empty: str = "",
        marked: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """``order`` is the sort without a chosen column; ``empty`` what to say where nothing is to show.

        ``marked``: the cursor shows its mark without the focus too.
        """
        super().__init__(id=id)
        self._layout = ColumnLayout(columns)
        self._order = order
        self.frame = frame
        self.empty = empty
        self._marked = marked
        self.model: RowModel[K, R] = RowModel(order)
        self.sorted_by: Column[R] | None = None
        self.reverse = False
        self._test: Callable[[R], bool] | None = None
        self._cursor: K | None = None
        self._at = 0
        self._held = False  # a person chose the row: the cursor follows it from then on
        self._looks: dict[int, Look] = {}

    # -- what is shown ------------------------------------------------------------------------

    def show(self, rows: Mapping[K, R], frame: Frame, changed: Iterable[K] | None = None) -> None:
        """Take new rows. ``changed`` names every key that differs from the last call, None for all."""
        self.frame = frame
        if changed is None:
            self._layout.measure(rows.values(), frame)
        self.model.load(rows, changed)
        self._settle()

    def retime(self, frame: Frame) -> None:
        """Only time has passed: ages in sight may read differently."""
        self.frame = frame
        self._repaint()

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        if tuple(columns) != self._layout.columns:
            self._layout.columns = tuple(columns)
            if self.sorted_by not in columns:
                self.sorted_by = None
            self._relayout()

    def set_test(self, test: Callable[[R], bool] | None) -> None:
        """Show only the rows that pass."""
        self._test = test
        self._arrange()

    @property
    def filtered(self) -> bool:
        return self._test is not None

    def rearrange(self) -> None:
        """The default order or the test judge differently now."""
        self._arrange()

    def forget(self) -> None:
        """Start afresh: no rows, the cursor at the top, widths unmeasured."""
        self._held, self._cursor, self._at = False, None, 0
        self._layout.forget()
        self.scroll_to(y=0, animate=False)
        self.model.load({})
        self._settle()

    def sort_by(self, letter: str) -> bool:
        """Sort by the column of that letter; again turns it round, a third time ends it.

        False where no column has the letter.
        """
        column = next((each for each in self._layout.columns if each.key == letter and each.sort), None)
        if column is None:
            return False
        if self.sorted_by is not column:
            self.sorted_by, self.reverse = column, column.descending
        elif self.reverse == column.descending:
            self.reverse = not self.reverse
        else:
            self.sorted_by = None
        self._arrange()
        self.post_message(self.Sorted(self))
        return True

    def unsort(self) -> None:
        """Back to the order without a chosen column."""
        self.sorted_by = None
        self._arrange()
        self.post_message(self.Sorted(self))

    def _arrange(self) -> None:
        self.model.arrange(self._sort_key(), self._test)
        self._looks.clear()
        self._settle()
        self.refresh()

    def _sort_key(self) -> Callable[[R], Any]:
        column = self.sorted_by
        if column is None or column.sort is None:
            return self._order
        sort = column.sort
        return (lambda row: Falling(sort(row))) if self.reverse else sort

    # -- the cursor ---------------------------------------------------------------------------

    @property
    def cursor_key(self) -> K | None:
        return self._cursor

    @property
    def cursor_row(self) -> R | None:
        return None if self._cursor is None else self.model.rows.get(self._cursor)

    def move_to(self, key: K) -> bool:
        """Put the cursor on a row; False where it is not to be seen."""
        at = self.model.position(key)
        if at is None:
            return False
        self._go(at)
        return True

    def _go(self, at: int) -> None:
        if not len(self.model):
            return
        self._held = True
        self._at = max(0, min(at, len(self.model) - 1))
        self._place(self.model.key_at(self._at))
        self._into_sight()
        self._repaint()

    def _place(self, key: K | None) -> None:
        if key != self._cursor:
            self._cursor = key
            self.post_message(self.Highlighted(self, key))

    @property
    def in_sight(self) -> frozenset[K]:
        """The keys of the rows that can be seen."""
        top = int(self.scroll_offset.y)
        bottom = min(len(self.model), top + self._page)
        return frozenset(self.model.key_at(line) for line in range(top, bottom))

    def _into_sight(self) -> None:
        top, page = self.scroll_offset.y, self._page
        if self._at < top:
            self.scroll_to(y=self._at, animate=False)
        elif self._at >= top + page:
            self.scroll_to(y=self._at - page + 1, animate=False)

    @property
    def _inner(self) -> int:
        """Cells a line has, beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 1)

    def _settle(self) -> None:
        """Rows changed: find the cursor's object again, keep it where the eye is, paint what differs."""
        size = Size(self._inner, len(self.model) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        at = self.model.position(self._cursor) if self._held else None
        if at is None:  # never chosen, or gone: the line stays, its object is another
            at = max(0, min(self._at if self._held else 0, len(self.model) - 1))
        moved, self._at = at - self._at, at
        self._place(self.model.key_at(at) if len(self.model) else None)
        if moved and self.scroll_offset.y:
            self.scroll_to(y=max(0, self.scroll_offset.y + moved), animate=False)
        self._repaint()

    # -- painting -----------------------------------------------------------------------------

    def _repaint(self) -> None:
        """Build the lines in sight again; ask the screen only for those that look different."""
        if not self._inner or not self.is_mounted:
            return
        if self._measure_sight():
            self._relayout()
            return
        top, height = self.scroll_offset.y, self.size.height
        old, self._looks = self._looks, {}
        for y in range(1, height):
            look = self._looks[top + y] = self._look(top + y)
            if old.get(top + y) != look:
                self.refresh(Region(0, y, self._inner, 1))

    def _relayout(self) -> None:
        """Column widths changed: everything looks different."""
        self._layout.arrange(self._inner)
        self._looks.clear()
        self.refresh()

    def _measure_sight(self) -> bool:
        """Widen columns for the rows in sight; True where the layout has to follow."""
        first = self.scroll_offset.y
        last = min(len(self.model), first + self._page)
        return self._layout.measure([self.model.row_at(at) for at in range(first, last)], self.frame)

    def on_resize(self) -> None:
        self.virtual_size = Size(self._inner, len(self.model) + 1)
        self._relayout()
        self._into_sight()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_mounted and self._inner and self._measure_sight():
            self._relayout()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        width = self._inner
        if not self._layout.shown:
            self._layout.arrange(width)
        if y == 0 and (self.empty or len(self.model)):
            header = self._layout.header(self.frame, self.sorted_by, reverse=self.reverse)
            return painter_of(self).paint(header, width, base)
        if not len(self.model):
            text = [Span(" " * MARGIN), Span(self.empty, Role.MUTED)] if y == 2 else []
            return painter_of(self).paint(text, width, base)
        line = self.scroll_offset.y + y
        look = self._looks.get(line)
        if look is None:
            look = self._looks[line] = self._look(line)
        return painter_of(self).paint(look[0], width, base, selected=look[1])

    def _look(self, line: int) -> Look:
        """The line of the virtual list (1 is the first row) as it is to look now."""
        at = line - 1
        if at >= len(self.model):
            return ((), False)
        row = self.model.row_at(at)
        selected = at == self._at
        mark = self.frame.glyphs.cursor if selected and (self._marked or self.has_focus) else " "
        return ((Span(f"{mark} ", Role.ACCENT), *self._layout.cells(row, self.frame)), selected)

    def on_focus(self) -> None:
        self._repaint()

    def on_blur(self) -> None:
        self._repaint()

    # -- keys and mouse -----------------------------------------------------------------------

    def action_cursor_down(self) -> None:
        self._go(self._at + 1)

    def action_cursor_up(self) -> None:
        self._go(self._at - 1)

    def action_cursor_top(self) -> None:
        self._go(0)

    def action_cursor_bottom(self) -> None:
        self._go(len(self.model) - 1)

    def action_cursor_page_down(self) -> None:
        self._go(self._at + self._page)

    def action_cursor_page_up(self) -> None:
        self._go(self._at - self._page)

    def action_cursor_half_down(self) -> None:
        self._go(self._at + self._page // 2)

    def action_cursor_half_up(self) -> None:
        self._go(self._at - self._page // 2)

    def action_select(self) -> None:
        if self._cursor is not None:
            self.post_message(self.Chosen(self, self._cursor))

    def on_key(self, event: events.Key) -> None:
        """Shift and a letter sorts by the column that has it, as in k9s."""
        if self.has_focus and len(event.key) == 1 and event.key.isupper() and self.sort_by(event.key):
            event.prevent_default().stop()

    def on_click(self, event: events.Click) -> None:
        at = self.scroll_offset.y + event.y - 1
        if event.y == 0:
            self._click_header(event.x)
        elif 0 <= at < len(self.model):
            self._go(at)
            if event.chain == 2:
                self.action_select()

    def _click_header(self, x: int) -> None:
        column = self._layout.at(x)
        if column is not None and column.key:
            self.sort_by(column.key)
