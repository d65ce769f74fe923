"""The copy menu: what to put on the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from epview.present.columns import Column
from epview.present.frame import Frame
from epview.present.text import Role, Span, clean
from epview.tui.screens.picker import Picker

Item = tuple[int, str, str]  # place in the menu, what it is, the text

COLUMNS: Final[tuple[Column[Item], ...]] = (
    Column("what", "COPY", lambda item, _: Span(item[1], Role.MUTED), None, 10, 40),
    Column("text", "TEXT", lambda item, _: Span(clean(item[2]), Role.STRONG), None, 20, 400, flex=True),
)


def copy_menu(items: Sequence[tuple[str, str]], frame: Frame) -> Picker[Item]:
    """A picker whose choice is the number of the item."""
    rows = {f"{number:03}": (number, what, text) for number, (what, text) in enumerate(items)}
    return Picker(
        "copy",
        COLUMNS,
        rows,
        order=lambda item: item[0],
        text_of=lambda item: f"{item[1]} {item[2]}",
        frame=frame,
        placeholder="type to narrow",
    )
