"""How a source comes and goes: opening, failing, letting go. Mixed into the application."""

from __future__ import annotations

import asyncio
import gc
from typing import cast

from textual.app import App

from epview.core.view import View
from epview.present.trend import Trends
from epview.sources.source import SourceError
from epview.tui.navigation import Navigation
from epview.tui.screens.failure import FailureScreen
from epview.tui.work import in_place_of_the_last


class Opening(Navigation):
    """One source at a time; an old one is forgotten at once and stopped behind the scenes."""

    view: View | None
    trends: Trends
    frozen: bool
    first_source = True  # none was left yet

    @property
    def _self(self) -> App[int]:
        return cast("App[int]", self)

    def reopen(self) -> None:
        """Open a source for the session's context and scope; a failure gets a screen of its own."""
        in_place_of_the_last(self._self, "session", self._reopen)

    async def _reopen(self) -> None:
        self._let_go()
        try:
            source = await asyncio.to_thread(self.session.open)
        except SourceError as error:
            await self._self.push_screen(FailureScreen(error))
            return
        self.session.adopt(source)

    def _let_go(self) -> None:
        if (old := self.session.leave()) is not None:
            self.first_source = False
            gc.unfreeze()  # the old world is garbage now, and must be found
            self._self.run_worker(asyncio.to_thread(old.stop), group="stopping")
        self.view, self.trends, self.frozen = None, Trends(), False
        self.home().refresh_all()

    async def on_unmount(self) -> None:
        """The end: no thread is left behind."""
        if (feed := self.session.leave()) is not None:
            await asyncio.to_thread(feed.stop)
