"""A throw-away CA, servers and clients of it, and a proxy."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import trustme


class Authority:
    """Certificates of one CA, as paths and as base64 for a kubeconfig."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = trustme.CA()
        self.path = folder / "ca.crt"
        self.ca.cert_pem.write_to_path(self.path)
        self.data = b64(self.path.read_bytes())

    def server_context(
        self, *names: str, expires: datetime | None = None, clients: bool = True
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*(names or ("127.0.0.1",)), not_after=expires).configure_cert(context)
        if clients:
            context.verify_mode = ssl.CERT_OPTIONAL
            self.ca.configure_trust(context)
        context.sni_callback = remember_sni
        return context

    def client(self, name: str, *, expires: datetime | None = None) -> tuple[Path, Path]:
        """Certificate and key files of the user ``name``."""
        issued = self.ca.issue_cert(f"{name}.test", common_name=name, not_after=expires)
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(issued.cert_chain_pems[0].bytes())
        key.write_bytes(issued.private_key_pem.bytes())
        return certificate, key


def remember_sni(sock: Any, name: str | None, _context: ssl.SSLContext) -> None:
    sock.sni = name


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def common_name(peer: dict[str, Any] | None) -> str | None:
    for part in (peer or {}).get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return value
    return None


class ConnectProxy:
    """An http proxy that knows CONNECT only; ``answer`` other than 200 refuses."""

    def __init__(self, answer: int = 200) -> None:
        self.answer = answer
        self.heads: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in [self.listener, *self._sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._speak(client)

    def _speak(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return
            head += byte
        self.heads.append(head.decode())
        if self.answer != 200:
            client.sendall(b"HTTP/1.1 %d No\r\n\r\n" % self.answer)
            client.shutdown(socket.SHUT_RDWR)
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        upstream = socket.create_connection((host, int(port)))
        self._sockets.append(upstream)
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = threading.Thread(target=pump, args=(upstream, client), daemon=True)
        self._threads.append(back)
        back.start()
        pump(client, upstream)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
