"""`epview check` for people: one line a Service, problems first, and what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from epview.core.view import Health, ServiceView, View
from epview.reports.report import gaps, summary

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
        console.print(_table(services, ascii_only=console.options.ascii_only))
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


def _table(services: Sequence[ServiceView], *, ascii_only: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("STATUS", "NAMESPACE", "SERVICE", "TYPE", "READY", "BACKED BY"):
        table.add_column(title, no_wrap=True)
    table.add_column("WHY", overflow="fold")
    for view in services:
        glyph, plain, style = _GLYPHS[view.health]
        table.add_row(
            Text(f"{plain if ascii_only else glyph} {view.health.value}", style=style),
            Text(view.namespace),
            Text(view.name),
            Text("Headless" if view.headless else view.type),
            Text(_ready(view)),
            Text(view.backed_by.value),
            Text(_why(view)),
        )
    return table


def _ready(view: ServiceView) -> str:
    total = view.ready + view.not_ready
    return f"{view.ready}/{total}" if view.backends or view.selector else "-"


def _why(view: ServiceView) -> str:
    if view.headline is not None:
        return f"{view.headline.rule} {view.headline.message}"
    if view.gaps:
        return f"cannot be judged without {', '.join(view.gaps)}"
    return f"→ {view.external_name}" if view.external_name else ""
