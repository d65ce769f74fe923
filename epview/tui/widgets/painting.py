"""From spans of plain text to the Strips Textual puts on the screen. Nothing here reads markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from epview.present.text import Role, Span, clean
from epview.tui import theme

if TYPE_CHECKING:
    from textual.widget import Widget


class Painter:
    """The styles of one theme, combined once for each role."""

    def __init__(self, variables: dict[str, str], *, ascii_only: bool = False) -> None:
        self._ascii_only = ascii_only
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

    def _shown(self, text: str) -> str:
        text = clean(text)
        return text.translate(_PLAIN) if self._ascii_only and not text.isascii() else text

    def paint(self, spans: Iterable[Span], width: int, base: Style, *, selected: bool = False) -> Strip:
        """The spans as one line of exactly ``width`` cells."""
        segments = [
            Segment(self._shown(span.text), self.style(span.role, base, selected=selected)) for span in spans
        ]
        fill = self.style(Role.PLAIN, base, selected=selected)
        return Strip(segments).adjust_cell_length(width, fill)


# signs in sentences, each replaced by one of the same width
_PLAIN: Final = str.maketrans(
    {"→": ">", "…": "~", "×": "x", "·": "-", "–": "-", "“": '"', "”": '"', "⏎": "<"}
)
_painters: dict[tuple[str, bool], Painter] = {}


def painter_of(widget: Widget) -> Painter:
    """The painter of the theme in force; with plain signs where the app has the class ``-ascii``."""
    app = widget.app
    key = (app.theme, app.has_class("-ascii"))
    painter = _painters.get(key)
    if painter is None:
        painter = _painters[key] = Painter(app.theme_variables, ascii_only=key[1])
    return painter
