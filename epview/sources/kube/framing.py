"""Bytes of a watch → lines, whatever pieces they come in."""

from __future__ import annotations

from typing import Final

MAX_LINE: Final = 32 << 20


class Framer:
    """Lines without their end. One that grows beyond ``limit`` is thrown away and counted."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self.oversized = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes; the rest is kept for the next call."""
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines:
            lines[0] = b"".join([*self._parts, lines[0]])
            if self._skipping:
                del lines[0]
            self._parts, self._size, self._skipping = [], 0, False
        self._size += len(rest)
        if self._skipping:
            return lines
        if self._size > self._limit:
            self._parts, self._skipping = [], True
            self.oversized += 1
        elif rest:
            self._parts.append(rest)
        return lines
