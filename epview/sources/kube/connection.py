"""The one way to the API server: GET, of a few paths, and nothing else.

`http.client` over own sockets, one connection per `Session`, used by one thread at a time. Only what
`allowed` lets through is ever asked for: the watched collections and their objects, `/version`, the
discovery roots and the logs of pods. Not `proxy`, `exec`, `attach` or `portforward`, which reach
applications by GET.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from epview import __version__
from epview.core.objects import KINDS
from epview.sources.clean import clean_text
from epview.sources.kube.body import read_body
from epview.sources.kube.clock import Clock
from epview.sources.kube.credentials import Credentials, Identity, expand
from epview.sources.kube.dial import Aborted, Line, ProxyRefused, dial
from epview.sources.kube.errors import Unauthorized, Unreachable, refusal, unreachable
from epview.sources.kube.proxy import Proxy, find_proxy
from epview.sources.kube.target import Target
from epview.sources.kube.tls import TlsContexts
from epview.sources.kube.warnings import MOST, warnings_of

METHOD: Final = "GET"
CONNECT_TIMEOUT: Final = 10.0
ANSWER_TIMEOUT: Final = 60.0
_MAX_BODY: Final = 2 << 30
_MAX_ERROR_BODY: Final = 1 << 20
_SKEW_TOLERATED: Final = timedelta(seconds=2)  # Date has whole seconds, and the answer took its time

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._:-]*"
_COLLECTIONS: Final = "|".join(
    re.escape(kind.api) + (rf"(?:/namespaces/{_NAME})?" if kind.namespaced else "") + f"/{kind.resource}"
    for kind in KINDS
)
_ALLOWED: Final = re.compile(
    rf"/version|/api|/apis|(?:{_COLLECTIONS})(?:/{_NAME})?"
    rf"|/api/v1/namespaces/{_NAME}/pods/{_NAME}/log"
)


def allowed(path: str) -> bool:
    """Whether ``path`` may be asked for."""
    return _ALLOWED.fullmatch(path) is not None


class Client:
    """The server of one target, as one user. Thread-safe; sessions are not.

    ``environ`` is where proxies are looked up and what plug-ins inherit. Raises `SourceError` for a
    proxy that cannot be used. `server_now` is the server's clock as its Date headers tell it.
    """

    def __init__(self, target: Target, *, environ: Mapping[str, str], clock: Clock | None = None) -> None:
        self.target = target
        self.clock = clock or Clock()
        self.proxy: Proxy | None = find_proxy(target, environ)
        self.credentials = Credentials(
            target, environ=environ, clock=self.clock, legacy=lambda: _legacy_authorization(target)
        )
        self.tls = TlsContexts(target.cluster) if target.secure else None
        self.compress = not target.loopback and not target.cluster.disable_compression
        self._skew = timedelta(0)
        self._warnings: dict[str, None] = {}
        self._sessions: set[Session] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def notices(self) -> tuple[str, ...]:
        """Standing remarks: how the server is reached, its clock, and what it warned of."""
        notices = self.target.notices + self.credentials.notices
        minutes = round(abs(self._skew).total_seconds() / 60)
        if minutes:
            side = "behind" if self._skew > timedelta(0) else "ahead of"
            notices += (f"This machine's clock is {minutes} min {side} the server's.",)
        return notices + tuple(f"The API server warns: {text}" for text in tuple(self._warnings))

    def session(self) -> Session:
        """A new connection, not opened yet. Close it."""
        session = Session(self)
        with self._lock:
            self._sessions.add(session)
            if self._closed:
                session.abort()
        return session

    def forget(self, session: Session) -> None:
        with self._lock:
            self._sessions.discard(session)

    def get(self, path: str, params: Mapping[str, str] | None = None, *, limit: int = _MAX_BODY) -> bytearray:
        """One answer over a connection of its own; see `Session.get`."""
        with contextlib.closing(self.session()) as session:
            return session.get(path, params, limit=limit)

    def close(self) -> None:
        """Cut all sessions, now and in future."""
        with self._lock:
            self._closed = True
            sessions = list(self._sessions)
        for session in sessions:
            session.abort()
        if self.credentials.plugin is not None:
            self.credentials.plugin.cancel()

    def server_now(self) -> datetime:
        return self.clock.now() + self._skew

    def note_date(self, text: str | None) -> None:
        """Learn the server's clock from a Date header."""
        try:
            date = parsedate_to_datetime(text or "")
            skew = date + timedelta(seconds=0.5) - self.clock.now()
        except (TypeError, ValueError):
            return
        self._skew = skew if abs(skew) > _SKEW_TOLERATED else timedelta(0)

    def note_warnings(self, headers: list[str]) -> None:
        """Remember the first few warnings of the server, each once."""
        for text in warnings_of(headers):
            if len(self._warnings) < MOST:
                self._warnings[text] = None


class Session:
    """One connection, kept open from request to request."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._line = Line()
        self._http: http.client.HTTPConnection | None = None
        self._context: object = None
        self._socket: socket.socket | None = None
        self._busy: http.client.HTTPResponse | None = None

    def get(self, path: str, params: Mapping[str, str] | None = None, *, limit: int = _MAX_BODY) -> bytearray:
        """The whole body of a 200. It grows in place: a list may be a hundred megabytes.

        Raises `ApiError` for other answers, `Unreachable`, `CredentialError`, `Aborted`. ``limit`` bounds
        the body; more is an `Unreachable`, too.
        """
        clock = self._client.clock
        budget = self._client.target.request_timeout
        deadline = clock.monotonic() + budget if budget else None
        body = bytearray()
        for piece in self.stream(path, params, timeout=budget or ANSWER_TIMEOUT, compress=True):
            body += piece
            if len(body) > limit:
                self._drop()
                raise Unreachable(f"{self._client.target.place} sent more than {limit >> 20} MB for {path}.")
            if deadline is not None and clock.monotonic() > deadline:
                self._drop()
                raise Unreachable(
                    f"{self._client.target.place} did not finish within {budget:g} s.",
                    "Raise --request-timeout.",
                )
        return body

    def stream(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        timeout: float,
        silence: float = 0.0,
        compress: bool = False,
    ) -> Iterator[bytes]:
        """The body of a 200 in pieces, as they come. The request is sent, and answered, on calling.

        ``timeout`` is the longest silence before the answer, and within it unless ``silence`` is given.
        Raises as `get` does, also while the pieces are read.
        """
        response = self._answer(path, params or {}, timeout, compress=compress)
        if silence and self._socket is not None:
            self._socket.settimeout(silence)
        return self._pieces(response)

    def abort(self) -> None:
        """Cut the connection from any thread, for good: whoever uses the session gets `Aborted`."""
        self._line.cut()

    def interrupt(self) -> None:
        """Cut the connection from any thread; the next request opens another."""
        self._line.cut(forever=False)

    def close(self) -> None:
        self._drop()
        self._client.forget(self)

    def _pieces(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        done = False
        try:
            with self._translated():
                yield from read_body(response)
                done = True
        finally:
            if done and not response.will_close:
                response.close()
                self._busy = None
            else:
                self._drop()

    def _answer(
        self, path: str, params: Mapping[str, str], timeout: float, *, compress: bool
    ) -> http.client.HTTPResponse:
        identity = self._client.credentials.identity()
        response = self._send(path, params, identity, timeout, compress=compress)
        if response.status == http.client.UNAUTHORIZED:
            error = self._refusal(response, identity)
            if not isinstance(error, Unauthorized) or not self._client.credentials.refresh(identity):
                raise error
            identity = self._client.credentials.identity()
            response = self._send(path, params, identity, timeout, compress=compress)
        if response.status != http.client.OK:
            raise self._refusal(response, identity)
        return response

    def _refusal(self, response: http.client.HTTPResponse, identity: Identity) -> Exception:
        body = b""
        for piece in self._pieces(response):
            body += piece
            if len(body) > _MAX_ERROR_BODY:
                self._drop()
                break
        error = refusal(response.status, response.reason, response.headers.get("Retry-After"), body)
        if isinstance(error, Unauthorized):
            expired = self._client.credentials.expired(identity, self._client.server_now())
            error.message = f"{error.message} {expired}".strip()
        return error

    def _send(
        self, path: str, params: Mapping[str, str], identity: Identity, timeout: float, *, compress: bool
    ) -> http.client.HTTPResponse:
        with self._translated():
            kept = self._ready(identity)
            try:
                return self._request(path, params, identity, timeout, compress=compress)
            except (ConnectionError, http.client.BadStatusLine, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                # The server may close an idle connection at any time; GETs may be sent twice.
                if not kept or self._line.is_cut:
                    raise
            self._drop()
            self._ready(identity)
            return self._request(path, params, identity, timeout, compress=compress)

    def _ready(self, identity: Identity) -> bool:
        """Have a connection; True if it was one kept from before."""
        client = self._client
        context = client.tls.get(identity.certificate) if client.tls else None
        if self._http is not None and self._busy is None and context is self._context:
            return True
        self._drop()
        timeout = min(CONNECT_TIMEOUT, client.target.request_timeout or CONNECT_TIMEOUT)
        sock = dial(self._line, client.target, proxy=client.proxy, context=context, timeout=timeout)
        self._http = http.client.HTTPConnection(client.target.host, client.target.port)
        self._http.auto_open = 0  # never a connection behind our back
        self._http.sock = self._socket = sock
        self._context = context
        return False

    def _request(
        self, path: str, params: Mapping[str, str], identity: Identity, timeout: float, *, compress: bool
    ) -> http.client.HTTPResponse:
        if not allowed(path):
            raise ValueError(f"not a path that epview may ask for: {path}")
        client = self._client
        connection = self._http
        if connection is None or self._socket is None:
            raise http.client.NotConnected
        target = client.target.url.path.rstrip("/") + path + (f"?{urlencode(params)}" if params else "")
        if client.proxy is not None and not client.target.secure:
            target = f"http://{client.target.url.netloc}{target}"
        self._socket.settimeout(timeout)
        connection.putrequest(METHOD, target, skip_accept_encoding=True)
        headers = [
            ("User-Agent", f"epview/{__version__}"),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip" if compress and client.compress else "identity"),
            *expand(identity.headers),
        ]
        if client.proxy is not None and not client.target.secure and client.proxy.authorization:
            headers.append(("Proxy-Authorization", client.proxy.authorization))
        for name, value in headers:
            connection.putheader(name, value.encode())
        connection.endheaders()
        response = self._busy = connection.getresponse()
        client.note_date(response.headers.get("Date"))
        client.note_warnings(response.headers.get_all("Warning", []))
        return response

    def _drop(self) -> None:
        if self._busy is not None:
            self._busy.close()
            self._busy = None
        if self._http is not None:
            self._http.close()
            self._http = self._socket = None

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Aborted:
            raise
        except (OSError, http.client.HTTPException, EOFError) as error:
            self._drop()
            if self._line.is_cut:
                raise Aborted from None
            place = self._client.target.place
            if self._client.proxy is not None and not self._client.target.secure:
                place = self._client.proxy.place
            if isinstance(error, ProxyRefused):
                raise Unreachable(clean_text(str(error)), "Check proxy-url, HTTPS_PROXY, NO_PROXY.") from None
            # `from None`: tracebacks of the libraries show request lines and headers.
            raise unreachable(error, place) from None


def _legacy_authorization(target: Target) -> str:
    """The Authorization header of an old auth-provider, by the official client; ``""`` if it has none."""
    provider = target.user.auth_provider
    if provider is None or provider.name != "gcp":  # the one that the client still knows, beside oidc
        return ""
    from kubernetes.client import Configuration  # slow to import, and for these few only
    from kubernetes.config.kube_config import KubeConfigLoader

    user = {"auth-provider": {"name": provider.name, "config": dict(provider.config)}}
    config: dict[str, Any] = {
        "current-context": "epview",
        "contexts": [{"name": "epview", "context": {"cluster": "epview", "user": "epview"}}],
        "clusters": [{"name": "epview", "cluster": {}}],
        "users": [{"name": "epview", "user": user}],
    }
    configuration = Configuration()
    try:
        KubeConfigLoader(config_dict=config).load_and_set(configuration)
    except Exception:  # whatever it is, there is no credential; its text might quote one
        return ""
    return str(configuration.api_key.get("BearerToken", ""))
