"""Opening a socket to the server: names, proxies, TLS; interruptible at every step."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from typing import Final

from epview.sources.kube.errors import unreachable
from epview.sources.kube.proxy import Proxy
from epview.sources.kube.target import Target

_KEEPALIVE_SECONDS: Final = 30  # client-go's dialer
_MAX_PROXY_ANSWER: Final = 1 << 14


class Aborted(Exception):  # noqa: N818 - no error: somebody asked for it
    """The line was cut on purpose, from another thread."""


class Line:
    """One socket at a time, which `cut` may shut from any thread, also while it is being opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def hold(self, sock: socket.socket) -> None:
        """Make ``sock`` the one to cut. Raises `Aborted` where that has happened already."""
        with self._lock:
            self._socket = sock
            if self._cut:
                sock.close()
                raise Aborted

    def cut(self, *, forever: bool = True) -> None:
        """Wake whoever is blocked on the socket. ``forever``: nothing may be opened any more."""
        with self._lock:
            self._cut = self._cut or forever
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # Past SSLSocket.shutdown, which would take TLS away under a reader in another thread.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    @property
    def is_cut(self) -> bool:
        return self._cut


def dial(
    line: Line,
    target: Target,
    *,
    proxy: Proxy | None,
    context: ssl.SSLContext | None,
    timeout: float,
) -> socket.socket:
    """An open connection to ``target``, through TLS where ``context`` is given.

    Raises OSError (ssl.SSLError among them), `http.client.HTTPException` for a proxy that refuses, `Aborted`.
    """
    if proxy is None:
        sock = _connect(line, target.host, target.port, timeout)
    else:
        try:
            sock = _connect(line, proxy.host, proxy.port, timeout)
        except OSError as error:
            cause = unreachable(error, proxy.place).message
            raise ProxyRefused(f"The proxy cannot be used. {cause}") from None
    try:
        if proxy is not None and context is not None:
            _tunnel(sock, proxy, target)
        if context is not None:
            name = target.cluster.tls_server_name or target.host
            sock = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            line.hold(sock)
            sock.do_handshake()
    except BaseException:
        sock.close()
        raise
    return sock


def _connect(line: Line, host: str, port: int, timeout: float) -> socket.socket:
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            line.hold(sock)
            sock.settimeout(timeout)
            sock.connect(address)
        except OSError as error:
            failure = error
            sock.close()
            continue
        except BaseException:
            sock.close()
            raise
        _tune(sock)
        return sock
    raise failure or OSError("no address")


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):  # not everywhere by these names
        number = getattr(socket, option, None)
        if number is not None:
            sock.setsockopt(socket.IPPROTO_TCP, number, _KEEPALIVE_SECONDS)


def _tunnel(sock: socket.socket, proxy: Proxy, target: Target) -> None:
    lines = [f"CONNECT {target.place} HTTP/1.1", f"Host: {target.place}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    # Byte by byte: what follows the blank line belongs to TLS.
    while not answer.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte or len(answer) > _MAX_PROXY_ANSWER:
            raise ProxyRefused(f"The proxy {proxy.place} broke off the connection.")
        answer += byte
    status = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(status) < 2 or status[1] != "200":
        raise ProxyRefused(f"The proxy {proxy.place} refused the connection ({' '.join(status[1:])}).")


class ProxyRefused(http.client.HTTPException):
    """Its text is a sentence."""
