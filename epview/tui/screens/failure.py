"""Shown where no source could be opened: what happened, what to do, try again."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from epview.core.objects import Key
from epview.core.view import View
from epview.present.text import EMPTY, Line, Role, Span, clean, line
from epview.sources.source import SourceError
from epview.tui import actions
from epview.tui.screens.base import BaseScreen
from epview.tui.widgets.bars import LineBar
from epview.tui.widgets.text_pane import TextPane


class FailureScreen(BaseScreen):
    """A sentence, a next step; r tries again, C another context, q quits."""

    SCOPES: ClassVar[tuple[str, ...]] = ("failure",)
    BINDINGS = actions.bindings("failure")
    DEFAULT_CSS = """
    FailureScreen #text { height: 1fr; padding: 2 4; }
    """

    def __init__(self, error: SourceError) -> None:
        super().__init__()
        self._error = error

    def compose_body(self) -> ComposeResult:
        yield TextPane(id="text")

    def footer_actions(self) -> list[actions.Action]:
        return [actions.BY_ID[name] for name in ("retry", "contexts", "help", "command", "back")]

    def begin(self) -> None:
        self.query_one("#text", TextPane).show(failure_lines(self._error, self.frame.glyphs.error))
        self.query_one("#text").focus()
        self.show_header()

    def show_header(self) -> None:
        """There is no source that could be named."""
        said = Span(f"{self.frame.glyphs.error} not connected", Role.ERROR)
        self.query_one("#header", LineBar).show([line(Span("epview", Role.TITLE))], [line(said)])

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:  # noqa: ARG002
        self.show_header()

    def action_retry(self) -> None:
        self.dismiss()
        self.epview.reopen()

    def action_escape(self) -> None:
        self.say(Span("r tries again, q quits", Role.MUTED))

    def action_back(self) -> None:
        self.app.exit(3 if self._error.kind == "cluster" else 2)


def failure_lines(error: SourceError, sign: str) -> list[Line]:
    out = [line(Span(f"{sign} ", Role.ERROR), Span(clean(error.message), Role.STRONG))]
    if error.hint:
        out += [EMPTY, line(f"  {clean(error.hint)}")]
    return [*out, EMPTY, line(Span("  r tries again, C chooses another context, q quits", Role.MUTED))]
