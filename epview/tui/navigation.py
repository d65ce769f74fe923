"""Where one can go: Services, pods, namespaces, contexts. Mixed into the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.app import App

from epview.core.nearness import nearest
from epview.core.objects import Key
from epview.core.rule import catalogue
from epview.core.view import View
from epview.core.world import World
from epview.sources.source import SourceError
from epview.tui.host import Host
from epview.tui.palette import contexts_of
from epview.tui.session import Scope, Session
from epview.tui.work import in_place_of_the_last

if TYPE_CHECKING:
    from epview.tui.screens.base import BaseScreen
    from epview.tui.screens.services import ServicesScreen


class Navigation:
    """The methods screens, commands and the palette call to get somewhere."""

    session: Session
    view: View | None
    wanted_service: str | None
    known_contexts: tuple[str, ...] = ()
    _trail: tuple[Key, ...] = ()
    _place: int = 0

    @property
    def _app(self) -> App[int]:
        return cast("App[int]", self)

    @property
    def _host(self) -> Host:
        return cast("Host", self)

    def screen_on_top(self) -> BaseScreen:
        """The screen that shows Views: the topmost that is no picker, help or palette."""
        from epview.tui.screens.base import BaseScreen

        stack = self._app.screen_stack
        return next(
            (screen for screen in reversed(stack) if isinstance(screen, BaseScreen)), cast("Any", stack[0])
        )

    def home(self) -> ServicesScreen:
        return cast("ServicesScreen", self._app.screen_stack[0])

    def leave(self, code: int) -> None:
        """End the program with this exit code."""
        self._app.exit(code)

    def go_home(self) -> None:
        """Back to the list of Services."""
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    # -- Services and pods --------------------------------------------------------------------

    def open_service(self, key: Key, tab: str = "backends") -> None:
        from epview.tui.screens.service import ServiceScreen

        self._app.push_screen(ServiceScreen(key, tab))

    def open_named_service(self, name: str) -> bool:
        """Open ``name`` or ``namespace/name``; complains with the nearest name where there is none."""
        if self.view is None:
            return False
        key = find_service(self.view, name, self.session.shown)
        if key is None:
            from epview.present.nearest import nearest

            near = nearest(name, (each.name for each in self.view.services))
            hint = f" Did you mean {near}?" if near else ""
            self.screen_on_top().complain(f"There is no Service {name} here.{hint}")
            return False
        self.open_service(key)
        return True

    def open_wanted_service(self) -> None:
        """The Service of the command line, as soon as the Services are known."""
        view, name = self.view, self.wanted_service
        if view is None or name is None:
            return
        known = find_service(view, name, self.session.shown) is not None
        listed = any(state.resource == "services" and state.settled for state in view.states)
        if known or listed:
            self.wanted_service = None
            self.open_named_service(name)

    def remember(self, key: Key) -> None:
        """A Service was opened: what lay ahead in the history is cut off."""
        if self._trail[self._place : self._place + 1] != (key,):
            self._trail = (*self._trail[: self._place + 1], key)[-50:]
            self._place = len(self._trail) - 1

    def visited(self, step: int) -> Key | None:
        """The Service before or after the open one in the history, and go there."""
        place = self._place + step
        if not 0 <= place < len(self._trail):
            return None
        self._place = place
        return self._trail[place]

    def open_pod(self, pod: Key) -> None:
        from epview.tui.screens.pod import PodScreen

        self._app.push_screen(PodScreen(pod))

    def pick_pod(self, text: str = "") -> None:
        """Choose among all pods in sight; an exact name opens at once."""
        in_place_of_the_last(self._app, "picker", partial(self._pick_pod, text))

    async def _pick_pod(self, text: str) -> None:
        from epview.tui.screens.pods import pod_picker, pod_rows

        focus = self.session.focus

        def ask(world: World) -> dict[str, Any]:
            return pod_rows(world, focus)

        rows = await self._host.ask(ask) or {}
        exact = [key for key in rows if text and text in (key, key.partition("/")[2])]
        if len(exact) == 1:
            self.open_pod(key_of(exact[0]))
            return
        self._app.push_screen(pod_picker(rows, self._host.frame(), text), self._opened(self.open_pod))

    @staticmethod
    def _opened(go: Callable[[Key], None]) -> Callable[[str | None], None]:
        def done(choice: str | None) -> None:
            if choice:
                go(key_of(choice))

        return done

    # -- rules --------------------------------------------------------------------------------

    def explain(self, rule: str = "") -> None:
        """The page of a rule; all of them to choose from where none is named."""
        from epview.tui.screens.rules import rule_picker, rule_sheet

        rules = catalogue()
        known = rules.get(rule.upper())
        if known is not None:
            self._app.push_screen(rule_sheet(known))
        elif rule:
            near = nearest(rule.upper(), rules)
            hint = f"Did you mean {near}?" if near else "Without a name it lists them all."
            self.screen_on_top().complain(f"There is no rule {rule}. {hint}")
        else:
            self._app.push_screen(rule_picker(self._host.frame()), self._explained)

    def _explained(self, choice: str | None) -> None:
        if choice is not None:
            self.explain(choice)

    # -- namespaces ---------------------------------------------------------------------------

    def pick_namespace(self) -> None:
        from epview.tui.screens.namespaces import namespace_picker

        def done(choice: str | None) -> None:
            if choice is not None:
                self.choose_namespaces(tuple(choice.replace(",", " ").split()) or None)

        self._app.push_screen(namespace_picker(self.view, self.session.shown, self._host.frame()), done)

    def choose_namespaces(self, namespaces: Scope) -> None:
        """Show other namespaces: at once where the data is there, else through a new source."""
        session = self.session
        self.go_home()
        one = namespaces[0] if namespaces is not None and len(namespaces) == 1 else None
        if (namespaces is None or one is not None) and session.covers(one):
            session.focus = one if session.scope is None else None
            self.home().apply_filter()
            return
        session.scope, session.focus = namespaces, None
        self._host.reopen()

    # -- contexts -----------------------------------------------------------------------------

    def pick_context(self) -> None:
        in_place_of_the_last(self._app, "picker", self._pick_context)

    async def _pick_context(self) -> None:
        from epview.tui.screens.contexts import context_picker

        try:
            contexts = await asyncio.to_thread(self.session.connector.contexts)
        except SourceError as error:
            self.screen_on_top().complain(str(error))
            return
        if not contexts:
            self.screen_on_top().complain("There is no kubeconfig with contexts to choose from.")
            return
        self.known_contexts = tuple(context.name for context in contexts)
        current = self.session.context or self.session.connector.current()

        def done(choice: str | None) -> None:
            if choice is not None:
                self.choose_context(choice)

        self._app.push_screen(context_picker(contexts, current, self._host.frame()), done)

    def choose_context(self, name: str) -> None:
        """Look at another cluster, in the namespace kubectl would use there."""
        session = self.session
        names = self.known_contexts or contexts_of(self._host)
        if names and name not in names:
            from epview.present.nearest import nearest

            near = nearest(name, names)
            hint = f" Did you mean {near}?" if near else ""
            self.screen_on_top().complain(f"There is no context {name} in the kubeconfig.{hint}")
            return
        self.go_home()
        session.context, session.focus = name, None
        try:
            session.scope = (session.connector.default_namespace(name),)
        except SourceError:
            session.scope = ("default",)
        self._host.pins = frozenset()
        self._host.reopen()


def key_of(text: str) -> Key:
    """``shop/web`` as a Key."""
    namespace, _, name = text.rpartition("/")
    return Key(namespace, name)


def find_service(view: View, name: str, scope: Scope) -> Key | None:
    """``namespace/name``, or a name alone: in the scope's own namespace first, else wherever it is alone."""
    key = key_of(name)
    if key.namespace:
        return key if key in view.services else None
    for namespace in scope or ("default",):
        if Key(namespace, name) in view.services:
            return Key(namespace, name)
    found = [each for each in view.services if each.name == name]
    return found[0] if found else None
