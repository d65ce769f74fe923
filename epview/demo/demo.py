"""The demo as others use it: a cluster that starts, tells where it listens, and stops."""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from epview.demo.access import ADMIN, VIEWER, Access
from epview.demo.api import Api, Intercept, Journal
from epview.demo.certificate import Certificate, make_certificate
from epview.demo.clock import Clock, HeldClock, utc_now
from epview.demo.controllers import Controllers
from epview.demo.resources import Json
from epview.demo.scenarios import SCENARIOS, World
from epview.demo.server import ApiServer
from epview.demo.store import Store, as_list
from epview.demo.watches import BOOKMARK_SECONDS
from epview.sources.source import SourceError

CONTEXT: Final = "demo"
VIEWER_CONTEXT: Final = "demo-viewer"
DEFAULT_SCENARIO: Final = "company"


class DemoCluster:
    """An API server on loopback with a world on it.

    ``scenario`` names the world (`SCENARIOS`); ``objects`` are served instead of one: manifests, or a
    ``kind: List``. ``frozen_at`` stops the clock at that time and nothing lives: for snapshots; move
    on with `advance`. ``port=0`` takes a free port. Without ``tls`` kubectl will send no token.
    Raises `SourceError` for an unknown scenario (here) and a port in use (`start`).
    """

    def __init__(
        self,
        scenario: str = DEFAULT_SCENARIO,
        *,
        objects: Iterable[Json] | None = None,
        port: int = 0,
        frozen_at: datetime | None = None,
        seed: int = 7,
        tls: bool = True,
        bookmark_seconds: float = BOOKMARK_SECONDS,
        intercept: Intercept | None = None,
    ) -> None:
        if objects is None and scenario not in SCENARIOS:
            known = ", ".join(sorted(SCENARIOS))
            raise SourceError(f"There is no demo scenario “{scenario}”.", f"Known: {known}.", kind="usage")
        self.clock: Clock = HeldClock(frozen_at) if frozen_at else utc_now
        self.store = Store(self.clock, seed=seed)
        self.controllers = Controllers(self.store)
        self.api = Api(self.store, Access(), bookmark_seconds=bookmark_seconds, intercept=intercept)
        self._world: World | None = None
        self._objects = None if objects is None else as_list(objects)
        self._scenario, self._seed, self._port = scenario, seed, port
        self._certificate: Certificate | None = make_certificate() if tls else None
        self._server: ApiServer | None = None
        self._life: threading.Thread | None = None
        self._stopping = threading.Event()
        self._files: list[Path] = []

    # -- running ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the world and listen. Raises `SourceError` when the port is taken."""
        context = self._certificate.server_context() if self._certificate else None
        try:
            self._server = ApiServer(self.api, self._port, tls=context)
        except OSError as error:
            raise _cannot_listen(self._port, error) from error
        try:
            self._build()
        except BaseException:
            self.stop()
            raise
        self._server.start()
        if self._world is not None and not isinstance(self.clock, HeldClock):
            self._life = threading.Thread(target=self._live, name="demo-life")
            self._life.start()

    def _build(self) -> None:
        if self._objects is not None:
            self.apply(*self._objects)
        else:
            self._world = SCENARIOS[self._scenario](self.store, self._seed)
            self.api.story = self._world.story
            self.controllers.run()

    def _live(self) -> None:
        assert self._world is not None
        while not self._stopping.is_set():
            due = self._world.step(self.clock())
            self.controllers.run()
            self._stopping.wait(max(0.02, min((due - self.clock()).total_seconds(), 1.0)))

    def advance(self, seconds: float) -> datetime:
        """Move a frozen cluster on: everything due until then happens, at its own time. Gives the new now."""
        if not isinstance(self.clock, HeldClock):
            raise TypeError("only a frozen cluster can be moved by hand")
        target = self.clock.now + timedelta(seconds=seconds)
        while self._world is not None and (due := self._world.next_due) <= target:
            self.clock.now = max(self.clock.now, due)
            self._world.step(self.clock.now)
            self.controllers.run()
        self.clock.now = target
        return target

    def stop(self) -> None:
        """End everything and remove the kubeconfig files. Safe to call twice and before `start`."""
        self._stopping.set()
        if self._life is not None:
            self._life.join()
            self._life = None
        if self._server is not None:
            self._server.stop()
            self._server = None
        while self._files:
            with contextlib.suppress(OSError):
                self._files.pop().unlink()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- the world, by hand -----------------------------------------------------------------------

    def apply(self, *objects: Json) -> None:
        """Write objects and let the controllers follow, as ``kubectl apply`` on a real cluster would."""
        with self.controllers.paused():
            for obj in objects:
                self.store.put(obj)
        self.controllers.run()

    def delete(self, resource: str, namespace: str, name: str) -> None:
        self.store.delete(resource, namespace, name)
        self.controllers.run()

    @property
    def journal(self) -> Sequence[Journal]:
        """The requests so far, oldest first."""
        return tuple(self.api.journal)

    # -- how to reach it --------------------------------------------------------------------------

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the demo cluster is not running")
        return self._server.url

    @property
    def ca_pem(self) -> str:
        """The certificate to trust; ``""`` without TLS."""
        return self._certificate.certificate if self._certificate else ""

    def token(self, user: str = ADMIN) -> str:
        return self.api.access.tokens[user]

    def kubeconfig(self, path: Path | str) -> Path:
        """Write a kubeconfig (0600) with the contexts ``demo`` and ``demo-viewer``; gives the path."""
        path = Path(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(self._kubeconfig(), file, indent=2)  # JSON is YAML
            file.write("\n")
        return path

    def write_kubeconfig(self) -> Path:
        """A kubeconfig in a private temporary file that `stop` removes."""
        handle, name = tempfile.mkstemp(prefix="epview-demo-", suffix=".kubeconfig")
        os.close(handle)
        self._files.append(Path(name))
        return self.kubeconfig(name)

    def _kubeconfig(self) -> Json:
        cluster: Json = {"server": self.url}
        if self._certificate:
            pem = self._certificate.certificate.encode()
            cluster["certificate-authority-data"] = base64.b64encode(pem).decode()
        home = self.api.access.viewer_namespace
        users = {CONTEXT: ADMIN, VIEWER_CONTEXT: VIEWER}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "demo", "cluster": cluster}],
            "users": [{"name": u, "user": {"token": self.token(u)}} for u in users.values()],
            "contexts": [
                {"name": name, "context": {"cluster": "demo", "user": user, "namespace": home}}
                for name, user in users.items()
            ],
            "current-context": CONTEXT,
        }


def _cannot_listen(port: int, error: OSError) -> SourceError:
    if error.errno == errno.EADDRINUSE:
        return SourceError(
            f"Port {port} is in use.", "Choose another with --port, or none at all.", kind="usage"
        )
    why = error.strerror or error
    return SourceError(f"Cannot listen on 127.0.0.1:{port}: {why}.", "Choose another --port.", kind="usage")


def serve_objects(items: Iterable[Json], **options: Any) -> DemoCluster:
    """A cluster, not started, that serves these objects: manifests or a ``kind: List``."""
    return DemoCluster(objects=items, **options)


def run_demo_server(port: int | None = None, scenario: str = DEFAULT_SCENARIO) -> int:
    """``epview demo-server``: serve until Ctrl-C or SIGTERM. Gives the exit code.

    The kubeconfig's path is the one line on stdout; everything for people goes to stderr.
    """
    received: list[int] = []
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        received.append(number)
        stop.set()

    restore = _catch((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), on_signal)
    try:
        cluster = DemoCluster(scenario, port=port or 0)
        with cluster:
            path = cluster.write_kubeconfig()
            _announce(cluster, path)
            while not stop.wait(0.5):  # short waits, so that signals are noticed everywhere
                pass
    except SourceError as error:
        print(f"epview: {error}", file=sys.stderr)  # noqa: T201
        return 2
    finally:
        for number, handler in restore.items():
            signal.signal(number, handler)
    return 128 + received[0] if received else 0


def _catch(numbers: Iterable[int], handler: Callable[[int, object], None]) -> dict[int, Any]:
    """Install a handler; gives the former ones. Signals reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in numbers}


def _announce(cluster: DemoCluster, path: Path) -> None:
    print(path, flush=True)  # noqa: T201
    hint = (
        f"The demo cluster listens on {cluster.url}. In another terminal:\n"
        f"  export KUBECONFIG={path}\n"
        "  epview                     # or: kubectl get svc,ep,endpointslices -A\n"
        f"  kubectl --context {VIEWER_CONTEXT} get pods -A   # a user with few rights\n"
        "It is read-only and lives until Ctrl-C."
    )
    print(hint, file=sys.stderr, flush=True)  # noqa: T201
