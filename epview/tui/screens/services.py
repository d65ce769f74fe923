"""The first screen: every Service in scope, problems first, each with the reason in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from epview.core.objects import Key
from epview.core.view import Health, Phase, ServiceView, View
from epview.present import filter as filters
from epview.present import words
from epview.present.columns import SERVICES, Column
from epview.present.findings import loose_ends
from epview.present.header import loading_lines, missing_namespaces
from epview.present.preview import preview
from epview.present.text import Line, Role, Span, line
from epview.tui import actions
from epview.tui.copying import service_items
from epview.tui.screens.advised import Advice, AdvisedScreen
from epview.tui.widgets.bars import LineBar
from epview.tui.widgets.keyed_table import KeyedTable
from epview.tui.widgets.prompt import Prompt
from epview.tui.widgets.text_pane import TextPane

_MIDDLE: Final = 22  # lines of the terminal from which the preview takes what is left over
_HIGH: Final = 40
_BESIDE: Final = 5  # lines that are neither: header, summary, titles, a line to breathe, keys
_TROUBLED = (Health.ERROR, Health.WARNING, Health.UNKNOWN)


class ServicesScreen(AdvisedScreen):
    """List on top (or left), the selected Service's path and cause below (or right)."""

    SCOPES: ClassVar[tuple[str, ...]] = ("services",)
    BINDINGS = actions.bindings("services")
    DEFAULT_CSS = """
    ServicesScreen #body { height: 1fr; }
    ServicesScreen #list { height: 1fr; width: 1fr; }
    ServicesScreen #loading { height: auto; max-height: 9; display: none; }
    ServicesScreen #loading.-some { display: block; margin: 1 1 0 1; }
    ServicesScreen #preview {
        height: 9; padding: 0 1; border-top: solid $border;
        scrollbar-size-vertical: 0; scrollbar-gutter: auto;
    }
    ServicesScreen.-flat #preview, ServicesScreen #preview.-none { display: none; }
    ServicesScreen.-low #preview { height: 6; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.filter = filters.Filter()
        self.problems_only = False
        self._loading = 0  # lines that the progress takes

    def compose_body(self) -> ComposeResult:
        yield LineBar(id="about")
        with Vertical(id="body"):
            yield TextPane(id="loading")
            yield KeyedTable[Key, ServiceView](
                self._columns(), order=self._order, frame=self.frame, id="list"
            )
            yield TextPane(id="preview", indent=2)

    @property
    def table(self) -> KeyedTable[Key, ServiceView]:
        return self.query_one("#list", KeyedTable)

    @property
    def selected(self) -> ServiceView | None:
        return self.table.cursor_row

    def begin(self) -> None:
        self.query_one("#loading").can_focus = False
        self.query_one("#preview").can_focus = False
        self.set_focus(self.table)
        self.refresh_all()

    def _order(self, view: ServiceView) -> tuple[object, ...]:
        return (view.key not in self.epview.pins, view.health.rank, view.namespace, view.name)

    def _columns(self) -> list[Column[ServiceView]]:
        """Without the namespace where there is just one."""
        shown = self.epview.session.shown
        one = shown is not None and len(shown) == 1
        return [column for column in SERVICES if not (one and column.id == "namespace")]

    # -- Views --------------------------------------------------------------------------------

    def show_view(self, view: View, changed: frozenset[Key] | None) -> None:
        self.table.set_columns(self._columns())
        self.table.empty = self._nothing(view)
        self.table.show(view.services, self.frame, changed)
        self.tick()
        if (feed := self.epview.session.feed) is not None:
            feed.first = self.table.in_sight

    def tick(self) -> None:
        frame = self.frame
        self.show_header()
        self._show_loading()
        self._share_room()
        self.table.retime(frame)
        self._show_preview()
        self._show_about()

    def refresh_all(self) -> None:
        super().refresh_all()
        if self.ready and self.epview.view is None:
            self.table.forget()
            self.tick()

    def _show_loading(self) -> None:
        pane = self.query_one("#loading", TextPane)
        frame = self.frame
        lines = loading_lines(self.epview.view, frame.now, frame.glyphs, self.size.width - 4)
        self._loading = len(lines) + 1 if lines else 0
        pane.set_class(bool(lines), "-some")
        pane.show(lines)

    def _show_preview(self) -> None:
        view = self.selected
        pane = self.query_one("#preview", TextPane)
        width = max(20, (pane.inner or self.size.width - 2))
        lines: list[Line] = []
        if view is not None:
            key = actions.BY_ID["remedy"].shown
            lines = preview(view, self.frame, width, self._preview_room(pane), key)
        pane.show(lines)
        pane.set_class(not self.table.model.rows, "-none")

    def _share_room(self) -> None:
        """What a short list leaves over belongs to the preview."""
        height, pane = self.size.height, self.query_one("#preview", TextPane)
        if height < _MIDDLE:
            pane.styles.height = None  # as the style sheet says
            return
        rows = sum(self.epview.numbers().values()) or height
        least = 15 if height >= _HIGH else 9
        room = height - rows - _BESIDE - self._loading
        pane.styles.height = max(least, room)

    def _preview_room(self, pane: TextPane) -> int:
        """Lines of the preview, as it will be after the next layout."""
        height = pane.styles.height
        return int(height.value) - 1 if height is not None and height.is_cells else 8

    def _show_about(self) -> None:
        """``services 12 of 44   filter: cart   problems only``."""
        total = len(self.table.model.rows)
        seen = len(self.table.model)
        count = f"{seen:,} of {total:,}" if seen != total else f"{total:,}"
        parts = [line(Span("Services ", Role.STRONG), Span(count, Role.MUTED))]
        if selector := self.epview.session.selector:
            parts.append(line(Span("-l ", Role.MUTED), Span(selector, Role.ACCENT)))
        if self.filter:
            parts.append(line(Span("filter ", Role.MUTED), Span(self.filter.text, Role.ACCENT)))
        if self.filter.error:
            parts.append(line(Span(self.filter.error, Role.WARNING)))
        if self.problems_only:
            parts.append(line(Span("problems only", Role.ACCENT)))
        if (column := self.table.sorted_by) is not None:
            way = ", reversed" if self.table.reverse else ""
            parts.append(line(Span(f"by {column.title}{way}", Role.ACCENT)))
        findings = self.epview.view.findings if self.epview.view is not None else ()
        loose = line(
            Span("f ", Role.KEY),
            Span(words.plural(len(findings), "finding") + " outside the Services", Role.WARNING),
        )
        self.query_one("#about", LineBar).show(parts, [loose] if findings else ())

    def _nothing(self, view: View) -> str:
        """What to say where the list is empty."""
        if not view.synced:
            return ""
        if self.filter or self.problems_only:
            return "no Service passes the filter; Esc clears it"
        services = [state for state in view.states if state.resource == "services"]
        if any(state.phase is Phase.FAILED for state in services):
            return ""  # the lines above say why
        if any(not state.usable for state in services):
            return "Services cannot be read here: n chooses another namespace, C another context"
        if gone := missing_namespaces(view, self.epview.session.shown):
            return f"there is no namespace {gone}: n chooses another, 0 shows all"
        if selector := self.epview.session.selector:
            return f"no Service matches -l {selector}"
        return "no Services here: n chooses another namespace, 0 shows all"

    # -- filter -------------------------------------------------------------------------------

    def _test(self) -> Callable[[ServiceView], bool] | None:
        asked, only, focus = self.filter, self.problems_only, self.epview.session.focus
        if not asked and not only and focus is None:
            return None

        def test(view: ServiceView) -> bool:
            if focus is not None and view.namespace != focus:
                return False
            if only and view.health not in _TROUBLED:
                return False
            return not asked or asked.matches(filters.haystack(view), filters.labels_of(view))

        return test

    def apply_filter(self) -> None:
        """The filter, the focus or the pins changed."""
        self.table.set_columns(self._columns())
        self.table.set_test(self._test())
        if (view := self.epview.view) is not None:
            self.table.empty = self._nothing(view)
        self.tick()

    def set_filter(self, text: str) -> None:
        self.filter = filters.parse(text)
        self.apply_filter()

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        if event.mode == "filter":
            self.set_filter(event.text)

    def on_prompt_moved(self, event: Prompt.Moved) -> None:
        if event.rows > 0:
            self.table.action_cursor_down()
        else:
            self.table.action_cursor_up()

    def on_prompt_left(self, event: Prompt.Left) -> None:
        if event.mode == "filter":
            self.set_filter("")
        self.focus_main()

    def focus_main(self) -> None:
        self.set_focus(self.table)

    # -- keys ---------------------------------------------------------------------------------

    def on_keyed_table_highlighted(self, event: KeyedTable.Highlighted) -> None:
        event.stop()
        self._show_preview()

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        self.epview.open_service(event.key)

    def on_keyed_table_sorted(self, event: KeyedTable.Sorted) -> None:
        event.stop()
        self._show_about()

    def action_filter(self) -> None:
        self.prompt.open("filter", self.filter.text)

    def action_problems(self) -> None:
        self.problems_only = not self.problems_only
        self.apply_filter()

    def action_loose_ends(self) -> None:
        from epview.tui.screens.sheet import Sheet

        findings = self.epview.view.findings if self.epview.view is not None else ()
        if findings:
            frame = self.frame
            self.app.push_screen(
                Sheet(
                    "findings that belong to no Service",
                    lambda width: loose_ends(findings, frame, width),
                    "f",
                )
            )
        else:
            self.say(Span("no findings outside the Services", Role.MUTED))

    def action_pin(self) -> None:
        if (view := self.selected) is not None:
            self.epview.toggle_pin(view.key)
            self.table.rearrange()
            self.tick()

    def action_escape(self) -> None:
        if self.filter or self.problems_only:
            self.filter, self.problems_only = filters.Filter(), False
            self.apply_filter()
        elif self.table.sorted_by is not None:
            self.table.unsort()
        else:
            super().action_escape()

    def action_details(self) -> None:
        self._open("backends")

    def action_yaml(self) -> None:
        self._open("yaml")

    def action_events(self) -> None:
        self._open("events")

    def _open(self, tab: str) -> None:
        if (view := self.selected) is not None:
            self.epview.open_service(view.key, tab)

    def action_copy(self) -> None:
        if (view := self.selected) is not None:
            self.copy_menu(service_items(view))

    def advice(self) -> Advice | None:
        view = self.selected
        if view is None or view.headline is None:
            return None
        return Advice(
            (view.key, view.headline.rule, view.headline.objects), view.headline.rule, view.headline.remedy
        )
