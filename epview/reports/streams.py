"""The program's own streams: usable whatever was closed, and quiet where nobody listens."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_DISK: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def prepare_streams() -> bool:
    """Replace streams that were closed, and let none fail at a character; False without a stdout."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale without arrows is no reason to fail
    return sys.stdout is not None


def drop_output() -> None:
    """What is still buffered for stdout goes nowhere, also when the interpreter exits."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def drop_last_words() -> None:
    """What a terminal that is gone no longer takes, and over which the interpreter would exit with 120."""
    try:
        sys.stderr.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def unwritable(error: OSError) -> str:
    """Why the output could not be written; ``""`` for an error of another kind."""
    if error.errno not in _DISK:
        return ""
    return f"The output cannot be written: {os.strerror(error.errno).lower()}."
