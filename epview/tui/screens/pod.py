"""One pod, as ``kubectl describe`` would tell it, with the failing probe beside its settings."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from epview.core.objects import Event, Key, Pod
from epview.core.view import View
from epview.core.world import World
from epview.present import pod as present
from epview.present.header import missing_namespaces
from epview.present.text import Role, Span, line
from epview.sources.source import SourceError
from epview.tui import actions
from epview.tui.copying import pod_items
from epview.tui.screens.base import BaseScreen
from epview.tui.widgets.bars import LineBar
from epview.tui.widgets.prompt import Prompt
from epview.tui.widgets.text_pane import TextPane
from epview.tui.work import in_place_of_the_last
from epview.tui.yaml_text import yaml_lines

Found = tuple[Pod, list[Event], set[Key]]


class PodScreen(BaseScreen):
    """Facts on one page; y turns to its YAML and back."""

    SCOPES: ClassVar[tuple[str, ...]] = ("pod",)
    BINDINGS = actions.bindings("pod")
    DEFAULT_CSS = """
    PodScreen #panes { height: 1fr; }
    PodScreen #panes > * { height: 1fr; padding: 0 1; }
    """

    def __init__(self, pod: Key) -> None:
        super().__init__()
        self.pod = pod
        self._found: Found | None = None
        self._asked = False

    def compose_body(self) -> ComposeResult:
        yield LineBar(id="title")
        with ContentSwitcher(initial="facts", id="panes"):
            yield TextPane(id="facts", indent=18)
            yield TextPane(id="yaml")

    def footer_actions(self) -> list[actions.Action]:
        return actions.footer("pod")

    def begin(self) -> None:
        self.focus_main()
        self.refresh_all()

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:  # noqa: ARG002
        in_place_of_the_last(self, "world", self._ask_world)

    async def _ask_world(self) -> None:
        self._found = await self.epview.ask(lambda world: find(world, self.pod))
        self._asked = True
        if self.ready:
            self.tick()

    def tick(self) -> None:
        self.show_header()
        frame, view = self.frame, self.epview.view
        title = self.query_one("#title", LineBar)
        if self._found is None or view is None:
            gone = view is not None and missing_namespaces(view, (self.pod.namespace,))
            what = f"namespace {gone}" if gone else f"pod {self.pod}"
            said = f"There is no {what} any more." if self._asked else "loading"
            title.show([line(Span(said, Role.WARNING if self._asked else Role.MUTED))])
            lines = [line(Span("Esc", Role.KEY), Span(" goes back.", Role.MUTED))] if self._asked else []
            self.query_one("#facts", TextPane).show(lines)
            return
        pod, events, services = self._found
        title.show([present.title(pod, frame)])
        served = [
            (service, backend)
            for key in sorted(services)
            if (service := view.services.get(key)) is not None
            for backend in service.backends
            if backend.pod == pod.metadata.name
        ]
        self.query_one("#facts", TextPane).show(present.pod_lines(pod, events, served, frame))

    @property
    def pane(self) -> TextPane:
        return self.query_one(f"#{self.query_one('#panes', ContentSwitcher).current}", TextPane)

    def focus_main(self) -> None:
        self.set_focus(self.pane)

    # -- keys ---------------------------------------------------------------------------------

    def action_yaml(self) -> None:
        panes = self.query_one("#panes", ContentSwitcher)
        panes.current = "facts" if panes.current == "yaml" else "yaml"
        if panes.current == "yaml":
            in_place_of_the_last(self, "yaml", self._read_yaml)
        self.focus_main()

    async def _read_yaml(self) -> None:
        feed = self.epview.session.feed
        if feed is None:
            return
        document: dict[str, Any] | str
        try:
            document = await asyncio.to_thread(feed.source.get, "Pod", self.pod)
        except SourceError as error:
            document = str(error)
        lines = await asyncio.to_thread(yaml_lines, [(f"Pod {self.pod}", document)])
        if self.ready:  # else the screen was left meanwhile
            self.query_one("#yaml", TextPane).show(lines)

    def action_filter(self) -> None:
        self.prompt.open("search")

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        if event.mode == "search":
            self.say(Span(self.pane.search(event.text), Role.MUTED))

    def on_prompt_left(self, event: Prompt.Left) -> None:
        if event.mode == "search":
            self.pane.search("")
        self.focus_main()

    def action_escape(self) -> None:
        panes = self.query_one("#panes", ContentSwitcher)
        if self.pane.searching:
            self.pane.search("")
        elif panes.current == "yaml":
            self.action_yaml()
        else:
            super().action_escape()

    def action_copy(self) -> None:
        addresses = [("address", ip) for ip in self._found[0].ips] if self._found else []
        self.copy_menu([*pod_items(self.pod), *addresses])


def find(world: World, pod: Key) -> Found | None:
    """The pod, its events (newest first), and the Services that select it."""
    found = world.pods.get(pod)
    if found is None:
        return None
    return found, list(world.events_of(found.metadata.uid)), set(world.services_of(pod))
