"""`-o name`: the Services at or above the threshold, one a line, as arguments of kubectl.

``service/web -n shop``: kubectl's own ``-o name`` leaves the namespace out, and with it which Service is
meant. Where the threshold is never, all are named. What could not be seen is told on stderr.
"""

from __future__ import annotations

import sys
from shlex import quote
from typing import TextIO

from epview.core.view import ServiceView
from epview.present.text import clean
from epview.reports.outcome import Outcome, gap_words


def write(outcome: Outcome, out: TextIO) -> None:
    for view in outcome.services:
        if outcome.fail_on is None or any(map(outcome.counts, view.findings)):
            out.write(f"{_arguments(view)}\n")
    for told in (*map(gap_words, outcome.gaps), *outcome.view.source.notices):
        sys.stderr.write(f"epview: {clean(told)}\n")


def _arguments(view: ServiceView) -> str:
    return f"{quote(clean(f'service/{view.name}'))} -n {quote(clean(view.namespace))}"
