"""The Textual interface: it shows Views and never fetches.

This module and `terminal`, `inbox` and `feed` import no Textual, so that a front end can begin the
first lists before it pays for that import.
"""

from __future__ import annotations

from epview.tui.terminal import terminal_problem

__all__ = ["terminal_problem"]
