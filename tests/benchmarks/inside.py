"""Measures within one process, in CPU time: decode, join, judge, one event after another."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from epview.core.changes import Change, Put
from epview.core.objects import BY_RESOURCE
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState, SourceInfo
from epview.sources.decode import decode_list, decode_watch_line
from epview.sources.kube.framing import Framer

from .objects import Cluster, listed, pod_events

INFO = SourceInfo(kind="cluster", context="made")
PAGE = 500
NOW = datetime.now(UTC)


def cluster(services: int, pods_each: int = 10) -> Cluster:
    """Its probes failed ten minutes ago: long enough for no rule to wait, short enough to be believed."""
    return Cluster(services, pods_each, (NOW - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ"))


def pages(of: Cluster) -> Iterator[tuple[str, bytes]]:
    """All lists of a cluster, in pages, so that a large one need not be held at once."""
    for resource in BY_RESOURCE:
        page: list[bytes] = []
        for item in of.items(resource):
            page.append(item)
            if len(page) == PAGE:
                yield resource, listed(resource, page)
                page = []
        if page:
            yield resource, listed(resource, page)


def decoded(resource: str, raw: bytes) -> list[Change]:
    kind = BY_RESOURCE[resource]
    return [Put(kind.kind, found) for batch in decode_list(kind, raw).batches() for found in batch]


def decode_all(of: Cluster) -> float:
    """CPU seconds of nothing but reading all lists into Structs."""
    decode = Stopwatch()
    for resource, raw in pages(of):
        with decode.running():
            decoded(resource, raw)
    return decode.seconds


def live() -> list[Change]:
    return [ResourceState(resource=resource, phase=Phase.LIVE) for resource in BY_RESOURCE]


def filled(of: Cluster) -> Projector:
    """A projector that has seen the whole cluster and judged it."""
    projector = Projector()
    for resource, raw in pages(of):
        projector.apply(decoded(resource, raw))
    projector.apply(live())
    projector.project(NOW, INFO)
    return projector


class Stopwatch:
    """CPU seconds of this process, apart from what it does outside `running`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        began = time.process_time()
        yield
        self.seconds += time.process_time() - began


def first_join(of: Cluster) -> tuple[float, float]:
    """CPU seconds of decoding all lists, and of applying and judging what they hold."""
    decode, join = Stopwatch(), Stopwatch()
    projector = Projector()
    for resource, raw in pages(of):
        with decode.running():
            changes = decoded(resource, raw)
        with join.running():
            projector.apply(changes)
    with join.running():
        projector.apply(live())
        projector.project(NOW, INFO)
    return decode.seconds, join.seconds


def one_event(projector: Projector, of: Cluster, count: int, together: int) -> tuple[float, float]:
    """CPU seconds for a pod event: framing and decode alone; and with the View judged.

    ``together``: how many events come between two Views.
    """
    read, judged = Stopwatch(), Stopwatch()
    kind, framer = BY_RESOURCE["pods"], Framer()
    changes: list[Change] = []
    gc.collect()
    for number, line in enumerate(pod_events(of, count), 1):
        with read.running():
            found = [decode_watch_line(kind, each).object for each in framer.feed(line)]
        changes += [Put("Pod", each) for each in found if each is not None]
        if number % together == 0:
            with judged.running():
                projector.apply(changes)
                projector.project(NOW, INFO)
            changes = []
    return read.seconds / count, (read.seconds + judged.seconds) / count


def medians(runs: int, *measures: Callable[[], Any]) -> list[list[Any]]:
    """Each measure ``runs`` times, taken in turn, so that what else the machine does meets all alike."""
    results: list[list[Any]] = [[] for _ in measures]
    for _ in range(runs):
        for result, measure in zip(results, measures, strict=True):
            result.append(measure())
    return results
