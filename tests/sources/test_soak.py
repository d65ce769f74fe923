"""A long life in short: names, uids and addresses come and go by the hundred thousand, nothing piles up."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from ears import Heard, eventually
from kubeserver import KubeServer, Reply
from support.builders import (
    INFO,
    NOW,
    Tree,
    endpoint,
    endpoint_slice,
    endpoints,
    http_get,
    pod,
    service,
    states,
    unhealthy,
)

from epview.core.objects import KINDS
from epview.core.projector import Projector
from epview.core.view import Phase
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.framing import Framer
from epview.sources.kube.reflector import Reflector

EVENTS = int(os.environ.get("EPVIEW_SOAK_EVENTS", "200000"))  # more for a night
GENERATIONS = 20  # of pods, in the life of one Service
AT_ONCE = 500  # events between two Views
OPENINGS = 200
REQUIRED = [kind for kind in KINDS if kind.required]


def marked(tree: Tree) -> bytes:
    return json.dumps({"type": "TYPE", "object": tree}).encode() + b"\n"


def life() -> Iterator[tuple[str, bytes]]:
    """Watch lines of a namespace without end: (kind, line), with all names, uids and addresses new."""
    ip = "10.1.2.3"
    of_service = {
        "Service": marked(service("WEB", "SPACE", selector={"app": "WEB"})),
        "Namespace": marked({"metadata": {"name": "SPACE", "uid": "UID"}, "status": {"phase": "Active"}}),
    }
    sick = pod("POD", "SPACE", labels={"app": "WEB"}, ready=False, ips=[ip], readiness=http_get())
    well = pod("POD", "SPACE", labels={"app": "WEB"}, ips=[ip], readiness=http_get())
    failing = unhealthy(sick, "HTTP probe failed with statuscode: 503")
    listed = [endpoint(ip, pod=well, ready=True)]
    of_pod = {
        "Pod": marked(well),
        "Event": marked(failing),
        "Endpoints": marked(endpoints("WEB", "SPACE", ready=[ip])),
        "EndpointSlice": marked(endpoint_slice("WEB-s", "WEB", "SPACE", endpoints=listed)),
    }

    def line(raw: bytes, type_: bytes, number: int) -> bytes:
        place = number // GENERATIONS
        raw = raw.replace(b"TYPE", type_).replace(b"SPACE", b"space-%d" % (place // 10))
        raw = raw.replace(b"WEB", b"web-%d" % place).replace(b"POD", b"pod-%d" % number)
        return raw.replace(
            ip.encode(), b"10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)
        )

    for number in range(sys.maxsize):
        first, last = number % GENERATIONS == 0, number % GENERATIONS == GENERATIONS - 1
        if first:
            yield from ((kind, line(raw, b"ADDED", number)) for kind, raw in of_service.items())
        yield "Pod", line(marked(sick), b"ADDED", number)
        yield "Event", line(of_pod["Event"], b"ADDED", number)
        yield from ((kind, line(raw, b"MODIFIED", number)) for kind, raw in of_pod.items())
        yield from ((kind, line(of_pod[kind], b"DELETED", number)) for kind in ("Pod", "Event"))
        if last:
            gone = of_service | {kind: of_pod[kind] for kind in ("Endpoints", "EndpointSlice")}
            yield from ((kind, line(raw, b"DELETED", number)) for kind, raw in gone.items())


def hold(reply: Reply) -> None:
    reply.start()
    reply.hold()


@pytest.mark.fault(45)
def test_memory_stays_where_it_was(connect):
    projector = Projector()
    projector.apply(states())
    client = connect("http://127.0.0.1:1")
    reflectors = {kind.kind: (Reflector(kind, None, client, projector.apply), Framer()) for kind in KINDS}
    stream = life()
    now = NOW

    def live(events: int) -> int:
        nonlocal now
        for _ in range(events // AT_ONCE):
            for kind, raw in islice(stream, AT_ONCE):
                reflector, framer = reflectors[kind]
                reflector._take(framer.feed(raw))
            now += timedelta(seconds=1)
            view = projector.project(now, INFO)
            assert len(view.services) <= 1
        gc.collect()
        return sys.getallocatedblocks()

    warm = live(EVENTS // 5)
    assert live(EVENTS * 4 // 5) < warm * 1.02
    assert all(reflector.unknown == 0 for reflector, _ in reflectors.values())


def test_opening_and_stopping_leaves_nothing_behind(server: KubeServer, connect):
    for kind in REQUIRED:
        server.put(kind.resource, "a")
        server.always(kind.resource, "watch", hold)

    def open_and_stop() -> None:
        heard = Heard()
        source = ClusterSource(connect(server.url), ("shop",), kinds=REQUIRED)
        source.start(heard)
        eventually("all live", lambda: heard.phases().count(Phase.LIVE) == len(REQUIRED))
        source.stop()

    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    before = held()
    for _ in range(OPENINGS):
        open_and_stop()
    eventually("the same threads and files", lambda: held() == before)
