"""A server to script, a client for it, and what came through the sink."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from ears import Heard, QuickClock, write_kubeconfig
from kubeserver import KubeServer
from support.builders import pod, service
from support.shop import Checked, stock

from epview import cli
from epview.core.objects import BY_RESOURCE
from epview.sources.kube.connection import Client, allowed
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.reflector import Reflector, Timing
from epview.sources.kube.target import Configuration

ANY_PREFIX = re.compile(r"^.*?(?=/(?:api|apis|version)(?:/|$))")  # of a server behind a path


@pytest.fixture(autouse=True)
def read_only() -> Iterator[None]:
    """Whatever a test is about: no server ever saw anything but a GET of what may be asked for."""
    KubeServer.made.clear()
    yield
    for request in (request for server in KubeServer.made for request in server.journal):
        assert request.method == "GET"
        assert allowed(ANY_PREFIX.sub("", request.path)), request.path
        assert not {"secrets", "configmaps", "exec", "proxy"} & set(request.path.split("/"))


@pytest.fixture
def server() -> Iterator[KubeServer]:
    with KubeServer() as running:
        yield running


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


@pytest.fixture
def shop(server: KubeServer) -> KubeServer:
    """A server with one namespace, in which one Service has one ready pod."""
    for name, resource in (("shop", "namespaces"), ("node-a", "nodes")):
        server.keep(resource, {"metadata": {"name": name, "uid": name}, "status": {"phase": "Active"}})
    stock(server, service(), pod())
    return server


@pytest.fixture
def check(shop: KubeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Checked]:
    """Runs `epview check -o json` against the shop (or ``url``), as a user would."""

    def run(*words: str, url: str = "", user: dict[str, Any] | None = None, **cluster: Any) -> Checked:
        path = write_kubeconfig(tmp_path, url or shop.url, user=user, **cluster)
        capsys.readouterr()
        code = cli.main(["check", "--kubeconfig", str(path), "-o", "json", *words])
        return Checked(code, *capsys.readouterr())

    return run
