"""One Service: its path, and panes for addresses, findings, Endpoints, events and YAML."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from epview.core.objects import Event, Key
from epview.core.view import Backend, ServiceView, View
from epview.present import service as present
from epview.present.columns import BACKENDS, EVENTS
from epview.present.details import backend_lines, event_lines
from epview.present.endpoints import endpoints_lines
from epview.present.findings import blocks, findings_lines, unseen
from epview.present.header import missing_namespaces
from epview.present.text import EMPTY, Line, Role, Span, line, wrap
from epview.sources.source import SourceError
from epview.tui import actions
from epview.tui.copying import service_items
from epview.tui.lookup import backend_order, details, event_order
from epview.tui.screens.advised import Advice, AdvisedScreen
from epview.tui.widgets.bars import LineBar, TabLine
from epview.tui.widgets.finding_list import FindingList
from epview.tui.widgets.keyed_table import KeyedTable
from epview.tui.widgets.prompt import Prompt
from epview.tui.widgets.text_pane import TextPane
from epview.tui.work import in_place_of_the_last
from epview.tui.yaml_text import yaml_lines

LOW: Final = 22
_ROOMY: Final = 30  # lines, from which the path has a line for each hop beside any pane
_READABLE: Final = 4  # lines, below which a text is not worth its frame
_BESIDE: Final = 2  # the titles of the list, and a line to breathe
TABS: Final = ("backends", "findings", "endpoints", "events", "yaml")
BackendKey = tuple[str, str]
_NO_ADDRESSES: Final = "no addresses, and no pod that the selector matches"
_NO_EVENTS: Final = "no events seen of the Service and its pods"


class ServiceScreen(AdvisedScreen):
    """Enter on an address opens its pod; Tab goes through the panes."""

    SCOPES: ClassVar[tuple[str, ...]] = ("service",)
    BINDINGS = actions.bindings("service")
    DEFAULT_CSS = """
    ServiceScreen #path {
        height: auto; max-height: 12; border: round $border; padding: 0 1;
        border-title-color: $foreground; scrollbar-size-vertical: 0; scrollbar-gutter: auto;
    }
    ServiceScreen #panes { height: 1fr; }
    ServiceScreen #panes > * { height: 1fr; }
    ServiceScreen #below, ServiceScreen #event {
        height: 45%; border-top: solid $border; padding: 0 1;
    }
    ServiceScreen #event { height: 7; }
    ServiceScreen #endpoints, ServiceScreen #yaml { padding: 0 1; }
    ServiceScreen #gone { display: none; height: 1fr; padding: 1 3; }
    ServiceScreen.-gone #gone { display: block; }
    ServiceScreen.-gone #path, ServiceScreen.-gone #tabs, ServiceScreen.-gone #panes { display: none; }
    ServiceScreen.-low #path, ServiceScreen.-flat #path { max-height: 6; }
    ServiceScreen #below.-none, ServiceScreen.-flat #below, ServiceScreen.-flat #path { display: none; }
    """

    def __init__(self, key: Key, tab: str = "backends") -> None:
        super().__init__()
        self.key = key
        self.tab = tab
        self._yaml_of: Key | None = None

    def compose_body(self) -> ComposeResult:
        yield LineBar(id="title")
        yield TextPane(id="path", indent=2)
        yield TabLine(id="tabs")
        with ContentSwitcher(initial=self.tab, id="panes"):
            with Vertical(id="backends"):
                yield KeyedTable[BackendKey, Backend](
                    BACKENDS, order=backend_order, frame=self.frame, empty=_NO_ADDRESSES, id="addresses"
                )
                yield TextPane(id="below")
            yield FindingList(self.frame.glyphs, id="findings")
            yield TextPane(id="endpoints")
            with Vertical(id="events"):
                yield KeyedTable[str, Event](
                    EVENTS, order=event_order, frame=self.frame, empty=_NO_EVENTS, id="event-list"
                )
                yield TextPane(id="event", indent=2)
            yield TextPane(id="yaml")
        yield TextPane(id="gone")

    def begin(self) -> None:
        self.query_one("#path").border_title = "path of a request"
        self.query_one("#path").can_focus = False
        self.query_one("#below").can_focus = False
        self.query_one("#event").can_focus = False
        self.epview.remember(self.key)
        self.refresh_all()
        self._switch(self.tab)
        self.call_after_refresh(lambda: self.tick() if self.ready else None)  # sizes are known from then on

    # -- Views --------------------------------------------------------------------------------

    @property
    def service(self) -> ServiceView | None:
        view = self.epview.view
        return None if view is None else view.services.get(self.key)

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:
        service = view.services.get(self.key)
        if service is not None and (changed is None or self.key in changed):
            rows = {backend.key: backend for backend in service.backends}
            self._addresses.show(rows, self.frame)
        self.tick()
        if changed is None or self.key in changed or self.tab == "events":
            self._look_up()

    def tick(self) -> None:
        frame, service = self.frame, self.service
        self.show_header()
        if service is None:
            self._show_gone()
            return
        self._set_gone(gone=False)
        self.query_one("#title", LineBar).show(*present.title(service, frame), present.TITLE_DROP)
        self.query_one("#path", TextPane).show(self._path(service))
        self._show_tabs(service)
        self._share_room(len(service.backends))
        self._addresses.retime(frame)
        self._events.retime(frame)
        why_not = unseen(self.epview.view, self.key.namespace)
        self._findings.show(lambda width: blocks(service, frame, width, why_not))
        self._show_selected(service)

    def _share_room(self, rows: int) -> None:
        """What a short list of addresses leaves over belongs to the text below it."""
        below, height = self.query_one("#below"), self.query_one("#backends").size.height
        least = 0 if self.size.height < LOW else round(height * 0.45)
        room = max(least, height - rows - _BESIDE)
        below.set_class(room < _READABLE, "-none")
        below.styles.height = room

    def _show_selected(self, service: ServiceView) -> None:
        """Below the lists: the marked address or event in full, then the findings."""
        backend, event = self._addresses.cursor_row, self._events.cursor_row
        lines = [*backend_lines(backend, self.frame), EMPTY] if backend is not None else []
        below = self.query_one("#below", TextPane)
        width, why_not = (
            max(20, below.inner or self.size.width - 3),
            unseen(self.epview.view, self.key.namespace),
        )
        below.show([*lines, *findings_lines(service, self.frame, width, why_not)])
        said = event_lines(event, self.frame) if event is not None else []
        self.query_one("#event").display = bool(said)
        self.query_one("#event", TextPane).show(said)

    def _path(self, service: ServiceView) -> list[Line]:
        width = max(20, self.size.width - 4)
        if self.size.height < LOW or (self.size.height < _ROOMY and self.tab != "backends"):
            return present.path_flow(service, self.frame, width) or [EMPTY]
        lines = present.path_lines(service, self.frame, width)
        extra = present.outside_line(service)
        lines += wrap(extra, width, 2) if extra else []
        return lines or [EMPTY]

    def _show_gone(self) -> None:
        """An empty screen that says so; a Service of that name that comes back fills it again."""
        view = self.epview.view
        if view is None:
            self.query_one("#title", LineBar).show([line(Span("loading", Role.MUTED))])
            return
        said, lines = f"There is no Service {self.key} any more.", present.GONE
        if gone := missing_namespaces(view, (self.key.namespace,)):
            said, lines = f"There is no namespace {gone} any more.", present.NAMESPACE_GONE
        self.query_one("#title", LineBar).show([line(Span(said, Role.WARNING))])
        self.query_one("#gone", TextPane).show(lines)
        self._set_gone(gone=True)

    def _set_gone(self, *, gone: bool) -> None:
        if gone != self.has_class("-gone"):
            self.set_class(gone, "-gone")
            self.focus_main()

    def _show_tabs(self, service: ServiceView) -> None:
        events = len(self._events.model)
        labels = (
            f"Backends {len(service.backends)}",
            f"Findings {len(service.findings)}",
            "Endpoints",
            f"Events {events}" if events else "Events",
            "YAML",
        )
        self.query_one("#tabs", TabLine).show(tuple(zip(TABS, labels, strict=True)), self.tab)

    @property
    def _addresses(self) -> KeyedTable[BackendKey, Backend]:
        return self.query_one("#addresses", KeyedTable)

    @property
    def _events(self) -> KeyedTable[str, Event]:
        return self.query_one("#event-list", KeyedTable)

    @property
    def _findings(self) -> FindingList:
        return self.query_one("#findings", FindingList)

    @property
    def _pane(self) -> KeyedTable[Any, Any] | FindingList | TextPane:
        """What has the keys in the open tab."""
        if self.tab == "backends":
            return self._addresses
        if self.tab == "findings":
            return self._findings
        return self._events if self.tab == "events" else self.query_one(f"#{self.tab}", TextPane)

    # -- what the View does not hold ----------------------------------------------------------

    def _look_up(self) -> None:
        in_place_of_the_last(self, "world", self._ask_world)

    async def _ask_world(self) -> None:
        """Endpoints, slices and events, read under the feed's lock off the event loop."""
        service = self.service
        if service is None:
            return
        found = await self.epview.ask(lambda world: details(world, service))
        if found is None or not self.ready:
            return
        endpoints, slices, events = found
        self.query_one("#endpoints", TextPane).show(
            endpoints_lines(endpoints, slices, self.frame, self.key.name)
        )
        self._events.show(events, self.frame)
        self._slices = [piece.key for piece in slices]
        self._has_endpoints = endpoints is not None
        self._show_tabs(service)

    _slices: list[Key] = []  # noqa: RUF012 - replaced whole, never changed
    _has_endpoints = False

    def _load_yaml(self) -> None:
        if self._yaml_of != self.key:
            self._yaml_of = self.key
            self.query_one("#yaml", TextPane).show([line(Span("loading", Role.MUTED))])
        in_place_of_the_last(self, "yaml", self._read_yaml)

    async def _read_yaml(self) -> None:
        feed = self.epview.session.feed
        if feed is None:
            return
        wanted = [("Service", self.key)]
        wanted += [("Endpoints", self.key)] if self._has_endpoints else []
        wanted += [("EndpointSlice", key) for key in self._slices]
        documents: list[tuple[str, dict[str, Any] | str]] = []
        for kind, key in wanted:
            try:
                documents.append((f"{kind} {key}", await asyncio.to_thread(feed.source.get, kind, key)))
            except SourceError as error:
                documents.append((f"{kind} {key}", str(error)))
        lines = await asyncio.to_thread(yaml_lines, documents)
        if self.ready:  # else the screen was left meanwhile
            self.query_one("#yaml", TextPane).show(lines)

    # -- panes --------------------------------------------------------------------------------

    def _switch(self, tab: str) -> None:
        self.tab = tab
        self.query_one("#panes", ContentSwitcher).current = tab
        if (service := self.service) is not None:
            self._show_tabs(service)
            self.query_one("#path", TextPane).show(self._path(service))
        if tab == "yaml":
            self._load_yaml()
        self.focus_main()

    def focus_main(self) -> None:
        self.set_focus(self.query_one("#gone") if self.has_class("-gone") else self._pane)

    def action_pane(self, number: int) -> None:
        self._switch(TABS[number - 1])

    def action_tab(self, step: int) -> None:
        self._switch(TABS[(TABS.index(self.tab) + step) % len(TABS)])

    def on_tab_line_picked(self, event: TabLine.Picked) -> None:
        self._switch(event.tab)

    def action_yaml(self) -> None:
        self._switch("yaml")

    def action_events(self) -> None:
        self._switch("events")

    def action_details(self) -> None:
        if self.tab == "backends":
            self._addresses.action_select()
        elif self.tab == "findings":
            self._findings.action_select()

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        if event.table.id == "addresses":
            backend = self._addresses.cursor_row
            if backend is not None and backend.pod:
                self.epview.open_pod(Key(self.key.namespace, backend.pod))
            else:
                self.say(Span("this address belongs to no pod that epview can see", Role.MUTED))

    def on_keyed_table_highlighted(self, event: KeyedTable.Highlighted) -> None:
        event.stop()
        if (service := self.service) is not None:
            self._show_selected(service)

    # -- findings -----------------------------------------------------------------------------

    def advice(self) -> Advice | None:
        """Of the marked finding, or of the first one beside the addresses."""
        block = self._findings.marked if self.tab == "findings" else None
        if block is None and (service := self.service) is not None:
            block = next(iter(blocks(service, self.frame, self.size.width)), None)
        return None if block is None else Advice((self.key, block.key), block.rule, block.commands)

    def on_finding_list_chosen(self, event: FindingList.Chosen) -> None:
        """Where it happens: the pod, else what it means."""
        event.stop()
        if event.block.pod is not None:
            self.epview.open_pod(event.block.pod)
        elif event.block.rule:
            self.epview.explain(event.block.rule)

    # -- search, copy, history ----------------------------------------------------------------

    def action_filter(self) -> None:
        self.prompt.open("search")

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        if event.mode == "search":
            self._search(event.text)

    def on_prompt_left(self, event: Prompt.Left) -> None:
        if event.mode == "search":
            self._search("")
        self.focus_main()

    def _search(self, text: str) -> None:
        pane = self._pane
        if isinstance(pane, TextPane):
            self.say(Span(pane.search(text), Role.MUTED))
            return
        needle = text.lower()
        if isinstance(pane, FindingList):
            pane.set_test((lambda said: needle in said) if needle else None)
        else:
            pane.set_test((lambda row: needle in repr(row).lower()) if needle else None)

    def action_escape(self) -> None:
        pane = self._pane
        if isinstance(pane, TextPane) and pane.searching:
            pane.search("")
        elif isinstance(pane, KeyedTable | FindingList) and pane.filtered:
            pane.set_test(None)
        else:
            super().action_escape()

    def action_copy(self) -> None:
        if (service := self.service) is not None:
            backend = self._addresses.cursor_row if self.tab == "backends" else None
            marked = self._findings.marked if self.tab == "findings" else None
            self.copy_menu(service_items(service, backend, marked.commands if marked else ()))

    def action_history(self, step: int) -> None:
        key = self.epview.visited(step)
        if key is not None:
            self.key = key
            self._addresses.forget()
            self._findings.forget()
            self.refresh_all()
            self._switch(self.tab)
