"""Streams cut anywhere, in pieces of any size: nothing lost, nothing doubled."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
from itertools import pairwise

import pytest
from ears import Heard, eventually
from hypothesis import given
from hypothesis import strategies as st
from kubeserver import KubeServer, Reply, thing

from epview.core.changes import Put
from epview.sources.kube.body import Dechunker
from epview.sources.kube.framing import Framer


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(at)]


@given(
    st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b""))), st.lists(st.integers(0, 1 << 16))
)
def test_lines_do_not_depend_on_the_pieces(lines: list[bytes], cuts: list[int]):
    framer = Framer()
    data = b"".join(line + b"\n" for line in lines) + b"half"
    assert [line for piece in pieces(data, cuts) for line in framer.feed(piece)] == lines


@given(
    st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), min_size=1),
    st.lists(st.integers(0, 1 << 16)),
)
def test_only_lines_over_the_limit_are_thrown_away(lines: list[bytes], cuts: list[int]):
    framer = Framer(limit=10)
    data = b"".join(line + b"\n" for line in lines)
    found = [line for piece in pieces(data, cuts) for line in framer.feed(piece)]
    assert [line for line in lines if len(line) <= 10] == [line for line in found if len(line) <= 10]


@pytest.mark.fault(25)
def test_a_line_over_the_limit_is_counted_once_and_the_next_is_whole():
    framer = Framer(limit=10)
    assert framer.feed(b"x" * 8) == []
    assert framer.feed(b"x" * 8) == []
    assert framer.feed(b"x" * 80) == []
    assert framer.oversized == 1
    assert framer.feed(b"\nnext\n") == [b"next"]


@given(st.lists(st.binary(min_size=1, max_size=50)), st.lists(st.integers(0, 1 << 16)))
def test_chunks_do_not_depend_on_the_pieces(chunks: list[bytes], cuts: list[int]):
    data = (
        b"".join(b"%X;ext=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nTrailer: 1\r\n\r\n"
    )
    dechunker = Dechunker()
    found = b"".join(dechunker.feed(piece) for piece in pieces(data, cuts))
    assert found == b"".join(chunks)
    assert dechunker.done


@given(st.binary(max_size=200))
def test_broken_chunks_raise_one_kind_of_error(data: bytes):
    with contextlib.suppress(http.client.HTTPException):
        Dechunker().feed(data)


def test_an_endless_chunk_header():
    with pytest.raises(http.client.HTTPException):
        Dechunker().feed(b"1" * 10_000)


@pytest.mark.fault(16, 17, 18)
def test_hundreds_of_random_cuts_lose_and_double_nothing(server: KubeServer, reflect, heard: Heard):
    chance = random.Random(20)
    events = [
        json.dumps({"type": "ADDED", "object": thing(f"p{n}", n)}).encode() + b"\n" for n in range(101, 401)
    ]

    def cut(reply: Reply) -> None:
        seen = int(reply.request.params["resourceVersion"])
        data = b"".join(events[max(0, seen - 100) :])[: chance.randrange(1, 700)]
        reply.start()
        while data:
            size = chance.randrange(1, len(data) + 1)
            reply.chunk(data[:size])
            data = data[size:]
        chance.choice([reply.end, reply.hangup, reply.reset, reply.hangup])()

    server.always("pods", "watch", cut)
    reflect()
    eventually("the last", lambda: len(heard.of(Put)) >= 300)
    versions = [int(change.object.metadata.resource_version) for change in heard.of(Put)]
    assert versions == list(range(101, 401))
    assert len(server.requests("pods", "watch")) > 100
