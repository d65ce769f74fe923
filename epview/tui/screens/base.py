"""What every screen has: header, footer, prompt, the common keys, and the way a View reaches it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.screen import Screen

from epview.core.objects import Key
from epview.core.view import View
from epview.present import header
from epview.present.frame import Frame
from epview.present.text import Role, Span, clean, line
from epview.tui import actions, commands
from epview.tui.host import Host, host_of
from epview.tui.screens.toosmall import TooSmall, too_small
from epview.tui.widgets.bars import KeyBar, LineBar
from epview.tui.widgets.prompt import Prompt


class BaseScreen(TooSmall, Screen[None]):
    """Subclasses name their scopes, compose a body, and show a View."""

    SCOPES: ClassVar[tuple[str, ...]] = ()
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (150, "-wide")]  # noqa: RUF012 - Textual's type
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (14, "-low"), (22, "-middle"), (40, "-high")]  # noqa: RUF012

    @property
    def epview(self) -> Host:
        return host_of(self.app)

    @property
    def frame(self) -> Frame:
        return self.epview.frame()

    def compose(self) -> ComposeResult:
        yield too_small()
        yield LineBar(id="header")
        yield from self.compose_body()
        yield Prompt()
        yield KeyBar(self.footer_actions())

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """What was cut for the old size is told anew for this one."""
        if self.ready and self.epview.view is not None:
            self.show_header()
            self.tick()

    def compose_body(self) -> ComposeResult:
        raise NotImplementedError

    def footer_actions(self) -> list[actions.Action]:
        return actions.footer("table", *self.SCOPES)

    _made: tuple[DOMNode, ...] = ()

    @property
    def ready(self) -> bool:
        """All widgets are there. Before that, and while the screen is taken down, nothing can be shown."""
        return bool(self._made) and all(widget.parent is not None for widget in self._made)

    def on_mount(self) -> None:
        self._made = tuple(self.walk_children())
        self.begin()

    def begin(self) -> None:
        """The widgets are there: give the focus, show what is known."""

    # -- Views --------------------------------------------------------------------------------

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:
        """A new View; ``changed`` is None where perhaps everything differs from what is shown."""
        raise NotImplementedError

    def tick(self) -> None:
        """A second has passed: ages may read differently."""

    def show_header(self) -> None:
        """Fill the header; called with each View and each second."""
        app = self.epview
        frame = self.frame
        left, right = header.header(
            app.view, app.numbers(), frame.now, frame.glyphs, scope=app.session.shown, frozen=app.frozen
        )
        self.query_one("#header", LineBar).show(left, right, header.DROP)
        self.set_class(header.dated(app.view), "-stale")

    def on_screen_resume(self) -> None:
        self.refresh_all()

    def refresh_all(self) -> None:
        if not self.ready:
            return
        self.show_header()
        if (view := self.epview.view) is not None:
            self.show_view(view, None)

    # -- prompt -------------------------------------------------------------------------------

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    def on_prompt_done(self, event: Prompt.Done) -> None:
        self.focus_main()
        if event.mode == "command":
            commands.run(self.epview, event.text)

    def on_prompt_left(self, event: Prompt.Left) -> None:  # noqa: ARG002
        self.focus_main()

    def focus_main(self) -> None:
        """Give the focus back to the list or text of the screen."""

    def say(self, *parts: Span | str) -> None:
        """A passing remark in the footer, gone with the next key or after some seconds."""
        bar = self.query_one(KeyBar)
        bar.say(line(*parts))
        self.set_timer(4, lambda: bar.say(()))

    def complain(self, sentence: str) -> None:
        self.say(Span(sentence, Role.WARNING))

    # -- common keys --------------------------------------------------------------------------

    def action_command(self) -> None:
        self.prompt.open("command", words=commands.words(self.epview))

    def action_command_palette(self) -> None:
        self.app.action_command_palette()

    def action_escape(self) -> None:
        """Esc goes back but never quits."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()
        else:
            self.say(Span("q quits", Role.MUTED))

    def action_back(self) -> None:
        if len(self.app.screen_stack) > 1:
            self.dismiss()
        else:
            self.app.exit(0)

    def action_help(self) -> None:
        from epview.tui.screens.help import help_lines
        from epview.tui.screens.sheet import Sheet

        lines = help_lines(self.SCOPES, self.frame.glyphs)
        self.app.push_screen(Sheet("help", lambda _: lines, "question_mark"))

    def action_namespaces(self) -> None:
        self.epview.pick_namespace()

    def action_all_namespaces(self) -> None:
        self.epview.choose_namespaces(None)

    def action_contexts(self) -> None:
        self.epview.pick_context()

    def action_retry(self) -> None:
        if self.epview.session.feed is not None:
            self.epview.session.feed.source.retry()
            self.say(Span("trying again", Role.INFO))

    def action_freeze(self) -> None:
        self.epview.toggle_freeze()

    def copy(self, text: str, which: str = "") -> None:
        """Put the text on the clipboard, on one line, and say so; ``which`` of several it is."""
        text = clean(text)  # a name may hold what a terminal obeys when it is pasted
        self.app.copy_to_clipboard(text)
        self.say(Span("copied", Role.OK), Span(f"{which}  ", Role.MUTED), Span(text, Role.STRONG))

    def copy_menu(self, items: Sequence[tuple[str, str]]) -> None:
        """Offer (what, text) pairs to copy."""
        from epview.tui.screens.copy import copy_menu

        def copy(choice: str | None) -> None:
            if choice is not None:
                self.copy(items[int(choice)][1])

        if items:
            self.app.push_screen(copy_menu(items, self.frame), copy)

    def now(self) -> datetime:
        return self.frame.now
