"""An HTTP server on loopback that a test scripts request by request, faults included.

It knows collections, pages and watches, and keeps a journal. What is scripted for a request is done
once; then the ordinary behaviour is back.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, list[str]]
    peer: dict[str, Any] | None = None
    sni: str | None = None
    at: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def resource(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def verb(self) -> str:
        return "watch" if self.params.get("watch") == "true" else "list"

    def header(self, name: str) -> str | None:
        values = self.headers.get(name.lower())
        return values[-1] if values else None


class HangupError(Exception):
    """End the connection now."""


class Reply:
    """What a script may do with one request."""

    def __init__(self, server: KubeServer, request: Request, sock: socket.socket) -> None:
        self.server = server
        self.request = request
        self.sock = sock

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send(self, code: int, body: bytes | dict[str, Any], **headers: str) -> None:
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            headers.setdefault("Content_Type", "application/json")
        headers.setdefault("Content_Length", str(len(body)))
        self.head(code, **headers)
        self.raw(body)

    def head(self, code: int, **headers: str) -> None:
        lines = [f"HTTP/1.1 {code} {REASONS.get(code, 'Odd')}"]
        headers = {**self.server.headers, **headers}
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.raw("\r\n".join([*lines, "", ""]).encode())

    def status(self, code: int, message: str = "", reason: str = "", **headers: str) -> None:
        self.send(code, status(code, message, reason), **headers)

    def start(self) -> None:
        """Begin a chunked 200, as a watch does."""
        self.head(200, Content_Type="application/json", Transfer_Encoding="chunked")

    def chunk(self, data: bytes) -> None:
        self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    def line(self, type_: str, found: dict[str, Any]) -> None:
        self.chunk(json.dumps({"type": type_, "object": found}).encode() + b"\n")

    def end(self) -> None:
        self.raw(b"0\r\n\r\n")

    def hangup(self) -> None:
        raise HangupError

    def reset(self) -> None:
        """End with RST in place of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HangupError

    def hold(self) -> None:
        """Say nothing till the other side or the server goes."""
        with contextlib.suppress(OSError, ValueError):
            while self.sock.recv(1 << 12):
                pass
        raise HangupError

    def usual(self) -> None:
        """What the server does without a script."""
        self.server.answer(self)


Script = Callable[[Reply], None]
REASONS = {200: "OK", 302: "Found", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 410: "Gone"}


def status(code: int, message: str = "", reason: str = "", **details: Any) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message or f"status {code}",
        "reason": reason,
        "code": code,
        **({"details": details} if details else {}),
    }


def refuse(code: int, message: str = "", reason: str = "", **headers: str) -> Script:
    return lambda reply: reply.status(code, message, reason, **headers)


def thing(
    name: str, version: int = 1, *, namespace: str = "shop", uid: str = "", **more: Any
) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
    }
    return {"metadata": metadata, **more}


class KubeServer:
    """``with KubeServer() as server``; `put` and `drop` change a collection and tell its watches."""

    made: ClassVar[list[KubeServer]] = []

    def __init__(self, context: ssl.SSLContext | None = None, *, port: int = 0) -> None:
        self.made.append(self)
        self.context = context
        self.journal: list[Request] = []
        self.version = 100
        self.page_size = 10**9
        self.headers: dict[str, str] = {}  # sent with every answer
        self._items: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
        self._events: dict[str, list[tuple[int, str, dict[str, Any]]]] = defaultdict(list)
        self._scripts: dict[tuple[str, str], deque[Script]] = defaultdict(deque)
        self._always: dict[tuple[str, str], Script] = {}
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self.listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    # -- for tests ------------------------------------------------------------------------------

    def script(self, resource: str, verb: str, *scripts: Script) -> None:
        """What to do with the next requests for ``resource`` (the last part of the path), in turn."""
        self._scripts[resource, verb].extend(scripts)

    def always(self, resource: str, verb: str, script: Script | None) -> None:
        """What to do with all requests from now on; None: the usual."""
        if script is None:
            self._always.pop((resource, verb), None)
        else:
            self._always[resource, verb] = script

    def put(self, resource: str, name: str, *, namespace: str = "shop", **more: Any) -> dict[str, Any]:
        return self.keep(resource, thing(name, namespace=namespace, **more))

    def keep(self, resource: str, tree: dict[str, Any]) -> dict[str, Any]:
        """Hold a whole object, under a new resourceVersion."""
        with self._changed:
            self.version += 1
            found = {**tree, "metadata": {**tree["metadata"], "resourceVersion": str(self.version)}}
            key = found["metadata"].get("namespace", ""), found["metadata"]["name"]
            known = key in self._items[resource]
            self._items[resource][key] = found
            self._events[resource].append((self.version, "MODIFIED" if known else "ADDED", found))
            self._changed.notify_all()
        return found

    def drop(self, resource: str, name: str, *, namespace: str = "shop", silently: bool = False) -> None:
        """``silently``: no watch hears of it, as if it happened while the server was away."""
        with self._changed:
            self.version += 1
            found = self._items[resource].pop((namespace, name))
            if not silently:
                self._events[resource].append((self.version, "DELETED", found))
            self._changed.notify_all()

    def forget(self, resource: str) -> None:
        """Compact: watches from before now are too old."""
        with self._changed:
            self.version += 1
            self._events[resource] = [(self.version, "COMPACTED", {})]
            self._changed.notify_all()

    def cut(self) -> None:
        """Cut all connections, keep listening."""
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def requests(self, resource: str = "", verb: str = "") -> list[Request]:
        return [
            request
            for request in list(self.journal)
            if (not resource or request.resource == resource) and (not verb or request.verb == verb)
        ]

    # -- the server -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()  # first, lest somebody comes back at once
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self._sockets.add(sock)
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        plain = sock
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
                self._sockets.discard(plain)
                self._sockets.add(sock)
            with sock.makefile("rb") as file:
                while self._one(sock, file):
                    pass
        except (HangupError, OSError, ValueError):
            pass
        finally:
            self._sockets.discard(sock)
            self._sockets.discard(plain)
            sock.close()
            plain.close()

    def _one(self, sock: socket.socket, file: Any) -> bool:
        if file.peek(1)[:1] == b"\x16":  # a TLS client; Go's server answers so
            sock.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
            return False
        first = file.readline().decode("latin-1").split()
        if len(first) != 3:
            return False
        headers: dict[str, list[str]] = defaultdict(list)
        while (line := file.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()].append(value.strip())
        peer = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
        request = Request(first[0], first[1], headers, peer, getattr(sock, "sni", None))
        self.journal.append(request)
        reply = Reply(self, request, sock)
        key = (request.resource, request.verb)
        if self._scripts[key]:
            self._scripts[key].popleft()(reply)
        elif key in self._always:
            self._always[key](reply)
        else:
            self.answer(reply)
        return request.header("Connection") != "close"

    def answer(self, reply: Reply) -> None:
        request = reply.request
        if request.path == "/version":
            reply.send(200, {"gitVersion": "v1.99.0"})
        elif request.verb == "watch":
            self._watch(reply)
        elif re.fullmatch(r"/api/v1/namespaces/[^/]+", request.path):
            reply.send(200, thing(request.resource))
        else:
            self._list(reply)

    def _in_scope(self, request: Request, found: dict[str, Any]) -> bool:
        scope = re.search(r"/namespaces/([^/]+)/", request.path)
        return scope is None or found["metadata"]["namespace"] == scope[1]

    def _list(self, reply: Reply) -> None:
        request = reply.request
        with self._changed:
            found = [item for item in self._items[request.resource].values() if self._in_scope(request, item)]
            metadata: dict[str, Any] = {"resourceVersion": str(self.version)}
        start = int(request.params.get("continue", "0"))
        size = min(self.page_size, int(request.params.get("limit", "0")) or 10**9)
        left = len(found) - start - size
        if left > 0:
            metadata |= {"continue": str(start + size), "remainingItemCount": left}
        reply.send(200, {"kind": "List", "metadata": metadata, "items": found[start : start + size]})

    def _watch(self, reply: Reply) -> None:
        resource = reply.request.resource
        seen = int(reply.request.params["resourceVersion"])
        with self._changed:
            oldest = self._events[resource][:1]
            expired = bool(oldest) and oldest[0][1] == "COMPACTED" and seen < oldest[0][0]
        reply.start()
        if expired:
            reply.line("ERROR", status(410, f"too old resource version: {seen}", "Expired"))
            reply.end()
            return
        while True:
            with self._changed:
                fresh = [event for event in self._events[resource] if event[0] > seen]
                if not fresh:
                    if self._closed:
                        raise HangupError
                    self._changed.wait(5)
                    continue
            for version, type_, found in fresh:
                seen = version
                if type_ == "COMPACTED":
                    continue
                if self._in_scope(reply.request, found):
                    reply.line(type_, found)
