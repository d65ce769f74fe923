"""Bytes nobody would send, by the thousand and always the same ones: no crash, no hang, only plain refusals.

``EPVIEW_FUZZ=20000`` gives every test so many inputs in place of `INPUTS`.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import json
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.builders import (
    INFO,
    endpoint,
    endpoint_slice,
    endpoints,
    http_get,
    node,
    pod,
    service,
    unhealthy,
)

from epview.core.objects import BY_KIND, KINDS
from epview.core.projector import Projector
from epview.sources.decode import decode_list, decode_status, decode_watch_line, decode_whole
from epview.sources.files import FileSource
from epview.sources.kube.body import Dechunker, read_body
from epview.sources.kube.errors import refusal
from epview.sources.kube.framing import Framer
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.target import Configuration
from epview.sources.source import SourceError

T = TypeVar("T")
INPUTS = int(os.environ.get("EPVIEW_FUZZ", "300"))
fuzz = settings(
    max_examples=INPUTS,
    derandomize=True,  # the same inputs each time: a failure is a failure of the code
    deadline=5000,  # milliseconds for one input: longer is a hang
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SICK = pod(ready=False, readiness=http_get())
TREES = [
    service(),
    SICK,
    endpoints(ready=["10.244.1.1"]),
    endpoint_slice("web-s", endpoints=[endpoint("10.244.1.1", pod=SICK, ready=True)]),
    node(),
    unhealthy(SICK, "HTTP probe failed"),
]
LIST = json.dumps({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": TREES})
WATCH = b"".join(json.dumps({"type": "ADDED", "object": tree}).encode() + b"\n" for tree in TREES)
CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "x",
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443", "proxy-url": "http://p:1"}}],
    "users": [
        {
            "name": "u",
            "user": {
                "token": "t",
                "as": "jane",
                "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "args": ["y"]},
            },
        }
    ],
}
TELLING = [
    *(
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\\",
        b"\\u001b",
        b"\\ud800",
        b"null",
        b"-1",
        b"1e999",
    ),
    *(
        b"\x00",
        b"\x1b",
        b"\xff",
        b"\xc2",
        b"\xe2\x80\xae",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!python/object:x ",
        b"? ",
    ),
    *(b"- ", b"|\n", b"\t", b"---\n", b"9" * 5000, b"[" * 2000, b'{"a":' * 2000, b"true", b"2024-99-99"),
]


@st.composite
def mangled(draw: st.DrawFn, seed: bytes) -> bytes:
    """``seed`` with pieces cut out, said twice, flipped, or put in that mean something to a parser."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 40)))
        match draw(st.sampled_from(["cut", "twice", "flip", "put", "end"])):
            case "cut":
                del data[at:to]
            case "twice":
                data[at:at] = data[at:to]
            case "flip":
                data[at:to] = (
                    bytes(byte ^ draw(st.integers(0, 255)) for byte in data[at:to][:1]) + data[at + 1 : to]
                )
            case "put":
                data[at:at] = draw(st.sampled_from(TELLING) | st.binary(max_size=8))
            case _:
                del data[at:]
    return bytes(data)


def anything(seed: bytes) -> st.SearchStrategy[bytes]:
    return mangled(seed) | st.binary(max_size=200)


kinds = st.sampled_from(KINDS)
deep = b'{"a":' * 100_000


@pytest.mark.fault(60)
@fuzz
@given(kinds, anything(LIST.encode()))
@example(BY_KIND["Pod"], deep)
@example(BY_KIND["Pod"], b'{"items":' + b"[" * 100_000)
@example(BY_KIND["Pod"], b'{"items":[{"metadata":{"name":"a"},"spec":' + b"[" * 900 + b"]" * 900 + b"}]}")
def test_lists(kind, raw: bytes):
    with contextlib.suppress(ValueError):
        page = decode_list(kind, raw)
        assert all(found.metadata.name for batch in page.batches() for found in batch)


@pytest.mark.fault(60)
@fuzz
@given(kinds, st.sampled_from(WATCH.splitlines()).flatmap(anything))
@example(BY_KIND["Pod"], b'{"type":"ADDED","object":' + deep)
@example(BY_KIND["Pod"], b'{"type":"ERROR","object":' + deep)
@example(BY_KIND["Pod"], b'{"type":"ADDED","object":{"metadata":' + b"[" * 900 + b"]" * 900 + b"}}")
def test_lines_of_a_watch(kind, line: bytes):
    with contextlib.suppress(ValueError):
        decode_watch_line(kind, line)


@pytest.mark.fault(60)
@fuzz
@given(anything(LIST.encode()), st.integers(300, 599), st.text(max_size=10))
@example(deep, 500, "x")
def test_refusals_and_whole_objects(raw: bytes, code: int, phrase: str):
    decode_status(raw)
    assert str(refusal(code, phrase, phrase, raw)).strip()
    with contextlib.suppress(ValueError):
        decode_whole(raw)


@pytest.mark.fault(60)
@fuzz
@given(anything(WATCH), st.lists(st.integers(0, 1 << 12), max_size=30), st.booleans())
def test_a_watch_means_the_same_in_whatever_pieces_it_comes(data: bytes, cuts: list[int], chunked: bool):
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in pairwise(at)]
    if chunked:
        dechunker = Dechunker()
        pieces = [dechunker.feed(b"%x\r\n%b\r\n" % (len(piece), piece)) for piece in pieces if piece]
    framer, whole = Framer(), Framer()
    lines = [line for piece in pieces for line in framer.feed(piece)]
    assert lines == whole.feed(data)
    for line in lines:
        with contextlib.suppress(ValueError):
            decode_watch_line(BY_KIND["Pod"], line)


class Wire(io.BytesIO):
    def makefile(self, _mode: str) -> io.BytesIO:
        return self


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n2\r\nxx\r\n0\r\nT: r\r\n\r\n"
)
PACKED = b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nWarning: 299 - "x"\r\n\r\n' + gzip.compress(b"body")


@pytest.mark.fault(60)
@fuzz
@given(st.sampled_from([PLAIN, CHUNKED, PACKED]).flatmap(anything))
def test_answers(raw: bytes):
    with contextlib.suppress(http.client.HTTPException, EOFError):
        response = http.client.HTTPResponse(Wire(raw), method="GET")  # type: ignore[arg-type]
        response.begin()
        for piece in read_body(response):
            assert piece


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], str]:
    path = tmp_path_factory.mktemp("fuzz") / "file.yaml"

    def write_(data: bytes) -> str:
        path.write_bytes(data)
        return str(path)

    return write_


def accepted(read: Callable[[], T]) -> T | None:
    """What was read; None where it was refused in a sentence that a terminal can show."""
    try:
        return read()
    except SourceError as error:
        refused = error
    assert refused.kind == "usage"
    assert refused.message.endswith((".", "?", "!", "…")), refused.message
    assert refused.message.isprintable(), refused.message
    return None


configs = [json.dumps(CONFIG).encode(), yaml.safe_dump(CONFIG).encode()]


@pytest.mark.fault(60)
@fuzz
@given(data=st.sampled_from(configs).flatmap(anything))
@example(data=deep)
@example(data=b"[" * 100_000 + b"]" * 100_000)
@example(data=b"- " * 200_000 + b"a")
@example(data=b'{"clusters": ' + b"[" * 900 + b"]" * 900 + b"}")
@example(data=b"x: &a [&b [*a, *a]]")
@example(data=json.dumps(CONFIG).replace('"x"', '"x\\n\\ty"').replace("/v1", "").encode())
def test_kubeconfigs(write: Callable[[bytes], str], data: bytes):
    options = KubeOptions(kubeconfig=write(data), environ={})
    target = accepted(lambda: Configuration(options).target())
    assert target is None or target.host


manifests = [LIST.encode(), yaml.safe_dump_all(TREES).encode(), gzip.compress(LIST.encode())]


@pytest.mark.fault(60)
@fuzz
@given(data=st.sampled_from(manifests).flatmap(anything))
@example(data=deep)
@example(data=b"[" * 100_000 + b"]" * 100_000)
@example(data=b"- " * 200_000 + b"a")
def test_manifests(write: Callable[[bytes], str], data: bytes):
    source = accepted(lambda: FileSource([write(data)]))
    if source is None:
        return
    projector = Projector()
    source.start(projector.apply)
    view = projector.project(source.now(), INFO)
    broken = {gap for found in view.services.values() for gap in found.gaps if gap.startswith("rule ")}
    assert not broken, "a rule met what it did not expect"
