"""A server to script, a client for it, and what came through the sink."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from kubeserver import KubeServer

from epview.core.changes import Change, Drop, Put, Relist
from epview.core.objects import BY_RESOURCE
from epview.core.view import Phase, ResourceState
from epview.sources.kube.clock import Clock
from epview.sources.kube.connection import Client
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.reflector import Reflector, Timing
from epview.sources.kube.target import Configuration

PATIENCE = 10.0


def eventually(what: str, probe: Callable[[], Any]) -> Any:
    """The first truthy answer of ``probe``."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.002)
    raise AssertionError(f"waited in vain for: {what}")


class QuickClock(Clock):
    """Waits cost nothing but are noted; after ``patience`` of them it really waits, for `set` only."""

    def __init__(self, patience: int = 1000) -> None:
        self.waits: list[float] = []
        self.patience = patience
        self.passed = 0.0
        self.skew = timedelta(0)

    def monotonic(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.passed)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        if len(self.waits) > self.patience:
            return event.wait(PATIENCE)
        self.passed += seconds
        return event.is_set()


class Heard:
    """A sink that remembers everything, and the world that follows from it."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.batches: list[Sequence[Change]] = []
        self.world: dict[tuple[str, str], dict[tuple[str, str], Any]] = {}

    def __call__(self, changes: Sequence[Change]) -> None:
        self.batches.append(list(changes))
        for change in changes:
            self._apply(change)
        self.changes.extend(changes)

    def _apply(self, change: Change) -> None:
        if isinstance(change, Put):
            self.world.setdefault((change.kind, ""), {})[change.object.key] = change.object
        elif isinstance(change, Drop):
            self.world.setdefault((change.kind, ""), {}).pop(change.key, None)
        elif isinstance(change, Relist):
            self.world[change.kind, ""] = {found.key: found for found in change.objects}

    def names(self, kind: str = "Pod") -> set[str]:
        return {key[1] for key in list(self.world.get((kind, ""), {}))}

    def states(self, resource: str = "") -> list[ResourceState]:
        return [
            c for c in list(self.changes) if isinstance(c, ResourceState) and resource in ("", c.resource)
        ]

    def phases(self, resource: str = "") -> list[Phase]:
        return [state.phase for state in self.states(resource)]

    def of(self, type_: type) -> list[Any]:
        return [change for change in list(self.changes) if isinstance(change, type_)]

    def until(self, phase: Phase, resource: str = "") -> ResourceState:
        return eventually(
            f"{phase}; heard {self.phases(resource)}",
            lambda: next((s for s in self.states(resource) if s.phase is phase), None),
        )


def write_kubeconfig(
    folder: Path, server: str, *, user: dict[str, Any] | None = None, name: str = "config", **cluster: Any
) -> Path:
    path = folder / name
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def server() -> Iterator[KubeServer]:
    with KubeServer() as running:
        yield running
    assert {request.method for request in running.journal} <= {"GET"}


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def connect(tmp_path: Path, clock: QuickClock) -> Iterator[Callable[..., Client]]:
    made = []

    def make(
        url: str, *, user: dict[str, Any] | None = None, environ: dict[str, str] | None = None, **cluster: Any
    ):
        options = {
            name: cluster.pop(name) for name in list(cluster) if name in KubeOptions.__dataclass_fields__
        }
        path = write_kubeconfig(tmp_path, url, user=user, **cluster)
        configuration = Configuration(KubeOptions(kubeconfig=str(path), environ=environ or {}, **options))
        client = Client(configuration.target(), environ=configuration.environ, clock=clock)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def reflect(
    server: KubeServer, connect: Callable[..., Client], heard: Heard
) -> Iterator[Callable[..., Reflector]]:
    made = []

    def start(resource: str = "pods", namespace: str | None = "shop", **options: Any) -> Reflector:
        client = options.pop("client", None) or connect(server.url)
        timing = options.pop("timing", Timing(answer=5, silence=5))
        reflector = Reflector(
            BY_RESOURCE[resource], namespace, client, heard, timing=timing, chance=random.Random(7), **options
        )
        made.append(reflector)
        reflector.start()
        return reflector

    yield start
    for reflector in made:
        reflector.stop()
    for reflector in made:
        reflector.join(5)
        assert not reflector._thread.is_alive()
