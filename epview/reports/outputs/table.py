"""`-o table`, for people: one line a Service, problems first, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from epview.core.view import Health, ServiceView
from epview.present.text import clean
from epview.reports.outcome import Outcome, gap_words, ready_words, summary_words, why

_TITLES: Final = ("STATUS", "NAMESPACE", "SERVICE", "TYPE", "READY", "BACKED BY", "WHY")
_WIDE: Final = 120
_GLYPHS: Final = {
    Health.ERROR: ("✗", "x", "bold red"),
    Health.WARNING: ("▲", "!", "yellow"),
    Health.OK: ("●", "o", "green"),
    Health.INFO: ("●", "o", "green"),
    Health.UNKNOWN: ("◌", ".", "dim"),
}


def write(outcome: Outcome, out: TextIO) -> None:
    console = console_for(out)
    if not out.isatty():  # FORCE_COLOR makes no terminal
        console.width = 1_000_000  # one line a Service: what reads it may cut, we must not
    write_to(console, outcome)


def console_for(out: TextIO) -> Console:
    """A console for which text from the cluster never counts as markup."""
    return Console(file=out, highlight=False, markup=False, emoji=False)


def write_to(console: Console, outcome: Outcome) -> None:
    if outcome.services:
        wide = console.width >= _WIDE
        console.print(_table(outcome.services, wide=wide, ascii_only=console.options.ascii_only))
    else:
        console.print(Text("No Services found."))
    for finding in outcome.view.findings:
        console.print(Text(f"{finding.severity.value}: {finding.rule} {clean(finding.message)}"))
    write_end(console, outcome)


def write_end(console: Console, outcome: Outcome) -> None:
    """The summary, what could not be seen, and standing remarks."""
    console.print(Text(f"\n{summary_words(outcome)}"))
    for told in (*map(gap_words, outcome.gaps), *outcome.view.source.notices):
        console.print(Text(clean(told), style="yellow"))


def status(view: ServiceView, *, ascii_only: bool) -> Text:
    """``✗ error``"""
    glyph, plain, style = _GLYPHS[view.health]
    return Text(f"{plain if ascii_only else glyph} {view.health.value}", style=style)


def type_words(view: ServiceView) -> str:
    return "Headless" if view.headless else view.type


def _table(services: Sequence[ServiceView], *, wide: bool, ascii_only: bool) -> Table:
    """One row a Service; a narrow terminal leaves the room of two columns to the reason."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    titles = [title for title in _TITLES if wide or title not in ("TYPE", "BACKED BY")]
    for title in titles:
        table.add_column(title, no_wrap=title != "WHY", overflow="fold")
    for view in services:
        cells = _cells(view, ascii_only=ascii_only)
        table.add_row(*(cells[title] for title in titles))
    return table


def _cells(view: ServiceView, *, ascii_only: bool) -> dict[str, Text]:
    return {
        "STATUS": status(view, ascii_only=ascii_only),
        "NAMESPACE": Text(clean(view.namespace)),
        "SERVICE": Text(clean(view.name)),
        "TYPE": Text(type_words(view)),
        "READY": Text(ready_words(view)),
        "BACKED BY": Text(view.backed_by.value),
        "WHY": Text(clean(why(view))),
    }
