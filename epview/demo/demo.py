"""The demo as others use it: a cluster that starts, tells where it listens, and stops."""

from __future__ import annotations

import errno
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from epview.demo.api import Api, Intercept, Journal
from epview.demo.clock import Clock, HeldClock, utc_now
from epview.demo.controllers import Controllers
from epview.demo.kubeconfig import VIEWER_CONTEXT, TemporaryFiles, kubeconfig, write_json
from epview.demo.resources import Json
from epview.demo.scenarios import SCENARIOS, World
from epview.demo.server import ApiServer
from epview.demo.store import Store, as_list
from epview.demo.watches import BOOKMARK_SECONDS
from epview.sources.source import SourceError

DEFAULT_SCENARIO: Final = "company"


class DemoCluster:
    """An API server on loopback with a world on it.

    ``scenario`` names the world (`SCENARIOS`); ``objects`` are served instead of one: manifests, or a
    ``kind: List``. ``controlled=False`` serves them just as they are: no controller adds or mends
    anything. ``frozen_at`` stops the clock at that time and nothing lives: for snapshots; move
    on with `advance`. ``port=0`` takes a free port.
    Raises `SourceError` for an unknown scenario (here) and a port in use (`start`).
    """

    def __init__(
        self,
        scenario: str = DEFAULT_SCENARIO,
        *,
        objects: Iterable[Json] | None = None,
        controlled: bool = True,
        port: int = 0,
        frozen_at: datetime | None = None,
        seed: int = 7,
        bookmark_seconds: float = BOOKMARK_SECONDS,
        intercept: Intercept | None = None,
    ) -> None:
        if objects is None and scenario not in SCENARIOS:
            known = ", ".join(sorted(SCENARIOS))
            hint = f"Known: {known}. A Service to look at is named before --demo."
            raise SourceError(f"There is no demo scenario “{scenario}”.", hint, kind="usage")
        self.clock: Clock = HeldClock(frozen_at) if frozen_at else utc_now
        self.store = Store(self.clock, seed=seed)
        self.controllers = Controllers(self.store)
        self.api = Api(self.store, bookmark_seconds=bookmark_seconds, intercept=intercept)
        self._world: World | None = None
        self._objects = None if objects is None else as_list(objects)
        self._controlled = controlled
        self._scenario, self._seed, self._port = scenario, seed, port
        self._server: ApiServer | None = None
        self._life: threading.Thread | None = None
        self._stopping = threading.Event()
        self._files = TemporaryFiles()

    # -- running ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the world and listen. Raises `SourceError` when the port is taken."""
        try:
            self._server = ApiServer(self.api, self._port)
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
            with self.controllers.paused():
                self._world = SCENARIOS[self._scenario](self.store, self._seed)
            self.api.story = self._world.story
            self.controllers.stalled = self._world.stalled
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
        self._files.remove()

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
        self._control()

    def delete(self, resource: str, namespace: str, name: str) -> None:
        """Delete an object, if it is there, and let the controllers follow."""
        self.store.delete(resource, namespace, name)
        self._control()

    def _control(self) -> None:
        if self._controlled:
            self.controllers.run()

    @property
    def journal(self) -> Sequence[Journal]:
        """The requests so far, oldest first."""
        return tuple(self.api.journal)

    # -- how to reach it --------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``. Raises RuntimeError unless it runs."""
        if self._server is None:
            raise RuntimeError("the demo cluster is not running")
        return self._server.url

    def kubeconfig(self, path: Path | str) -> Path:
        """Write a kubeconfig (0600) with the contexts ``demo`` and ``demo-viewer``; gives the path."""
        path = Path(path)
        write_json(path, kubeconfig(self.url))
        return path

    def write_kubeconfig(self) -> Path:
        """A kubeconfig in a private temporary file, which goes with the cluster or the process."""
        return self.kubeconfig(self._files.new(".kubeconfig"))


def _cannot_listen(port: int, error: OSError) -> SourceError:
    if error.errno == errno.EADDRINUSE:
        return SourceError(
            f"Port {port} is in use.", "Choose another with --port, or none at all.", kind="usage"
        )
    why = error.strerror or error
    return SourceError(f"Cannot listen on 127.0.0.1:{port}: {why}.", "Choose another --port.", kind="usage")


def run_demo_server(port: int | None = None, scenario: str = DEFAULT_SCENARIO) -> int:
    """``epview demo-server``: serve until a signal (Ctrl-C, SIGTERM, SIGHUP). Gives the exit code.

    The kubeconfig's path is the one line on stdout; everything for people goes to stderr. The signals
    are blocked and waited for, so that none comes between the cluster and its orderly end.
    """
    ending = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup
        ending.remove(signal.SIGHUP)
    former = signal.pthread_sigmask(signal.SIG_BLOCK, ending)  # the cluster's threads inherit it
    try:
        with DemoCluster(scenario, port=port or 0) as cluster:
            _announce(cluster, cluster.write_kubeconfig())
            received = signal.sigwait(ending)
    except SourceError as error:
        print(f"epview: {error}", file=sys.stderr)  # noqa: T201
        return 2
    finally:
        while ending & signal.sigpending():  # Ctrl-C, impatiently
            signal.sigwait(ending)
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
    return 128 + received


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
