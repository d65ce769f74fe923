"""What keeps the terminal whole: no control codes from the cluster, an orderly end on every signal."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from typing import Final

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from epview.present.text import cell_width, clean

_PATIENCE: Final = 5.0
"""Seconds for an orderly end: the source stops within two."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)  # Ctrl-C is a key, not a signal


class NoControlCodes(LineFilter):
    """The last line of defence: swaps control characters in whatever any widget rendered, cell by cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(set_cell_size(clean(segment.text), segment.cell_length), segment.style)
            for segment in segments
        ]


class PlainSigns(LineFilter):
    """For terminals without other signs: whatever any widget drew becomes ASCII, cell by cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(plain(segment.text), segment.style)
            for segment in segments
        ]


_SIGNS: Final = str.maketrans(
    {"→": ">", "…": "~", "×": "x", "·": "-", "–": "-", "“": '"', "”": '"', "•": "*", "✓": "+", "✗": "x"}
    | {"🔎": "> ", "⏎": "<"}
    | dict.fromkeys("─━╌┄═", "-")
    | dict.fromkeys("│┃║▌▐▎▊▏", "|")
    | dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+")
    | dict.fromkeys("▁▂▃▄▅▆▇█▔▀ ", " ")  # the ends of a scroll bar, half blocks of frames
)


def plain(text: str) -> str:
    """``text`` in ASCII and as many cells wide."""
    out = text.translate(_SIGNS)
    return out if out.isascii() else "".join(c if c.isascii() else "?" * cell_width(c) for c in out)


def end_on_signals(end: Callable[[int], None]) -> None:
    """Call ``end`` with 128+n on SIGTERM, SIGHUP and SIGINT, so that the terminal is given back in order.

    Whatever stands in the way of that, the process ends some seconds later.
    """

    def told(code: int) -> None:
        if _terminal_gone():
            _write_nowhere()
        last_resort = threading.Timer(_PATIENCE, os._exit, (code,))
        last_resort.daemon = True
        last_resort.start()
        end(code)

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread
            loop.add_signal_handler(number, told, 128 + number)


def _terminal_gone() -> bool:
    """It was closed under the program: every write to it fails, and Textual's writer dies of the first."""
    try:
        termios.tcgetattr(sys.__stderr__.fileno() if sys.__stderr__ else -1)
    except (OSError, termios.error) as error:
        return error.args[:1] == (errno.EIO,)
    return False


def _write_nowhere() -> None:
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
