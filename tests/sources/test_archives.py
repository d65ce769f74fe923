"""Archives: what is in them is judged, what they claim is not believed, and nothing touches the disk."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.builders import NOW, service

from epview.core.objects import Key
from epview.sources.archives import unpack
from epview.sources.files import FileSource
from epview.sources.source import SourceError

MANIFEST = json.dumps(service()).encode()


def tar(*members: tuple[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def refused(data: bytes, limit: int = 1 << 20) -> str:
    with pytest.raises(SourceError) as caught:
        list(unpack("dump", data, limit))
    assert caught.value.kind == "usage"
    return str(caught.value)


@pytest.mark.parametrize(
    "pack",
    [
        tar,
        lambda *members: tar(*members, mode="w:gz"),
        lambda *members: tar(*members, mode="w:bz2"),
        lambda *members: tar(*members, mode="w:xz"),
        zipped,
        lambda *members: zipped(*members, compression=zipfile.ZIP_STORED),
    ],
)
def test_each_kind_of_archive(pack: Callable[..., bytes], tmp_path: Path) -> None:
    others: list[tuple[str, bytes]] = [("dump/notes.txt", b"\xff"), ("dump/._web.yaml", b"\xff\x00")]
    path = tmp_path / "dump"
    path.write_bytes(
        pack(*others, ("dump/shop/web.json", MANIFEST), ("dump/db.yml", json.dumps(service("db")).encode()))
    )
    source = FileSource([str(path)], NOW)
    assert source.place("Service", Key("shop", "web")) == (f"{path}/dump/shop/web.json", 1)
    assert source.place("Service", Key("shop", "db")) == (f"{path}/dump/db.yml", 1)
    assert [p.name for p in tmp_path.iterdir()] == ["dump"]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_single_file_that_is_compressed(compress: Callable[[bytes], bytes]) -> None:
    assert list(unpack("web.yaml.gz", compress(MANIFEST))) == [("web.yaml.gz", MANIFEST)]


def test_an_archive_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(tar(("web.json", MANIFEST), mode="w:gz"))

    monkeypatch.setattr("sys.stdin", Stdin)
    source = FileSource(["-"], NOW)
    assert source.get("Service", Key("shop", "web"))["kind"] == "Service"
    assert source.place("Service", Key("shop", "web")) is None


@pytest.mark.parametrize("name", ["../../etc/web.yaml", "/etc/web.yaml", "a/../../etc/web.yaml"])
def test_a_path_that_leads_out_is_a_name_and_nothing_else(name: str) -> None:
    for data in (tar((name, MANIFEST)), zipped((name, MANIFEST))):
        [(told, content)] = unpack("dump", data)
        assert told in ("dump/etc/web.yaml", "dump/a/etc/web.yaml")
        assert content == MANIFEST


def test_a_name_that_would_steer_a_terminal() -> None:
    [(told, _)] = unpack("dump", tar(("\x1b[31m.yaml", MANIFEST)))
    assert "\x1b" not in told


def links() -> Iterator[tarfile.TarInfo]:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        info = tarfile.TarInfo("secret.yaml")
        info.type, info.linkname = kind, "/etc/passwd"
        yield info


@pytest.mark.parametrize("info", links(), ids=lambda info: info.type.decode())
def test_links_and_devices_are_not_followed(info: tarfile.TarInfo) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(info)
    assert "holds no YAML or JSON file" in refused(out.getvalue())


def test_what_unpacks_to_too_much() -> None:
    zeros = b"\0" * 70_000
    assert "holds more than" in refused(gzip.compress(zeros), limit=60_000)
    assert "holds more than" in refused(zipped(("a.yaml", zeros)), limit=60_000)
    assert "holds more than" in refused(tar(("a.yaml", zeros)), limit=60_000)
    half = b"\0" * 40_000
    assert "holds more than" in refused(zipped(("a.yaml", half), ("b.yaml", half)), limit=60_000)


def test_a_size_that_is_a_lie() -> None:
    """The header claims 10 GiB: nothing is allocated for it, and the archive is cut short."""
    info = tarfile.TarInfo("a.yaml")
    info.size = 10 << 30
    assert "cannot be unpacked" in refused(info.tobuf() + MANIFEST.ljust(1024, b"\0"))


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(MANIFEST)[:20],
        bz2.compress(MANIFEST)[:20],
        lzma.compress(MANIFEST)[:40],
        b"\x1f\x8bnot gzip at all",
        zipped(("a.yaml", MANIFEST))[:60],
        b"PK\x03\x04" + b"x" * 100,
        tar(("a.yaml", MANIFEST))[:600],
    ],
)
def test_a_broken_archive(data: bytes) -> None:
    assert refused(data).startswith("dump cannot be unpacked: ")


def test_an_encrypted_archive() -> None:
    data = bytearray(zipped(("a.yaml", MANIFEST)))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + flags] |= 1
    assert "encrypted" in refused(bytes(data))


@pytest.mark.parametrize("data", [tar(("notes.txt", b"x")), zipped(("notes.txt", b"x")), zipped()])
def test_nothing_to_read_in_it(data: bytes) -> None:
    assert refused(data) == "The archive dump holds no YAML or JSON file."
