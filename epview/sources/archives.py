"""Archives and compressed files → the manifests in them, in memory: nothing is ever unpacked to disk.

Told by their first bytes, not by their name: standard input has none. What an archive may claim (sizes,
paths, links) is not believed: only regular files count, names serve messages alone, and what is unpacked
is bounded.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from epview.sources.clean import clean_text
from epview.sources.source import SourceError

MAX_BYTES: Final = 512 << 20
SUFFIXES: Final = (".yaml", ".yml", ".json")

_OPENERS: Final[tuple[tuple[bytes, Callable[[Any], Any]], ...]] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the second: without any member
_BROKEN: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,  # a method of compression that Python does not know
    RuntimeError,  # encrypted
)


def unpack(name: str, data: bytes, limit: int = MAX_BYTES) -> Iterator[tuple[str, bytes]]:
    """The files in ``data`` as (name, content).

    Those are the YAML and JSON members where it is an archive, else ``data`` itself, decompressed.
    ``limit`` bounds the bytes of all that is unpacked. Raises `SourceError`.
    """
    try:
        data = _decompressed(name, data, limit)
        if data.startswith(_ZIP):
            members = _zipped(data)
        elif data[257:262] == b"ustar":
            members = _tarred(data)
        else:
            yield name, data
            return
        found = False
        for member, read in members:
            if not _wanted(member):
                continue
            found = True
            content = read(limit + 1)
            limit -= len(content)
            if limit < 0:
                raise _too_large(name)
            yield f"{name}/{_inner(member)}", content
    except _BROKEN as error:
        reason = clean_text(str(error)) or type(error).__name__
        raise SourceError(f"{name} cannot be unpacked: {reason}.", kind="usage") from None
    if not found:
        raise SourceError(f"The archive {name} holds no YAML or JSON file.", kind="usage")


def _decompressed(name: str, data: bytes, limit: int) -> bytes:
    for magic, opener in _OPENERS:
        if data.startswith(magic):
            with opener(io.BytesIO(data)) as file:
                unpacked: bytes = file.read(limit + 1)
            if len(unpacked) > limit:
                raise _too_large(name)
            return unpacked
    return data


Member = tuple[str, Callable[[int], bytes]]


def _tarred(data: bytes) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            file = archive.extractfile(info) if info.isreg() else None  # never a link or a device
            if file is not None:
                yield info.name, file.read


def _zipped(data: bytes) -> Iterator[Member]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                with archive.open(info) as file:
                    yield info.filename, file.read


def _wanted(member: str) -> bool:
    path = PurePosixPath(member)
    return path.suffix in SUFFIXES and not path.name.startswith("._")  # those are notes of macOS


def _inner(member: str) -> str:
    """The member's path for people, never leading out of the archive."""
    return clean_text("/".join(part for part in PurePosixPath(member).parts if part not in ("/", "..")))


def _too_large(name: str) -> SourceError:
    return SourceError(f"{name} holds more than {MAX_BYTES >> 20} MiB.", kind="usage")
