"""`-o wide`: the table with ports and selectors, and under each Service all that was found, with evidence.

Nothing is cut: a row that is too long for a terminal is left to the terminal to wrap, a sentence is wrapped
under its own beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.padding import Padding
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
_INDENT: Final = 4
_STYLES: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "green"}

Line = tuple[int, Text]
"""How far it is indented, and what it says."""


def write(outcome: Outcome, out: TextIO) -> None:
    console = console_for(out)
    plain = console.options.ascii_only
    rows = [_cells(view, ASCII if plain else UNICODE) for view in outcome.services]
    heads = [Text(title, style="bold") for title in _TITLES]
    widths = [max(cell.cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
    console.print(_row(heads, widths) if rows else Text("No Services found."), soft_wrap=True)
    for view, cells in zip(outcome.services, rows, strict=True):
        console.print(_row(cells, widths), soft_wrap=True)
        _print(console, _details(view), out)
    for finding in outcome.view.findings:
        _print(console, _finding(finding, 0), out)
    write_end(console, outcome)


def _print(console: Console, lines: Iterable[Line], out: TextIO) -> None:
    for indent, text in lines:
        if out.isatty():
            console.print(Padding(text, (0, 0, 0, indent)))
        else:
            console.print(Text.assemble(" " * indent, text), soft_wrap=True)


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


def _details(view: ServiceView) -> Iterator[Line]:
    for finding in view.findings:
        if not finding.folded:
            yield from _finding(finding, _INDENT)
    if (view.gaps or view.external_name) and view.headline is None:
        yield _INDENT, Text(clean(why(view)))


def _finding(finding: Finding, indent: int) -> Iterator[Line]:
    """The sentence, a line for each fact behind it, and the commands that help."""
    label = (finding.severity.value, _STYLES[finding.severity])
    yield indent, Text.assemble(label, f": {finding.rule} {clean(finding.message)}")
    for fact in finding.evidence:
        told = f"{clean(fact.object)}  {clean(fact.field)}: {clean(fact.value)}"
        yield indent + len(_GAP), Text(told, style="dim")
    for command in finding.remedy:
        yield indent + len(_GAP), Text(f"$ {clean(command)}")
