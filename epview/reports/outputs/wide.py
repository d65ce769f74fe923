"""`-o wide`: the table with ports and selectors, and under each Service all that was found, with evidence.

Nothing is cut: a line that is too long for a terminal is left to the terminal to wrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich.text import Text

from epview.core.remedies import pairs
from epview.core.view import Finding, ServiceView, Severity
from epview.present.glyphs import ASCII, UNICODE, Glyphs
from epview.present.text import clean
from epview.present.words import ports_words
from epview.reports.outcome import Outcome, ready_words, why
from epview.reports.outputs.table import console_for, status, type_words, write_end

_TITLES: Final = (
    "STATUS",
    "NAMESPACE",
    "SERVICE",
    "TYPE",
    "CLUSTER-IP",
    "PORTS",
    "SELECTOR",
    "READY",
    "BACKED BY",
)
_GAP: Final = "  "
_STYLES: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "green"}


def write(outcome: Outcome, out: TextIO) -> None:
    console = console_for(out)
    plain = console.options.ascii_only
    rows = [_cells(view, ASCII if plain else UNICODE) for view in outcome.services]
    heads = [Text(title, style="bold") for title in _TITLES]
    widths = [max(cell.cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = [_row(heads, widths)] if rows else [Text("No Services found.")]
    for view, cells in zip(outcome.services, rows, strict=True):
        lines.append(_row(cells, widths))
        lines.extend(_details(view))
    for finding in outcome.view.findings:
        lines.extend(_finding(finding, ""))
    for line in lines:
        console.print(line, soft_wrap=True)
    write_end(console, outcome)


def _cells(view: ServiceView, glyphs: Glyphs) -> list[Text]:
    return [
        status(view, ascii_only=glyphs is ASCII),
        Text(clean(view.namespace)),
        Text(clean(view.name)),
        Text(type_words(view)),
        Text(",".join(view.cluster_ips) or "-"),
        Text(clean(ports_words(view.ports, glyphs)) or "-"),
        Text(clean(pairs(view.selector)) if view.selector else "-"),
        Text(ready_words(view)),
        Text(view.backed_by.value),
    ]


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    padded = [
        Text.assemble(cell, " " * (width - cell.cell_len)) for cell, width in zip(cells, widths, strict=True)
    ]
    row = Text(_GAP).join(padded)
    row.rstrip()
    return row


def _details(view: ServiceView) -> Iterator[Text]:
    for finding in view.findings:
        if not finding.folded:
            yield from _finding(finding, _GAP * 2)
    if (view.gaps or view.external_name) and view.headline is None:
        yield Text(f"{_GAP * 2}{clean(why(view))}")


def _finding(finding: Finding, indent: str) -> Iterator[Text]:
    """The sentence, and a line for each fact behind it."""
    label = (finding.severity.value, _STYLES[finding.severity])
    yield Text.assemble(indent, label, f": {finding.rule} {clean(finding.message)}")
    for fact in finding.evidence:
        yield Text(
            f"{indent}{_GAP}{clean(fact.object)}  {clean(fact.field)}: {clean(fact.value)}", style="dim"
        )
