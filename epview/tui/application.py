"""The application: one session, a stack of screens, and how a View gets from one to the other."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import Input

from epview.core.objects import Key
from epview.core.view import Health, View
from epview.core.world import World
from epview.present import header
from epview.present.frame import Frame
from epview.present.glyphs import ASCII, UNICODE
from epview.present.trend import Trends
from epview.sources.source import Connector, Source
from epview.tui import actions, safety
from epview.tui.feed import Inbox
from epview.tui.messages import FeedFailed, ViewReady
from epview.tui.opening import Opening
from epview.tui.palette import EverythingProvider
from epview.tui.screens import toosmall
from epview.tui.screens.picker import Picker
from epview.tui.screens.services import ServicesScreen
from epview.tui.session import Hooks, Scope, Session
from epview.tui.theme import DARK, LIGHT, theme_named

T = TypeVar("T")


class EpviewApp(Opening, App[int]):
    """Holds the last View and hands it to the screen on top; `Navigation` knows where one can go."""

    TITLE = "epview"
    BINDINGS = actions.bindings("app")
    COMMANDS: ClassVar[set[Any]] = {EverythingProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True
    CSS = f"""
    {toosmall.CSS}
    #header {{ background: $panel; }}
    .-stale KeyedTable, .-stale FindingList, .-stale TextPane {{ text-opacity: 60%; }}
    .-ascii #path, .-ascii #box {{ border: ascii $border; }}
    .-ascii #preview, .-ascii #below, .-ascii #event {{ border-top: ascii $border; }}
    """

    def __init__(
        self,
        connector: Connector,
        *,
        context: str = "",
        namespaces: Scope = None,
        service: str | None = None,
        source: Source | None = None,
        inbox: Inbox | None = None,
        theme: str = "",
        ascii_only: bool = False,
        selector: str = "",
    ) -> None:
        """``source`` with ``inbox``: a started source whose sink is ``inbox.put``."""
        super().__init__()
        for known in (DARK, LIGHT):
            self.register_theme(known)
        self.theme = theme_named(theme, self.available_themes)
        hooks = Hooks(
            lambda feed, view: void(self.post_message(ViewReady(feed, view))),
            lambda feed, error: void(self.post_message(FeedFailed(feed, error))),
        )
        self.session = Session(connector, context, namespaces, hooks, selector)
        self.view: View | None = None
        self.frozen = False
        self.pins: frozenset[Key] = frozenset()
        self.trends = Trends()
        self.wanted_service = service
        self._glyphs = ASCII if ascii_only else UNICODE
        self._first = (source, inbox)
        self.set_class(ascii_only, "-ascii")

    # -- start and end ------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        return ServicesScreen()

    def on_mount(self) -> None:
        safety.end_on_signals(lambda code: self.exit(code, return_code=code))
        self.app_resume_signal.subscribe(self, self._back_from_the_shell)
        self.set_interval(1.0, self._tick)
        source, inbox = self._first
        if source is not None:
            self.session.adopt(source, inbox)
        else:
            self.reopen()

    def _back_from_the_shell(self, _: object) -> None:
        """After Ctrl-Z and ``fg`` the screen is empty, which Textual does not know."""
        self.refresh(layout=True)

    # -- Views --------------------------------------------------------------------------------

    def on_view_ready(self, message: ViewReady) -> None:
        if message.feed is not self.session.feed:
            return
        first = self.view is None
        if first and self.first_source:
            gc.freeze()  # what is there by now stays: no collection need look at it again
        self.view = message.view
        self.trends.record(message.view.services, message.view.changed, message.view.now)
        screen = self.screen_on_top()
        if screen.ready:
            with self.batch_update():
                screen.show_header()
                screen.show_view(message.view, None if first else message.view.changed)
        self.call_after_refresh(message.feed.taken)
        self.open_wanted_service()

    def on_feed_failed(self, message: FeedFailed) -> None:
        raise message.error  # a defect of ours: end with a traceback and code 1

    def _tick(self) -> None:
        screen = self.screen_on_top()
        if not self.frozen and self.view is not None and screen.ready:
            screen.show_header()
            screen.tick()

    def frame(self) -> Frame:
        """Time and signs for whatever is shown now."""
        feed = self.session.feed
        now = (
            feed.now() if feed is not None and not self.frozen else self.view.now if self.view else utc_now()
        )
        return Frame(now, self._glyphs, self.trends, self.pins)

    def numbers(self) -> Mapping[Health, int]:
        """Services on the screen's namespaces by health."""
        if self.view is None:
            return {}
        focus = self.session.focus
        services = self.view.services.values()
        return header.counts(each for each in services if focus is None or each.namespace == focus)

    async def ask(self, question: Callable[[World], T]) -> T | None:
        """What the world says, without holding up the event loop; None where there is no feed."""
        feed = self.session.feed
        return None if feed is None else await asyncio.to_thread(feed.query, question)

    def toggle_freeze(self) -> None:
        self.frozen = not self.frozen
        if (feed := self.session.feed) is not None:
            if self.frozen:
                feed.pause()
            else:
                feed.resume()
        self.screen_on_top().show_header()

    def toggle_pin(self, key: Key) -> None:
        self.pins = self.pins - {key} if key in self.pins else self.pins | {key}

    def on_key(self, event: events.Key) -> None:
        """A character that was on its way while an entry opened belongs to the entry."""
        if event.character is None or not event.is_printable:
            return
        if isinstance(self.focused, Input):
            self.focused.insert_text_at_cursor(event.character)
        elif isinstance(self.screen, Picker):
            self.screen.type_ahead(event.character)
        else:
            return
        event.prevent_default()

    # -- safety -------------------------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        plain = [safety.PlainSigns()] if self.has_class("-ascii") else []
        return [*super().get_line_filters(), safety.NoControlCodes(), *plain]

    def _fatal_error(self) -> None:
        """As Textual does it, but without the local variables: they may hold what is nobody's business."""
        from rich.segment import Segments
        from rich.traceback import Traceback  # a tenth of a second that only a defect needs

        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """None of Textual's: the palette lists the registry's actions."""
        return ()

    def action_change_theme(self) -> None:
        self.search_themes()


def void(_: object) -> None:
    """Drops a result."""


def utc_now() -> datetime:
    return datetime.now(UTC)
