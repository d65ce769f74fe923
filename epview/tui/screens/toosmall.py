"""What every screen does where there is too little room to read anything: it says so, and waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.widget import Widget

from epview.present.text import Role, Span, line
from epview.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object

LEAST: Final = (40, 10)
CSS: Final = """
#tiny { display: none; height: 1fr; }
.-tiny { align: left top; }
.-tiny > * { display: none; }
.-tiny > #tiny { display: block; }
"""
"""For the application: its style sheet stands above those of the screens."""


def too_small() -> TextPane:
    """The widget for the hint; every screen that is `TooSmall` composes one."""
    return TextPane(id="tiny")


class TooSmall(_Base):
    """Mixed into screens. What had the focus before the room was lost has it afterwards."""

    _before: Widget | None = None

    def on_resize(self, event: events.Resize) -> None:
        """Below 40×10 nothing could be read; say so instead."""
        width, height = event.size
        tiny = width < LEAST[0] or height < LEAST[1]
        was = self.has_class("-tiny")
        if tiny:
            self._before = self._before if was else self.focused
            hint = f"epview needs {LEAST[0]} by {LEAST[1]} cells; here are {width} by {height}."
            self.query_one("#tiny", TextPane).show([line(Span(hint, Role.WARNING))])
        self.set_class(tiny, "-tiny")
        if was and not tiny:
            self.call_after_refresh(self._focus_again)

    def _focus_again(self) -> None:
        """Textual takes the focus away from what is hidden."""
        if self.focused is None and self._before is not None and self._before.is_attached:
            self.set_focus(self._before)
