"""The outputs of `epview check`: one line here and one module make an output.

Each module has ``write(outcome, out)``, which writes the whole of an `Outcome` to a text stream. Only the
one asked for is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, TextIO

from epview.reports.outcome import Outcome

OUTPUTS: Final = {
    "table": "one line a Service, problems first",
    "wide": "the table with ports, selectors, and every finding with its evidence",
    "json": "the whole verdict; its JSON Schema ships in the package",
    "yaml": "the same document as YAML",
    "junit": "JUnit XML: a test case a Service",
    "sarif": "SARIF 2.1.0, for code scanning",
    "github": "annotations of a GitHub Actions workflow",
    "markdown": "for a pull request's comment or a step's summary",
    "name": "only the Services at or above --fail-on, for kubectl",
}
"""Name → what it is."""


def write(name: str, outcome: Outcome, out: TextIO) -> None:
    """Write ``outcome`` to ``out`` in the form ``name``, one of `OUTPUTS`."""
    import_module(f"{__name__}.{name}").write(outcome, out)


def speaks_unicode(out: TextIO) -> bool:
    """Whether every character can be written to ``out``."""
    return (getattr(out, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")
