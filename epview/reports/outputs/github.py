"""`-o github`: workflow commands, which GitHub Actions shows as annotations.

A command ends with its line, and its properties are divided by ``,`` and ``:``, so these are escaped as
the runner undoes it (docs.github.com: Workflow commands for GitHub Actions).
"""

from __future__ import annotations

from typing import Final, TextIO

from epview.core.view import Finding, ServiceView, Severity
from epview.reports.outcome import Outcome, gap_words, subject, summary_words
from epview.reports.outputs.locations import relative

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def write(outcome: Outcome, out: TextIO) -> None:
    lines = [_annotation(outcome, service, finding) for service, finding in outcome.open_findings()]
    gap = "warning" if outcome.allow_partial else "error"
    lines += [_command(gap, gap_words(state), title="epview") for state in outcome.gaps]
    lines += [_command("notice", notice, title="epview") for notice in outcome.view.source.notices]
    out.write("".join(f"{line}\n" for line in [*lines, summary_words(outcome)]))


def _annotation(outcome: Outcome, service: ServiceView | None, finding: Finding) -> str:
    """The sentence, its evidence and what to do, at the file where the Service stands."""
    kind, key = subject(service, finding)
    place = outcome.place(kind, key)
    where = {"file": relative(place.file)} if place else {}
    if place and place.line:
        where["line"] = str(place.line)
    facts = [f"{fact.object} {fact.field}: {fact.value}" for fact in finding.evidence]
    text = "\n".join((finding.message, *facts, *finding.remedy))
    return _command(_COMMANDS[finding.severity], text, **where, title=f"{finding.rule} {kind} {key}")


def _command(name: str, text: str, **properties: str) -> str:
    told = ",".join(f"{key}={value.translate(_PROPERTY)}" for key, value in properties.items())
    return f"::{name} {told}::{text.translate(_DATA)}"
