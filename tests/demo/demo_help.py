"""Clusters to ask, and a small HTTP client that keeps status, headers and body apart."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from epview.demo.demo import DemoCluster

NOW = datetime(2026, 1, 15, 12, 0, 0, tzinfo=UTC)
WIRE = Path(__file__).parents[2].parent / "shared" / "wire"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass
class Answer:
    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Client:
    """One kept-alive connection to a cluster, as its admin or as an impersonated user."""

    def __init__(self, cluster: DemoCluster, user: str = "") -> None:
        self._connection = http.client.HTTPConnection(cluster.url.removeprefix("http://"), timeout=20)
        self.headers = {"Impersonate-User": user} if user else {}

    def open(self, target: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, target, headers=self.headers | named)
        return self._connection.getresponse()

    def get(self, target: str, method: str = "GET", **headers: str) -> Answer:
        response = self.open(target, method, **headers)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def close(self) -> None:
        self._connection.close()


def eventually(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait for a condition to hold; gives its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        threading.Event().wait(0.01)
    raise AssertionError("it did not come true")
