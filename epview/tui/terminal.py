"""Whether there is a terminal fit for the interface, asked before Textual is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_HINT = "Use `epview check` for the same verdicts as plain text."


def terminal_problem(environ: Mapping[str, str] | None = None) -> str | None:
    """A sentence with a next step where the interface cannot run here, else None."""
    environ = os.environ if environ is None else environ
    streams = (("standard input", sys.stdin), ("standard output", sys.stdout), ("standard error", sys.stderr))
    for name, stream in streams:  # Textual draws on standard error
        if not _is_terminal(stream):
            return f"The interface needs a terminal, but {name} is not one. {_HINT}"
    if environ.get("TERM", "") == "dumb":
        return f"The terminal (TERM=dumb) cannot position text. {_HINT}"
    return None


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):  # replaced or closed
        return False


def ascii_only(encoding: str | None = None) -> bool:
    """True where the terminal's encoding cannot show the signs, so that ASCII ones are used."""
    name = encoding if encoding is not None else getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "✗▲●◌◐→▇".encode(name)
    except (LookupError, UnicodeEncodeError):
        return True
    return False
