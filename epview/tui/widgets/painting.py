"""From spans of plain text to the Strips Textual puts on the screen. Nothing here reads markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from epview.present.text import Role, Span, clean
from epview.tui import theme

if TYPE_CHECKING:
    from textual.widget import Widget


class Painter:
    """The styles of one theme, combined once for each role."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._roles = theme.role_styles(variables)
        self._cursor = theme.cursor_style(variables)
        self._made: dict[tuple[Role, Style, bool], Style] = {}

    def style(self, role: Role, base: Style, *, selected: bool = False) -> Style:
        """How ``role`` looks on ``base`` (the widget's own colours)."""
        key = (role, base, selected)
        style = self._made.get(key)
        if style is None:
            style = base + self._roles[role]
            if selected:
                style += self._cursor
            self._made[key] = style
        return style

    def paint(self, spans: Iterable[Span], width: int, base: Style, *, selected: bool = False) -> Strip:
        """The spans as one line of exactly ``width`` cells."""
        segments = [
            Segment(clean(span.text), self.style(span.role, base, selected=selected)) for span in spans
        ]
        fill = self.style(Role.PLAIN, base, selected=selected)
        return Strip(segments).adjust_cell_length(width, fill)


_painters: dict[str, Painter] = {}


def painter_of(widget: Widget) -> Painter:
    """The painter of the theme in force."""
    app = widget.app
    painter = _painters.get(app.theme)
    if painter is None:
        painter = _painters[app.theme] = Painter(app.theme_variables)
    return painter
