"""JSON over one kept-alive connection, with the client certificate of a kubeconfig.

A kubectl process for every object would take a hundred times as long.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

Json = dict[str, Any]

PATHS = {
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Service": "/api/v1/namespaces/{}/services",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Endpoints": "/api/v1/namespaces/{}/endpoints",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
}


class RefusedError(Exception):
    """What the API server answered instead of doing it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Rest:
    def __init__(self, kubeconfig: str) -> None:
        config = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        server = urlsplit(cluster["server"])
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as pem:  # ssl reads a client certificate from files only
            pem.write(base64.b64decode(user["client-certificate-data"]))
            pem.write(base64.b64decode(user["client-key-data"]))
            pem.flush()
            context.load_cert_chain(pem.name)
        assert server.hostname
        self._connection = http.client.HTTPSConnection(
            server.hostname, server.port, context=context, timeout=30
        )

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Json | None = None) -> bytes:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        payload = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, payload, {"Content-Type": kind, "Accept": "application/json"})
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status >= 400:
            raise RefusedError(answer.status, json.loads(raw).get("message", ""))
        return raw

    def create(self, obj: Json, namespace: str = "") -> None:
        """Create; a status, which the API drops at creation, follows as the kubelet would write it."""
        path = PATHS[obj["kind"]].format(namespace)
        self.ask("POST", path, obj)
        if obj["kind"] == "Pod" and "status" in obj:
            self.patch("Pod", namespace, obj["metadata"]["name"], {"status": obj["status"]})

    def patch(self, kind: str, namespace: str, name: str, changes: Json) -> None:
        part = "/status" if "status" in changes else ""
        self.ask("PATCH", f"{PATHS[kind].format(namespace)}/{name}{part}", changes)

    def delete(self, kind: str, namespace: str, name: str, *, force: bool = False) -> None:
        grace = "?gracePeriodSeconds=0" if force else ""
        self.ask("DELETE", f"{PATHS[kind].format(namespace)}/{name}{grace}")

    def list(self, kind: str, namespace: str) -> bytes:
        return self.ask("GET", PATHS[kind].format(namespace))
