"""Findings as a list of texts: the marked one is always whole, the others where there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from epview.present.findings import Block, BlockKey
from epview.present.glyphs import Glyphs
from epview.present.text import EMPTY, Line, Role, Span, line, text_of
from epview.tui import actions
from epview.tui.widgets.painting import painter_of

_MARGIN: Final = 2  # the cursor's mark and a blank
Blocks = Callable[[int], Sequence[Block]]
Look = tuple[Line, bool]  # a line as it looks: its spans, and whether it is selected


class FindingList(ScrollView, can_focus=True):
    """Shows `Block`s. The cursor belongs to a finding, not to a place; it walks through long ones."""

    DEFAULT_CSS = """
    FindingList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    ALLOW_SELECT = False
    BINDINGS = actions.bindings("table")

    @dataclass
    class Chosen(Message):
        """Enter or a double click on a block."""

        block: Block

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._glyphs = glyphs
        self._make: Blocks = lambda _: ()
        self._test: Callable[[str], bool] | None = None
        self._blocks: list[Block] = []
        self._cursor: BlockKey | None = None
        self._at = 0
        self._held = False  # a person chose the block: the cursor follows it from then on
        self._lines: list[tuple[Line, int]] = []  # each with the place of its block
        self._starts: list[int] = []  # the first line of each block
        self._looks: list[Look] = []

    # -- what is shown ------------------------------------------------------------------------

    def show(self, make: Blocks) -> None:
        """``make`` gives the blocks for a width."""
        self._make = make
        self._settle()

    def set_test(self, test: Callable[[str], bool] | None) -> None:
        """Show only the blocks whose text passes."""
        self._test = test
        self._settle()

    def forget(self) -> None:
        """Start afresh: the cursor at the top."""
        self._held, self._cursor, self._at = False, None, 0
        self._scroll(0)

    @property
    def filtered(self) -> bool:
        return self._test is not None

    @property
    def marked(self) -> Block | None:
        """The block under the cursor."""
        return self._blocks[self._at] if self._blocks else None

    def _settle(self) -> None:
        """Find the cursor's finding again; keep what is before the eye where it is."""
        width = self._width
        if not width:
            return
        before = self._starts[self._at] if self._at < len(self._starts) else 0
        test = self._test
        self._blocks = [each for each in self._make(width) if test is None or test(_text(each.whole))]
        self._at = self._find()
        self._cursor = self._blocks[self._at].key if self._blocks else None
        self._flow()
        after = self._starts[self._at] if self._starts else 0
        if self._at and after != before and self.scroll_offset.y:
            self.scroll_to(y=max(0, self.scroll_offset.y + after - before), animate=False)
        self._repaint()

    def _find(self) -> int:
        """The same finding, else one of the same rule (its pods have changed), else the same place."""
        keys = [block.key for block in self._blocks]
        if self._cursor is None or not self._held:
            return 0
        if self._cursor in keys:
            return keys.index(self._cursor)
        rules = [key[0] for key in keys]
        if self._cursor[0] in rules:
            return rules.index(self._cursor[0])
        return max(0, min(self._at, len(keys) - 1))

    def _flow(self) -> None:
        """Lay the blocks out: all whole where that fits, else the causes, else only the marked one."""
        self._lines, self._starts = [], []
        opened = self._opened()
        for at, block in enumerate(self._blocks):
            if at and not block.under:
                self._lines.append((EMPTY, at - 1))
            self._starts.append(len(self._lines))
            shown = [*block.head]
            if opened(at, block):
                shown += block.tries
                shown += [self._hint(block)] if at == self._at else []
                shown += block.facts
            self._lines += [(each, at) for each in shown if each]
        size = Size(self._width + _MARGIN, len(self._lines))
        if size != self.virtual_size:
            self.virtual_size = size

    def _hint(self, block: Block) -> Line:
        """Which keys do something with the marked block."""
        many = "copies, again the next" if len(block.commands) > 1 else "copies the command"
        keys = [("remedy", many)] if block.commands else []
        keys += [("explain", f"explains {block.rule}")] if block.rule else []
        keys += [("open", "opens its pod")] if block.pod is not None else []
        spans = [Span(block.indent)]
        for name, does in keys:
            shown = actions.BY_ID[name].shown.replace("⏎", self._glyphs.enter)
            spans += [Span(shown, Role.KEY), Span(f" {does}   ", Role.MUTED)]
        return line(*spans) if keys else EMPTY

    def _opened(self) -> Callable[[int, Block], bool]:
        """Which blocks are whole; the same wherever the cursor is, so that nothing jumps without need."""
        height = self.size.height
        gaps = sum(1 for block in self._blocks[1:] if not block.under) + 1  # and the hint
        heads = gaps + sum(len(block.head) for block in self._blocks)
        rests = [(len(block.whole) - len(block.head), block.under) for block in self._blocks]
        if heads + sum(rest for rest, _ in rests) <= height:
            return lambda _, __: True
        causes = sum(rest for rest, under in rests if not under)
        if heads + causes + max((rest for rest, under in rests if under), default=0) <= height:
            return lambda at, block: at == self._at or not block.under
        return lambda at, _: at == self._at

    @property
    def _width(self) -> int:
        """Cells a line of text has, beside the mark and the scroll bar."""
        return max(0, self.scrollable_content_region.width - _MARGIN)

    # -- painting -----------------------------------------------------------------------------

    def _repaint(self) -> None:
        """Ask the screen only for the lines that look different."""
        if not self.is_mounted:
            return
        old, self._looks = self._looks, [self._look(y) for y in range(self.size.height)]
        if len(old) != len(self._looks):
            self.refresh()
            return
        for y, look in enumerate(self._looks):
            if look != old[y]:
                self.refresh(Region(0, y, self.size.width, 1))

    def _look(self, y: int) -> Look:
        at = self.scroll_offset.y + y
        if at >= len(self._lines):
            return (EMPTY, False)
        spans, place = self._lines[at]
        mine = place == self._at and bool(spans)
        mark = (
            Span(f"{self._glyphs.cursor} ", Role.ACCENT) if mine and self.has_focus else Span(" " * _MARGIN)
        )
        head = mine and at < self._starts[place] + len(self._blocks[place].head)
        return ((mark, *spans), head)

    def render_line(self, y: int) -> Strip:
        spans, selected = self._look(y)
        return painter_of(self).paint(spans, self._width + _MARGIN, self.rich_style, selected=selected)

    def on_resize(self) -> None:
        self._settle()
        self._into_sight()
        self.refresh()

    def on_focus(self) -> None:
        self._repaint()

    def on_blur(self) -> None:
        self._repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._looks = []

    # -- the cursor ---------------------------------------------------------------------------

    def _go(self, at: int) -> None:
        if not self._blocks:
            return
        self._held = True
        self._at = max(0, min(at, len(self._blocks) - 1))
        self._cursor = self._blocks[self._at].key
        self._flow()
        self._into_sight()
        self._repaint()

    def _edges(self) -> tuple[int, int]:
        """The first line of the marked block, and the one behind its last."""
        following = self._starts[self._at + 1 :]
        return (self._starts[self._at], following[0] if following else len(self._lines))

    def _into_sight(self) -> None:
        """All of the marked block, or its beginning where it is higher than the pane."""
        if not self._starts:
            return
        start, end = self._edges()
        top, height = self.scroll_offset.y, self.size.height
        if self._at == 0:
            start = 0
        if end > top + height:
            top = end - height
        self._scroll(min(top, start))

    def _scroll(self, top: int) -> None:
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)

    def _by(self, lines: int) -> None:
        """Through a block that is higher than the pane, and on to the next where its end is in sight."""
        if not self._starts:
            return
        start, end = self._edges()
        top, height = self.scroll_offset.y, self.size.height
        hidden = end - (top + height) if lines > 0 else top - start
        if hidden > 0 and start < top + height and end > top:
            step = min(hidden, abs(lines))
            self._scroll(top + (step if lines > 0 else -step))
        else:
            self._go(self._at + (1 if lines > 0 else -1))

    # -- keys and mouse -----------------------------------------------------------------------

    @property
    def _half(self) -> int:
        return max(1, self.size.height // 2)

    def action_cursor_down(self) -> None:
        self._by(self._half)

    def action_cursor_up(self) -> None:
        self._by(-self._half)

    def action_cursor_top(self) -> None:
        self._go(0)

    def action_cursor_bottom(self) -> None:
        self._go(len(self._blocks) - 1)

    def action_cursor_page_down(self) -> None:
        self._by(max(1, self.size.height - 1))

    def action_cursor_page_up(self) -> None:
        self._by(-max(1, self.size.height - 1))

    def action_cursor_half_down(self) -> None:
        self._by(self._half)

    def action_cursor_half_up(self) -> None:
        self._by(-self._half)

    def action_select(self) -> None:
        if (block := self.marked) is not None:
            self.post_message(self.Chosen(block))

    def on_click(self, event: events.Click) -> None:
        at = self.scroll_offset.y + event.y
        if at < len(self._lines):
            self._go(self._lines[at][1])
            if event.chain == 2:
                self.action_select()


def _text(lines: Iterable[Line]) -> str:
    return " ".join(map(text_of, lines)).lower()
