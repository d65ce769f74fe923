"""Help: the keys of the screen one comes from, and what the signs mean."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from epview.core.objects import Key
from epview.core.view import View
from epview.present.glyphs import Glyphs
from epview.present.text import EMPTY, Line, Role, Span, line
from epview.tui import actions
from epview.tui.widgets.text_pane import TextPane

_GROUPS = (
    ("Here", ("services", "service", "pod", "yaml", "failure")),
    ("Moving", ("table",)),
    ("Always", ("app",)),
)


class HelpScreen(ModalScreen[None]):
    """A list of keys over the screen; any of Esc, q, ? closes it."""

    SCOPES: ClassVar[tuple[str, ...]] = ("help",)
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen #box {
        width: 90%; max-width: 96; height: 90%; border: round $border; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-title-style: bold;
    }
    HelpScreen TextPane { height: 1fr; background: $surface; }
    """

    def __init__(self, scopes: tuple[str, ...], glyphs: Glyphs) -> None:
        super().__init__()
        self._scopes = scopes
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = Content("help")
            yield TextPane(id="text")

    def on_mount(self) -> None:
        pane = self.query_one(TextPane)
        pane.show(help_lines(self._scopes, self._glyphs))
        pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("escape", "q", "question_mark"):
            event.stop()
            self.dismiss()

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:
        """Help stands still."""

    def tick(self) -> None:
        """Nothing here ages."""


def help_lines(scopes: tuple[str, ...], glyphs: Glyphs) -> list[Line]:
    """All from the registry of actions, so that no key is told that does not exist."""
    out: list[Line] = []
    for title, group in _GROUPS:
        wanted = [scope for scope in group if scope in scopes or scope in ("table", "app")]
        chosen = actions.of(*wanted)
        if chosen:
            out += [EMPTY, line(Span(title, Role.TITLE))] if out else [line(Span(title, Role.TITLE))]
            out += [line(Span(f"  {a.shown:<12}", Role.KEY), Span(a.help)) for a in chosen]
    out += [
        line(
            Span("  Shift-letter", Role.KEY),
            Span(" sort by a column: N name, S status, A age, R ready, T type; again turns it"),
        ),
        EMPTY,
        line(Span("Signs", Role.TITLE)),
        line(Span(f"  {glyphs.error} ", Role.ERROR), "error: traffic does not arrive"),
        line(
            Span(f"  {glyphs.warning} ", Role.WARNING),
            "warning: it arrives, but not as it should, or may soon not",
        ),
        line(Span(f"  {glyphs.ok} ", Role.OK), "ok"),
        line(
            Span(f"  {glyphs.unknown} ", Role.UNKNOWN),
            "unknown: epview cannot see what it would need, or it is loading",
        ),
        line(
            Span(f"  {glyphs.serving} ", Role.WARNING),
            "terminating: gone soon; still serving where it says so",
        ),
        EMPTY,
        line(Span("epview only reads. No key changes anything in the cluster.", Role.MUTED)),
    ]
    return out
