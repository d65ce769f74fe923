"""A live cluster as a Source: a reflector for every kind and namespace of its scope."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from epview.core.changes import Change
from epview.core.objects import BY_KIND, KINDS, Key, Kind
from epview.core.view import Phase, ResourceState, SourceInfo
from epview.sources.clean import clean_text
from epview.sources.decode import decode_whole
from epview.sources.kube.connection import Client
from epview.sources.kube.dial import Aborted
from epview.sources.kube.errors import ApiError, Forbidden, NotFound, Unreachable
from epview.sources.kube.reflector import Reflector, Timing
from epview.sources.source import Sink, SourceError

_JOIN_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 5.0
_SLEPT_SECONDS: Final = 30.0
_MAX_OBJECT: Final = 64 << 20
_RETRY_SECONDS: Final = 10.0


class ServerVersion(Struct, frozen=True, rename="camel"):
    git_version: str = ""


class ClusterSource:
    """The Source of one context: Services and all that explains them, in ``namespaces`` (None: all).

    Each kind degrades alone. A kind that may not be read in all namespaces is read in the namespace of
    the context, and a notice says so. Implements `epview.sources.source.Source`.
    """

    def __init__(
        self,
        client: Client,
        namespaces: tuple[str, ...] | None,
        *,
        kind: str = "cluster",
        kinds: Sequence[Kind] = KINDS,
        timing: Timing | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._client = client
        self._namespaces = None if namespaces is None else tuple(dict.fromkeys(namespaces))
        self._kind = kind
        self._kinds = tuple(kinds)
        self._timing = timing
        self._chance = chance
        self._sink: Sink | None = None
        self._lock = threading.RLock()  # guards the sink and the lists below
        self._reflectors: list[Reflector] = []
        self._narrowed: list[str] = []  # resources read in one namespace in place of all
        self._missing: tuple[str, ...] = ()
        self._version = ""
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    # -- Source ---------------------------------------------------------------------------------

    def start(self, sink: Sink) -> None:
        """Begin all lists at once, each on its thread; returns without waiting."""
        with self._lock:
            if self._sink is not None or self._stopped.is_set():
                return
            self._sink = sink
            for kind in self._kinds:
                scope: Sequence[str | None] = (None,)
                if kind.namespaced and self._namespaces is not None:
                    scope = self._namespaces
                for namespace in scope:
                    self._reflect(kind, namespace)
            for work in (self._probe, self._look_for_sleep):
                thread = threading.Thread(target=work, name=f"epview-{work.__name__.strip('_')}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        self._stopped.set()
        with self._lock:
            self._sink = None
            reflectors = list(self._reflectors)
        for reflector in reflectors:
            reflector.stop()
        self._client.close()
        # A thread may hang in the resolver, which nothing can cut; it is a daemon and hears no sink.
        clock = self._client.clock
        end = clock.monotonic() + _JOIN_SECONDS
        for reflector in reflectors:
            reflector.join(max(0.0, end - clock.monotonic()))
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - clock.monotonic()))

    def info(self) -> SourceInfo:
        target = self._client.target
        with self._lock:
            namespaces, narrowed = self._scope()
            missing = tuple(f"There is no namespace {name}." for name in self._missing)
            return SourceInfo(
                kind=self._kind,
                context=clean_text(target.context),
                cluster=clean_text(target.cluster_name),
                user=clean_text(target.user_name),
                server=clean_text(target.url.geturl()),
                server_version=self._version,
                namespaces=namespaces,
                notices=(*map(clean_text, self._client.notices), *missing, *narrowed),
            )

    def now(self) -> datetime:
        return self._client.server_now()

    def retry(self) -> None:
        if self._client.credentials.plugin is not None:
            self._client.credentials.plugin.forget_failure()
        with self._lock:
            reflectors = list(self._reflectors)
        for reflector in reflectors:
            reflector.retry()

    def get(self, kind: str, key: Key) -> dict[str, Any]:
        """See `Source.get`. Raises `SourceError`: no such kind or object, refused, unreachable."""
        known = BY_KIND.get(kind)
        if known is None:
            raise SourceError(f"epview does not read objects of the kind {clean_text(kind)}.")
        raw = self._read(known.path(key.namespace if known.namespaced else None, key.name))
        try:
            return decode_whole(raw)
        except ValueError:
            raise Unreachable(f"The server did not answer with a {kind}.") from None

    # -- beyond the protocol --------------------------------------------------------------------

    def login(self, *, force: bool = False) -> None:
        """Lend the terminal to an exec plug-in that insists on it (``interactiveMode: Always``).

        For the time before the first screen, or while it is suspended; else such a plug-in is refused.
        ``force``: to any plug-in that may ask questions. Does nothing for other credentials and where a
        good one is at hand. Blocks. Raises `SourceError`.
        """
        plugin = self._client.credentials.plugin
        if plugin is not None and (plugin.insists or force):
            plugin.forget_failure()
            plugin.interactive = True
            try:
                plugin.get()
            finally:
                plugin.interactive = False

    @property
    def missing_namespaces(self) -> tuple[str, ...]:
        """Namespaces of the scope that do not exist, as far as it may be known: their lists are empty."""
        return self._missing

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        previous: bool = False,
        tail_lines: int = 200,
        limit_bytes: int = 1 << 20,
    ) -> str:
        """The end of a container's log, cleaned. ``previous``: that of its last life.

        Blocks: call it off the event loop. Raises `SourceError`.
        """
        params = {"tailLines": str(tail_lines), "limitBytes": str(limit_bytes)}
        if container:
            params["container"] = container
        if previous:
            params["previous"] = "true"
        raw = self._read(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", params, 2 * limit_bytes)
        return clean_text(raw.decode("utf-8", "replace").replace("\r\n", "\n"))

    # -- inside ---------------------------------------------------------------------------------

    def _read(self, path: str, params: dict[str, str] | None = None, limit: int = _MAX_OBJECT) -> bytearray:
        try:
            return self._client.get(path, params, limit=limit)
        except Aborted:
            raise SourceError("The connection was closed.") from None
        except ValueError as error:  # a name that is none: nothing was asked
            raise SourceError(clean_text(str(error))) from None

    def _emit(self, changes: Sequence[Change]) -> None:
        sink = self._sink
        if sink is None:
            return
        with self._lock:
            if self._sink is not None:
                self._sink(changes)
            last = changes[-1] if changes else None
            if isinstance(last, ResourceState) and last.phase is Phase.LIVE:
                for reflector in self._reflectors:
                    reflector.answered()

    def _reflect(self, kind: Kind, namespace: str | None) -> None:
        reflector = Reflector(
            kind,
            namespace,
            self._client,
            self._emit,
            timing=self._timing,
            chance=self._chance,
            on_forbidden=self._narrow if kind.namespaced and namespace is None else None,
        )
        self._reflectors.append(reflector)
        reflector.start()

    def _narrow(self, reflector: Reflector, _error: Forbidden) -> bool:
        """All namespaces are refused: read the one of the context instead."""
        with self._lock:
            if self._stopped.is_set():
                return False
            self._narrowed.append(reflector.kind.resource)
            self._reflect(reflector.kind, self._client.target.namespace)
            return True

    def _scope(self) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        if not self._narrowed:
            return self._namespaces, ()
        namespace = self._client.target.namespace
        everything = all(kind.resource in self._narrowed for kind in self._kinds if kind.namespaced)
        names = "" if everything else f" for {', '.join(sorted(self._narrowed))}"
        notice = f"Not allowed to read all namespaces: only {namespace} is asked{names}."
        return (namespace,) if everything else None, (notice,)

    def _probe(self) -> None:
        """Ask for the server's version, and whether the namespaces exist, till it has answered."""
        questions = [self._ask_version, *(lambda n=n: self._ask_namespace(n) for n in self._namespaces or ())]
        while questions and not self._stopped.is_set():
            try:
                questions[0]()
                del questions[0]
            except Aborted:
                return
            except ApiError as error:
                if not error.retry_after and error.code < 500:
                    del questions[0]  # refused: never mind
                    continue
                self._stopped.wait(max(error.retry_after, _RETRY_SECONDS))
            except Exception:  # the lists meet the same, and tell of it
                self._stopped.wait(_RETRY_SECONDS)

    def _ask_version(self) -> None:
        with contextlib.suppress(msgspec.MsgspecError):
            raw = self._client.get("/version")
            self._version = clean_text(msgspec.json.decode(raw, type=ServerVersion).git_version)

    def _ask_namespace(self, name: str) -> None:
        try:
            self._client.get(f"/api/v1/namespaces/{name}")
        except NotFound:
            with self._lock:
                self._missing = (*self._missing, name)

    def _look_for_sleep(self) -> None:
        """A machine that slept has dead connections, which stay silent: the wall clock tells."""
        clock = self._client.clock
        wall, steady = clock.now(), clock.monotonic()
        while not self._stopped.wait(_LOOK_SECONDS):
            then, since = wall, steady
            wall, steady = clock.now(), clock.monotonic()
            if slept((wall - then).total_seconds(), steady - since):
                with self._lock:
                    reflectors = list(self._reflectors)
                for reflector in reflectors:
                    reflector.reconnect()


def slept(wall: float, steady: float) -> bool:
    """Whether so many seconds on the wall, against so many on the steady clock, mean a sleep."""
    return wall - steady > _SLEPT_SECONDS
