"""The one-line widgets at the edges: header, title, tabs, footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from epview.present.text import Line, Role, Span, cell_width, joined, line, shorten_middle, text_of
from epview.tui.actions import Action
from epview.tui.widgets.painting import painter_of

_READABLE: Final = 12  # cells of a name, below which it tells nothing


class LineBar(Widget):
    """One line with a left and a right end. Parts that do not fit go, the least important first."""

    DEFAULT_CSS = """
    LineBar { height: 1; padding: 0 1; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._left: Sequence[Line] = ()
        self._right: Sequence[Line] = ()
        self._drop: Sequence[int] = ()

    def show(self, left: Sequence[Line], right: Sequence[Line] = (), drop: Sequence[int] = ()) -> None:
        """The parts of both ends; ``drop`` names the left ones that may go, the first one first."""
        if (left, right, drop) != (self._left, self._right, self._drop):
            self._left, self._right, self._drop = left, right, drop
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        spans = fill(self._left, self._right, width, self._drop) if y == 0 else ()
        return painter_of(self).paint(spans, width, self.rich_style)


def fill(left: Sequence[Line], right: Sequence[Line], width: int, drop: Sequence[int] = ()) -> Line:
    """Both ends in ``width`` cells. What does not fit goes: right parts after the second, then left
    ones in the order of ``drop``; then left ones are cut in their middle, and at last the second right
    one goes too. So no name, however long, hides whether the data is live.
    """
    gap = Span("   ")
    rights, gone = list(right), 0
    while True:
        lefts = [part for at, part in enumerate(left) if at not in drop[:gone]]
        start, end = joined(lefts, gap), joined(rights, gap)
        blank = width - _width(start) - _width(end)
        if blank >= (1 if end else 0):
            return (*start, Span(" " * max(1, blank)), *end)
        if len(rights) > 2:
            rights.pop()
        elif gone < len(drop):
            gone += 1
        else:
            least = _READABLE if len(rights) > 1 else 1
            cut = _cut(lefts, (3 if end else 0) - blank, least)
            if cut is not None or len(rights) < 2:
                start = joined(cut or lefts, gap)
                return (*start, Span(" " * max(1, width - _width(start) - _width(end))), *end)
            rights.pop()


def _cut(parts: Sequence[Line], cells: int, least: int) -> list[Line] | None:
    """The parts with so many cells less, taken from the longest spans, of which ``least`` stay.

    None where that does not do.
    """
    out = [list(part) for part in parts]
    while cells > 0:
        longest, at, number = max(
            (
                (cell_width(span.text), at, number)
                for at, part in enumerate(out)
                for number, span in enumerate(part)
            ),
            default=(0, 0, 0),
        )
        if longest <= least:
            return None
        span = out[at][number]
        text = shorten_middle(span.text, max(least, longest - cells))
        out[at][number] = Span(text, span.role)
        cells -= longest - cell_width(text)
    return [tuple(part) for part in out]


def _width(spans: Line) -> int:
    return cell_width(text_of(spans))


class TabLine(Widget):
    """The names of the panes, the open one marked. Clicks post `Picked`."""

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; }
    """
    ALLOW_SELECT = False

    @dataclass
    class Picked(Message):
        """A tab was clicked."""

        tab: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tabs: Sequence[tuple[str, str]] = ()
        self._open = ""

    def show(self, tabs: Sequence[tuple[str, str]], current: str) -> None:
        """``tabs`` are (id, label)."""
        if (tabs, current) != (self._tabs, self._open):
            self._tabs, self._open = tabs, current
            self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        spans: list[Span] = []
        for number, (tab, label) in enumerate(self._tabs, 1):
            if tab == self._open:
                spans += [Span(f"[{label}]", Role.OPEN)]
            else:
                spans += [Span(f" {label} ", Role.MUTED)]
            spans.append(Span(" " if number < len(self._tabs) else ""))
        return painter_of(self).paint(spans, self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        x = 1
        for tab, label in self._tabs:
            x += len(label) + 3
            if event.x < x:
                self.post_message(self.Picked(tab))
                return


class KeyBar(Widget):
    """The footer: keys of the screen, as many as fit; a click runs the action."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; padding: 0 1; }
    """
    ALLOW_SELECT = False

    def __init__(self, keys: Sequence[Action]) -> None:
        super().__init__()
        self._keys = list(keys)
        self._message: Line = ()

    def show(self, keys: Sequence[Action]) -> None:
        self._keys = list(keys)
        self.refresh()

    def say(self, message: Line) -> None:
        """Put a passing remark in place of the keys; an empty one brings them back."""
        if message != self._message:
            self._message = message
            self.refresh()

    def _fitting(self) -> list[Action]:
        keys = list(self._keys)
        while len(keys) > 2 and sum(map(self._width, keys)) > self.size.width:
            keys.pop(-4 if len(keys) > 4 else 0)  # help, command and quit stay
        return keys

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        spans = self._message or line(
            *(
                part
                for key in self._fitting()
                for part in (Span(self._shown(key), Role.KEY), Span(f" {key.label}  ", Role.MUTED))
            )
        )
        return painter_of(self).paint(spans, self.size.width, self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        x = 1
        for key in self._fitting():
            x += self._width(key)
            if event.x < x:
                await self.screen.run_action(key.run)
                return

    def _shown(self, key: Action) -> str:
        return key.shown.replace("⏎", "Enter") if self.app.has_class("-ascii") else key.shown

    def _width(self, key: Action) -> int:
        return cell_width(self._shown(key)) + 1 + cell_width(key.label) + 2
