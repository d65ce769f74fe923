"""The sockets of the API server: HTTP/1.1 on loopback, one thread a connection, all joined at stop."""

from __future__ import annotations

import contextlib
import gzip
import select
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final

from epview.demo.api import Api
from epview.demo.requests import Request, Response

_GZIP_FROM: Final = 128 * 1024  # apiserver endpoints/handlers/responsewriters: defaultGzipThresholdBytes


class ApiServer:
    """Serves an `Api` on ``127.0.0.1``; ``port=0`` takes a free one. Raises OSError when it is in use."""

    def __init__(self, api: Api, port: int = 0) -> None:
        self.api = api
        self._http = _Http(api, port)
        self._thread = threading.Thread(target=self._http.serve_forever, name="demo-api", args=(0.1,))
        api.address = f"127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self.api.address}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close the door, end every stream and join every thread. Safe to call twice."""
        self.api.store.close()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.hang_up()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, api: Api, port: int) -> None:
        self.api = api
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's question for the host's name: where there is no DNS it takes seconds."""
        TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
            if self.stopping.is_set():  # it came in while the others were hung up
                _hang_up(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().close_request(request)

    def hang_up(self) -> None:
        """Wake the threads that wait for a client's next request."""
        with self._lock:
            self.stopping.set()
            for connection in self._open:
                _hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; the terminal belongs to others."""


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Http

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(min(length, 1 << 20))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request.parse(self.command, self.path, headers)
        self._send(request, self.server.api.answer(request))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _send(self, request: Request, response: Response) -> None:
        self.send_response(response.code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if isinstance(response.body, bytes):
            self._send_whole(request, response.body)
        else:
            self._send_stream(response.body)

    def _send_whole(self, request: Request, body: bytes) -> None:
        if len(body) > _GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Vary", "Accept-Encoding")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _send_stream(self, chunks: Iterator[bytes]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        if self.command == "HEAD":
            return
        for chunk in chunks:
            if self.server.stopping.is_set():
                break
            if chunk:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.flush()
            elif self._client_gone():
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _client_gone(self) -> bool:
        """A client has nothing to say during a stream: if there is something to read, it is the end."""
        poll = select.poll()
        poll.register(self.request, select.POLLIN)
        return bool(poll.poll(0))

    def version_string(self) -> str:
        return ""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the cluster's own clock: a frozen cluster's clients live in its time."""
        if timestamp is None:
            timestamp = self.server.api.store.clock().timestamp()
        return super().date_time_string(timestamp)

    def send_header(self, keyword: str, value: str) -> None:
        if keyword != "Server":  # the real one does not say
            super().send_header(keyword, value)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the terminal belongs to others; `Api.journal` remembers."""
