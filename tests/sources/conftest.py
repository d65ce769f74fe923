"""A server to script, a client for it, and what came through the sink."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from ears import Heard, QuickClock, write_kubeconfig
from kubeserver import KubeServer

from epview.core.objects import BY_RESOURCE
from epview.sources.kube.connection import Client
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.reflector import Reflector, Timing
from epview.sources.kube.target import Configuration


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
