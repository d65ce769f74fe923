"""A sheet of text over the screen: help, and what belongs to no Service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from epview.present.text import Line
from epview.tui.screens.toosmall import TooSmall, too_small
from epview.tui.widgets.text_pane import TextPane

_WIDEST: Final = 110  # as in the style sheet
_BESIDE: Final = 5  # border, padding, and the scroll bar


class Sheet(TooSmall, ModalScreen[None]):
    """Shows Lines; Esc, q, or the key that opened it closes it."""

    SCOPES: ClassVar[tuple[str, ...]] = ()
    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 60%; }
    Sheet #box {
        width: 90%; max-width: 110; height: auto; max-height: 90%;
        border: round $border; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-title-style: bold;
    }
    Sheet TextPane {
        height: auto; max-height: 100%; background: $surface; scrollbar-size-horizontal: 0;
    }
    """

    def __init__(self, title: str, lines: Callable[[int], Sequence[Line]], opener: str) -> None:
        """``lines`` gives the text for a width, ``opener`` is the key."""
        super().__init__()
        self._title = title
        self._lines = lines
        self._closers = ("escape", "q", opener)

    def compose(self) -> ComposeResult:
        yield too_small()
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            yield TextPane(id="text")

    def on_mount(self) -> None:
        self._show()
        self.text.focus()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._show()

    @property
    def text(self) -> TextPane:
        return self.query_one("#text", TextPane)

    def _show(self) -> None:
        width = min(_WIDEST, round(self.app.size.width * 0.9)) - _BESIDE
        self.text.show(self._lines(max(20, width)))

    def on_key(self, event: events.Key) -> None:
        if event.key in self._closers:
            event.stop()
            self.dismiss()

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:  # beside the box
            self.dismiss()
