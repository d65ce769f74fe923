"""A fast API server for the benchmarks, in a process of its own: lists from memory, watches, storms.

It answers with bytes encoded beforehand and says what it used of the processor, so that no measure
takes the server's time for the client's. ``python -m tests.benchmarks.server SERVICES PODS_EACH``
prints its port, then obeys lines on its input and answers each with one line.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

from epview.core.objects import BY_RESOURCE

from .objects import Cluster, event, listed, pod_events

BATCHES_A_SECOND = 100
MARK_SECONDS = 0.23  # no multiple of the frames of the interface
POOL = 4_000  # events encoded before a storm begins; sent round and round


class Server:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.items = {resource: list(cluster.items(resource)) for resource in BY_RESOURCE}
        self.whole = {resource: listed(resource, items) for resource, items in self.items.items()}
        self.requests: Counter[str] = Counter()
        self._version = 1000
        self._watches: defaultdict[str, list[socket.socket]] = defaultdict(list)
        self._lock = threading.Lock()
        self._pool: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        found: int = self.listener.getsockname()[1]
        return found

    # -- commands ------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Encode the events of storms; the rows keep their order, so that one can be found again."""
        self._pool = [_chunk(line) for line in pod_events(self.cluster, POOL)]

    def storm(self, rate: float, seconds: float, service: int, port: int) -> dict[str, Any]:
        """Pod events at a steady rate, and between them a `mark` each `MARK_SECONDS`.

        Tells the rate reached, the server's own share of a processor, and when which mark was sent.
        """
        if rate and not self._pool:
            self.prepare()
        began, cpu, sent = time.monotonic(), time.process_time(), 0
        marks: list[tuple[int, float]] = []
        while (elapsed := time.monotonic() - began) < seconds:
            start = sent % (len(self._pool) or 1)
            batch = self._pool[start : start + int(rate * elapsed) - sent]
            self._send("pods", b"".join(batch))
            sent += len(batch)
            if elapsed > MARK_SECONDS * (len(marks) + 1):
                number = port + len(marks)
                marks.append((number, self.mark(service, number)))
            time.sleep(1 / BATCHES_A_SECOND)
        spent = time.monotonic() - began
        return {"rate": sent / spent, "share": (time.process_time() - cpu) / spent, "marks": marks}

    def mark(self, service: int, port: int) -> float:
        """Change a Service's port, a number that can be found on the screen; when it was sent."""
        self._version += 1
        encoded = self.cluster.service(service, port=port, version=self._version)
        line = _chunk(event("MODIFIED", encoded))
        at = time.monotonic()
        self._send("services", line)
        return at

    def bookmark(self) -> None:
        for resource, kind in BY_RESOURCE.items():
            meta = {"metadata": {"resourceVersion": str(self._version)}, "kind": kind.kind}
            self._send(resource, _chunk(event("BOOKMARK", json.dumps(meta).encode())))

    def _send(self, resource: str, data: bytes) -> None:
        with self._lock:
            for sock in list(self._watches[resource]) if data else ():
                try:
                    sock.sendall(data)
                except OSError:
                    self._watches[resource].remove(sock)

    # -- HTTP ----------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as file:
            while self._one(sock, file):
                pass

    def _one(self, sock: socket.socket, file: BinaryIO) -> bool:
        first = file.readline().split()
        if len(first) != 3:
            return False
        while file.readline().strip():
            pass
        url = urlsplit(first[1].decode())
        params = dict(parse_qsl(url.query))
        resource = url.path.rpartition("/")[2]
        verb = "watch" if params.get("watch") == "true" else "list" if resource in BY_RESOURCE else "get"
        self.requests[f"{verb} {resource}"] += 1
        if verb == "watch":
            sock.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            with self._lock:
                self._watches[resource].append(sock)
            file.read(1)  # till the client goes
            return False
        body = self._list(resource, params) if verb == "list" else b'{"gitVersion":"v1.99.0"}'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: {_date()}\r\n"
        sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        sock.sendall(body)
        return True

    def _list(self, resource: str, params: dict[str, str]) -> bytes:
        """All at once from the cache, as a server does for resourceVersion 0; else in pages."""
        limit = int(params.get("limit", "0"))
        if not limit or params.get("resourceVersion") == "0":
            return self.whole[resource]
        start = int(params.get("continue", "0"))
        items = self.items[resource]
        left = len(items) - start - limit
        return listed(resource, items[start : start + limit], str(start + limit) if left > 0 else "", left)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _date() -> str:
    return datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def main() -> None:
    services, pods_each = map(int, sys.argv[1:3])
    since = (datetime.now(UTC) - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server = Server(Cluster(services, pods_each, since))
    print(server.port, flush=True)
    for line in sys.stdin:
        match line.split():
            case ["storm", rate, seconds, service, port]:
                told = server.storm(float(rate), float(seconds), int(service), int(port))
                print(json.dumps(told), flush=True)
            case ["prepare"]:
                server.prepare()
                print("ok", flush=True)
            case ["mark", service, port]:
                print(server.mark(int(service), int(port)), flush=True)
            case ["bookmark"]:
                server.bookmark()
                print("ok", flush=True)
            case ["cpu"]:
                print(time.process_time(), flush=True)
            case ["requests"]:
                print(json.dumps(server.requests), flush=True)
                server.requests.clear()


if __name__ == "__main__":
    main()
