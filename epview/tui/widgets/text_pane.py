"""Lines of spans, wrapped, scrolled and searched; only what looks different is painted again."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from epview.present.text import Line, Role, Span, cell_width, clean, text_of, wrap
from epview.tui import actions
from epview.tui.widgets.painting import painter_of


class TextPane(ScrollView, can_focus=True):
    """Shows Lines. With ``height: auto`` it is as high as its text."""

    DEFAULT_CSS = """
    TextPane {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    ALLOW_SELECT = False
    BINDINGS = actions.bindings("text")

    def __init__(self, *, id: str | None = None, indent: int = 4, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._indent = indent
        self._lines: Sequence[Line] = ()
        self._wrapped: list[Line] = []
        self._width = 0
        self._needle = ""
        self._hits: list[int] = []
        self._hit = -1

    # -- content ------------------------------------------------------------------------------

    def show(self, lines: Sequence[Line]) -> None:
        """Replace the text, keeping the place; painted again is only what differs."""
        if lines == self._lines:
            return
        self._lines = lines
        self._flow()

    def _flow(self) -> None:
        width = self.inner
        if not width:
            return
        old, self._wrapped = self._wrapped, self._wrap(width)
        self._width = width
        if self._needle:
            self._find()
        if len(old) != len(self._wrapped):
            self.virtual_size = Size(width, len(self._wrapped))
            self.refresh(layout=self.styles.auto_dimensions)
            return
        top = self.scroll_offset.y
        for y in range(self.size.height):
            if top + y < len(old) and old[top + y] != self._wrapped[top + y]:
                self.refresh(Region(0, y, width, 1))

    @property
    def inner(self) -> int:
        """Cells a line has, beside the scroll bar."""
        return self.scrollable_content_region.width

    def _wrap(self, width: int) -> list[Line]:
        return [each for spans in self._lines for each in wrap(spans, width, self._hang(spans, width))]

    def _hang(self, spans: Line, width: int) -> int:
        """Where later lines of a broken one begin: below its last column, if that is not far right."""
        if not spans:
            return 0
        text = text_of(spans)
        column = cell_width(text) - cell_width(spans[-1].text.lstrip())
        if len(spans) > 1 and column <= width * 0.45:
            return column
        return len(text) - len(text.lstrip(" ")) + self._indent

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return max(1, len(self._wrap(width)))

    def on_resize(self) -> None:
        self._wrapped = []
        self._flow()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at = self.scroll_offset.y + y
        spans: Line = self._wrapped[at] if at < len(self._wrapped) else ()
        if self._needle and at in self._hits:
            spans = marked(spans, self._needle)
        return painter_of(self).paint(spans, self.inner, self.rich_style)

    # -- search -------------------------------------------------------------------------------

    def search(self, needle: str) -> str:
        """Mark all hits and go to the first at or below the top line; gives back what was found."""
        self._needle = needle.lower()
        self._find()
        self.refresh()
        if not self._needle:
            return ""
        if not self._hits:
            return f"no line has {needle}"
        top = self.scroll_offset.y
        self._hit = next((at for at, line in enumerate(self._hits) if line >= top), 0)
        self._reveal()
        return f"{len(self._hits)} lines"

    def _find(self) -> None:
        self._hits = [
            at
            for at, spans in enumerate(self._wrapped)
            if self._needle and self._needle in text_of(spans).lower()
        ]

    def _reveal(self) -> None:
        line = self._hits[self._hit]
        if not self.scroll_offset.y <= line < self.scroll_offset.y + self.size.height:
            self.scroll_to(y=max(0, line - self.size.height // 3), animate=False)

    @property
    def searching(self) -> bool:
        return bool(self._needle)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if action in ("next_hit", "previous_hit"):
            return bool(self._hits)
        return True

    def action_next_hit(self) -> None:
        self._hit = (self._hit + 1) % len(self._hits)
        self._reveal()

    def action_previous_hit(self) -> None:
        self._hit = (self._hit - 1) % len(self._hits)
        self._reveal()

    # -- keys ---------------------------------------------------------------------------------

    def _by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def action_line_down(self) -> None:
        self._by(1)

    def action_line_up(self) -> None:
        self._by(-1)

    def action_text_page_down(self) -> None:
        self._by(max(1, self.size.height - 1))

    def action_text_page_up(self) -> None:
        self._by(-max(1, self.size.height - 1))

    def action_text_half_down(self) -> None:
        self._by(max(1, self.size.height // 2))

    def action_text_half_up(self) -> None:
        self._by(-max(1, self.size.height // 2))

    def action_text_top(self) -> None:
        self.scroll_to(y=0, animate=False)

    def action_text_bottom(self) -> None:
        self.scroll_to(y=len(self._wrapped), animate=False)


def marked(spans: Line, needle: str) -> Line:
    """The spans with each occurrence of the (lower-case) needle in the role of a match."""
    text = clean(text_of(spans))
    lower = text.lower()
    if len(lower) != len(text):  # a letter that grows in lower case: positions would not fit
        return spans
    hits: set[int] = set()
    start = lower.find(needle)
    while start >= 0:
        hits.update(range(start, start + len(needle)))
        start = lower.find(needle, start + 1)
    out: list[Span] = []
    at = 0
    for span in spans:
        for char in clean(span.text):
            role = Role.MATCH if at in hits else span.role
            if out and out[-1].role is role:
                out[-1] = Span(out[-1].text + char, role)
            else:
                out.append(Span(char, role))
            at += 1
    return tuple(out)
