"""The body of an HTTP answer, in pieces as large as have arrived.

Chunked bodies are unwrapped here rather than by `http.client`: that hands out one chunk a call, and the
API server makes every watch event a chunk. One read of the socket then gives all events in it, and a
body that is cut off is told from one that ends (RFC 9112 §7.1, §8).
"""

from __future__ import annotations

import http.client
import re
import zlib
from collections.abc import Iterator
from typing import Final

_READ: Final = 1 << 16
_MAX_LINE: Final = 1 << 12
_SIZE: Final = re.compile(rb"[0-9a-fA-F]{1,15}")


class CutOff(http.client.HTTPException):
    """The connection ended before the body did."""


class Dechunker:
    """Takes the bytes of a chunked body in any pieces, gives the content; `done` after the last chunk."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        self._after_data = False
        self._trailers = False
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """Raises `http.client.HTTPException` where the framing is broken."""
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at = 0
        while not self.done:
            if self._left:
                piece = data[at : at + self._left]
                if piece:
                    found.append(piece)
                    at += len(piece)
                    self._left -= len(piece)
                if self._left:
                    break
                self._after_data = True
            end = data.find(b"\n", at)
            if end < 0:
                if len(data) - at > _MAX_LINE:
                    raise http.client.HTTPException("endless chunk header")
                break
            self._line(data[at:end].strip())
            at = end + 1
        self._rest = data[at:]
        return found[0] if len(found) == 1 else b"".join(found)

    def _line(self, line: bytes) -> None:
        if self._after_data:
            if line:
                raise http.client.HTTPException("chunk longer than announced")
            self._after_data = False
        elif self._trailers:
            self.done = not line
        else:
            size = _SIZE.fullmatch(line.partition(b";")[0].rstrip())  # chunk extensions mean nothing
            if not size:
                raise http.client.HTTPException("broken chunk header")
            self._left = int(size[0], 16)
            self._trailers = self._left == 0


def read_body(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The content of ``response`` as it arrives, gzip undone, never an empty piece.

    Raises `CutOff` where the connection ends early, other `HTTPException` for broken framing, and what
    the socket raises.
    """
    pieces = _plain(response)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        return _gunzip(pieces)
    if encoding not in ("", "identity"):
        raise http.client.HTTPException("unknown Content-Encoding")
    return pieces


def _plain(response: http.client.HTTPResponse) -> Iterator[bytes]:
    if response.isclosed():  # no body at all
        return
    if response.chunked:
        yield from _chunked(response)
        return
    left = response.length  # None: until the connection ends
    while left != 0:
        data = response.fp.read1(_READ if left is None else min(_READ, left))
        if not data:
            if left:
                raise CutOff("connection ended within the body")
            return
        if left is not None:
            left -= len(data)
        yield data


def _chunked(response: http.client.HTTPResponse) -> Iterator[bytes]:
    dechunker = Dechunker()
    while not dechunker.done:
        data = response.fp.read1(_READ)
        if not data:
            raise CutOff("connection ended within the body")
        content = dechunker.feed(data)
        if content:
            yield content


def _gunzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                content = unpacker.decompress(rest, 1 << 20)  # a bomb comes out in small pieces
                rest = unpacker.unconsumed_tail
                if content:
                    yield content
    except zlib.error as error:
        raise http.client.HTTPException("broken gzip") from error
    if not unpacker.eof:
        raise CutOff("gzip ended early")
