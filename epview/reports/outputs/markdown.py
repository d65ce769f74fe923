"""`-o markdown`: a table, and under it what was found of each Service, for a comment or a step's summary.

Text of the cluster stands in code spans and fences only: there it is neither a link nor a mention, neither
HTML nor the end of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final, TextIO

from epview.core.view import Finding, Health, ServiceView
from epview.reports.outcome import Outcome, gap_words, ready_words, subject_words, summary_words, why

_SIGNS: Final = {
    Health.ERROR: "❌",
    Health.WARNING: "⚠️",
    Health.UNKNOWN: "❔",
    Health.INFO: "ℹ️",
    Health.OK: "✅",
}


def write(outcome: Outcome, out: TextIO) -> None:
    out.write("".join(f"{line}\n" for line in _lines(outcome)))


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"**epview: {summary_words(outcome)}**"
    if outcome.services:
        yield from ("", "| | Service | Ready | Why |", "|---|---|---|---|")
        yield from map(_row, outcome.services)
    gaps = [*map(gap_words, outcome.gaps), *outcome.view.source.notices]
    if gaps:
        yield from ("", *(f"- {code(told)}" for told in gaps))
    for view in outcome.services:
        findings = [finding for finding in view.findings if not finding.folded]
        if findings:
            yield from _details(f"Service/{view.key}", findings)
    for finding in outcome.view.findings:
        yield from _details(subject_words(finding), [finding])


def _row(view: ServiceView) -> str:
    cells = (
        f"{_SIGNS[view.health]} {view.health.value}",
        cell(str(view.key)),
        ready_words(view),
        _why(view),
    )
    return f"| {' | '.join(cells)} |"


def _why(view: ServiceView) -> str:
    if view.headline is not None:
        return f"{view.headline.rule} {cell(view.headline.message)}"
    told = why(view)
    return cell(told) if told else ""


def _details(title: str, findings: list[Finding]) -> Iterator[str]:
    rules = ", ".join(dict.fromkeys(finding.rule for finding in findings))
    yield from ("", "<details>", f"<summary><code>{escape(_one_line(title))}</code> {rules}</summary>")
    for finding in findings:
        yield from ("", f"{finding.severity.value} **{finding.rule}** {code(finding.message)}")
        if finding.evidence:
            yield ""
        for fact in finding.evidence:
            yield f"- {code(fact.object)} {code(fact.field)}: {code(fact.value)}"
        if finding.remedy:
            yield from ("", *_fenced(finding.remedy))
    yield from ("", "</details>")


def code(text: str) -> str:
    """``text`` as a code span on one line: nothing in it is markup (CommonMark 6.1)."""
    text = _one_line(text)
    fence = _fence(text, 1)
    inner = f" {text} " if not text or text[0] in "` " or text[-1] in "` " else text
    return f"{fence}{inner}{fence}"


def cell(text: str) -> str:
    """A code span within a table: there a pipe ends the cell even in code, unless it is escaped (GFM 4.10).

    A backslash before the pipe would undo that in some readers, so a space parts them.
    """
    return code(text).replace("\\|", "\\ |").replace("|", "\\|")


def _fenced(lines: tuple[str, ...]) -> Iterator[str]:
    text = "\n".join(lines)
    fence = _fence(text, 3)
    yield f"{fence}sh"
    yield from text.splitlines()
    yield fence


def _fence(text: str, least: int) -> str:
    """More backticks than stand anywhere in ``text``."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _one_line(text: str) -> str:
    return " ".join(text.split())
