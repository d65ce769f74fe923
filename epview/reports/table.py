"""`epview check` for people: one line a Service, problems first, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from epview.core.view import Health, ServiceView, View
from epview.reports.report import gaps, summary

_TITLES = ("STATUS", "NAMESPACE", "SERVICE", "TYPE", "READY", "BACKED BY", "WHY")
_WIDE = 120
_GLYPHS = {
    Health.ERROR: ("✗", "x", "bold red"),
    Health.WARNING: ("▲", "!", "yellow"),
    Health.OK: ("●", "o", "green"),
    Health.INFO: ("●", "o", "green"),
    Health.UNKNOWN: ("◌", ".", "dim"),
}


def write(console: Console, view: View, services: Sequence[ServiceView]) -> None:
    """Print the table to ``console``. Cluster text never counts as markup."""
    if services:
        wide = console.width >= _WIDE
        console.print(_table(services, wide=wide, ascii_only=console.options.ascii_only))
    else:
        console.print(Text("No Services found."))
    for finding in view.findings:
        console.print(Text(f"{finding.severity.value}: {finding.rule} {finding.message}"))
    counts = summary(services)
    parts = [f"{counts[h.value]} {h.value}" for h in Health if counts[h.value]]
    total = counts["services"]
    plural = "" if total == 1 else "s"
    console.print(Text(f"\n{total} Service{plural}" + (f": {', '.join(parts)}" if parts else "")))
    for state in gaps(view, services):
        where = f" in {state.namespace}" if state.namespace else ""
        line = f"not seen: {state.resource}{where} ({state.phase.value}) {state.message}"
        console.print(Text(line.rstrip(), style="yellow"))
    for notice in view.source.notices:
        console.print(Text(notice, style="yellow"))


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
    glyph, plain, style = _GLYPHS[view.health]
    return {
        "STATUS": Text(f"{plain if ascii_only else glyph} {view.health.value}", style=style),
        "NAMESPACE": Text(view.namespace),
        "SERVICE": Text(view.name),
        "TYPE": Text("Headless" if view.headless else view.type),
        "READY": Text(_ready(view)),
        "BACKED BY": Text(view.backed_by.value),
        "WHY": Text(_why(view)),
    }


def _ready(view: ServiceView) -> str:
    total = view.ready + view.not_ready
    return f"{view.ready}/{total}" if view.backends or view.selector else "-"


def _why(view: ServiceView) -> str:
    if view.headline is not None:
        return f"{view.headline.rule} {view.headline.message}"
    if view.gaps and view.health is Health.UNKNOWN:
        return f"cannot be judged without {', '.join(view.gaps)}"
    if view.gaps:
        return f"({', '.join(view.gaps)} cannot be seen)"
    return f"→ {view.external_name}" if view.external_name else ""
