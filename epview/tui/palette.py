"""Ctrl-P: every action of the screen, every Service, every namespace and context, by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from epview.present.text import clean
from epview.sources.source import SourceError
from epview.tui import actions
from epview.tui.host import Host, host_of

Entry = tuple[str, str, Callable[[], object]]  # what is searched and shown, help, what it does
_SERVICES = 2_000  # fuzzy matching is slow; beyond it the list's own filter is the better tool
_SKIP = ("palette", "escape", "next-hit", "previous-hit")


class EverythingProvider(Provider):
    """Finds what can be done and where one can go."""

    @property
    def epview(self) -> Host:
        return host_of(self.app)

    def _actions(self) -> Iterator[Entry]:
        screen = self.screen
        for action in actions.of(*getattr(screen, "SCOPES", ())):
            if action.id not in _SKIP:
                run = partial(screen.run_action, action.run)
                yield (f"{action.help}", action.shown, run)
        yield ("change the theme", "colours", self.epview.action_change_theme)

    def _places(self) -> Iterator[Entry]:
        app = self.epview
        view = app.view
        if view is not None:
            for number, key in enumerate(view.services):
                if number >= _SERVICES:
                    break
                yield (f"Service {key}", "", partial(app.open_service, key))
            for namespace in view.namespaces:
                yield (f"namespace {namespace.name}", "", partial(app.choose_namespaces, (namespace.name,)))
        for name in app.known_contexts:
            yield (f"context {name}", "", partial(app.choose_context, name))

    async def discover(self) -> Hits:
        for text, shown, run in self._actions():
            yield DiscoveryHit(_display(text, shown), run, text=text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, shown, run in (*self._actions(), *self._places()):
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, _display(text, shown), run, text=text)


def _display(text: str, shown: str) -> Content:
    """As Content: a plain string would be read as markup."""
    return Content.assemble(clean(text), (f"   {shown}" if shown else "", "$text-muted"))


def contexts_of(app: Host) -> tuple[str, ...]:
    """The names of the kubeconfig's contexts; none where it cannot be read."""
    try:
        return tuple(info.name for info in app.session.connector.contexts())
    except SourceError:
        return ()
