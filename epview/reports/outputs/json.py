"""`-o json`: the report, in the shape of report.schema.json."""

from __future__ import annotations

import json
from typing import Any, TextIO

from epview.reports.outcome import Outcome
from epview.reports.outputs import speaks_unicode
from epview.reports.report import report


def write(outcome: Outcome, out: TextIO) -> None:
    dump(report(outcome), out)


def dump(document: Any, out: TextIO) -> None:
    """Write a JSON document at once: a million small writes cost more than the verdicts."""
    out.write(f"{json.dumps(document, indent=2, ensure_ascii=not speaks_unicode(out))}\n")
