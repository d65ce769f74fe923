"""Choosing one of many: an entry that filters, a table below it, Enter takes the marked row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from epview.core.objects import Key
from epview.core.view import View
from epview.present.columns import Column
from epview.present.frame import Frame
from epview.present.text import Role, Span, line
from epview.tui import actions
from epview.tui.screens.toosmall import TooSmall, too_small
from epview.tui.widgets.bars import LineBar
from epview.tui.widgets.keyed_table import KeyedTable

R = TypeVar("R")
_SHARE: Final = 0.8  # of the screen's height, as in the style sheet
_BESIDE: Final = 7  # lines of the box that are not the table's: border, entry, hint, and room to breathe


class Picker(TooSmall, ModalScreen[str | None], Generic[R]):
    """Dismisses with the key of the row, the typed text where ``free`` allows it, or None."""

    SCOPES: ClassVar[tuple[str, ...]] = ("picker",)
    BINDINGS = actions.bindings("picker")
    DEFAULT_CSS = """
    Picker { align: center middle; background: $background 60%; }
    Picker #box {
        width: 90%; max-width: 100; height: auto; max-height: 80%;
        border: round $border; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-title-style: bold;
    }
    Picker #box Input { border: none; height: 1; padding: 0 1; margin: 1 0 1 0; background: $panel; }
    Picker #choices { height: auto; max-height: 100%; min-height: 3; background: $surface; }
    Picker #hint { margin-top: 1; padding: 0 1; color: $foreground; }
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[Column[R]],
        rows: Mapping[str, R],
        *,
        order: Callable[[R], Any],
        text_of: Callable[[R], str],
        frame: Frame,
        placeholder: str = "",
        free: bool = False,
        marked: str | None = None,
        text: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._rows = rows
        self._text_of = text_of
        self._free = free
        self._marked = marked
        self._text = text
        self._placeholder = placeholder
        self._frame = frame
        self._columns = columns
        self._order = order

    def compose(self) -> ComposeResult:
        yield too_small()
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            entry = Input(self._text, placeholder=self._placeholder, select_on_focus=False)
            entry.cursor_blink = False
            yield entry
            yield KeyedTable[str, R](
                self._columns,
                order=self._rank,
                frame=self._frame,
                empty="nothing fits",
                marked=True,
                id="choices",
            )
            yield LineBar(id="hint")

    def on_mount(self) -> None:
        self.table.can_focus = False
        self.table.show(self._rows, self._frame)
        if self._marked is not None:
            self.table.move_to(self._marked)
        if self._text:
            self._filter(self._text)
        self.query_one(Input).focus()
        self._show_hint()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        room = int(event.size.height * _SHARE) - _BESIDE
        self.table.styles.height = min(len(self._rows) + 1, max(3, room))

    @property
    def table(self) -> KeyedTable[str, R]:
        return self.query_one("#choices", KeyedTable)

    def _rank(self, row: R) -> Any:
        """Rows that begin with the text first, then those that have it whole, then by letters."""
        text = self._text.lower()
        name = self._text_of(row).lower()
        return (not name.startswith(text), text not in name, self._order(row))

    def _filter(self, text: str) -> None:
        self._text = text.strip()
        needle = self._text.lower()
        self.table.set_test((lambda row: fuzzy(needle, self._text_of(row).lower())) if needle else None)
        self.table.action_cursor_top()
        self._show_hint()

    def _show_hint(self) -> None:
        hint = "Enter takes the marked row, Esc closes"
        if self._free and self._text and not len(self.table.model):
            hint = f"Enter takes {self._text} as it is typed"
        self.query_one("#hint", LineBar).show([line(Span(hint, Role.MUTED))])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_choose()

    def on_key(self, event: events.Key) -> None:
        moves = {
            "down": "cursor_down",
            "up": "cursor_up",
            "pagedown": "cursor_page_down",
            "pageup": "cursor_page_up",
        }
        if (move := moves.get(event.key)) is not None:
            event.prevent_default().stop()
            getattr(self.table, f"action_{move}")()
        elif event.key == "0" and not self._text and "" in self._rows:
            event.prevent_default().stop()
            self.dismiss("")

    def type_ahead(self, character: str) -> None:
        """A character typed before the entry was there."""
        self._text += character
        for entry in self.query(Input):
            entry.value = self._text

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        self.dismiss(event.key)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:  # beside the box
            self.dismiss(None)

    def action_choose(self) -> None:
        key = self.table.cursor_key
        if key is not None and len(self.table.model):
            self.dismiss(key)
        elif self._free and self._text:
            self.dismiss(self._text)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:
        """A picker stands still while it is open."""

    def tick(self) -> None:
        """Nothing here ages."""


def fuzzy(needle: str, text: str) -> bool:
    """All letters of the needle in this order."""
    letters = iter(text)
    return all(letter in letters for letter in needle)
