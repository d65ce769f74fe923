"""What tests of sources share: a clock that need not be waited for, ears, and patience."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from epview.core.changes import Change, Drop, Put, Relist
from epview.core.view import Phase, ResourceState
from epview.sources.kube.clock import Clock

PATIENCE = 10.0


def eventually(what: str, probe: Callable[[], Any]) -> Any:
    """The first truthy answer of ``probe``."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.002)
    raise AssertionError(f"waited in vain for: {what}")


class QuickClock(Clock):
    """Waits cost nothing but are noted; after ``patience`` of them it really waits, for `set` only.

    ``skew`` moves the wall clock alone.
    """

    def __init__(self, patience: int = 1000) -> None:
        self.waits: list[float] = []
        self.patience = patience
        self.passed = 0.0
        self.skew = timedelta(0)

    def monotonic(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.passed) + self.skew

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        if len(self.waits) > self.patience:
            return event.wait(PATIENCE)
        self.passed += seconds
        return event.is_set()


class Heard:
    """A sink that remembers everything, and the world that follows from it."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.batches: list[Sequence[Change]] = []
        self.world: dict[tuple[str, str], dict[tuple[str, str], Any]] = {}

    def __call__(self, changes: Sequence[Change]) -> None:
        self.batches.append(list(changes))
        for change in changes:
            self._apply(change)
        self.changes.extend(changes)

    def _apply(self, change: Change) -> None:
        if isinstance(change, Put):
            self.world.setdefault((change.kind, ""), {})[change.object.key] = change.object
        elif isinstance(change, Drop):
            self.world.setdefault((change.kind, ""), {}).pop(change.key, None)
        elif isinstance(change, Relist):
            self.world[change.kind, ""] = {found.key: found for found in change.objects}

    def names(self, kind: str = "Pod") -> set[str]:
        return {key[1] for key in list(self.world.get((kind, ""), {}))}

    def states(self, resource: str = "") -> list[ResourceState]:
        return [
            c for c in list(self.changes) if isinstance(c, ResourceState) and resource in ("", c.resource)
        ]

    def phases(self, resource: str = "") -> list[Phase]:
        return [state.phase for state in self.states(resource)]

    def of(self, type_: type) -> list[Any]:
        return [change for change in list(self.changes) if isinstance(change, type_)]

    def until(self, phase: Phase, resource: str = "") -> ResourceState:
        return eventually(
            f"{phase}; heard {self.phases(resource)}",
            lambda: next((s for s in self.states(resource) if s.phase is phase), None),
        )


def write_kubeconfig(
    folder: Path, server: str, *, user: dict[str, Any] | None = None, name: str = "config", **cluster: Any
) -> Path:
    path = folder / name
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(document))
    return path


class Plugin:
    """An exec plug-in that hands out ``token``, after it ran ``body``; both may change between runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.token = "first"
        self.body = ""
        version = "client.authentication.k8s.io/v1"
        given = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": "TOKEN"}}
        script = folder / "plugin"
        script.write_text(
            f"#!/bin/sh\necho run >> {folder}/runs\n. {folder}/body\n"
            f"printf '%s' '{json.dumps(given)}' | sed s/TOKEN/$(cat {folder}/token)/\n"
        )
        script.chmod(0o700)
        self.user = {
            "exec": {"apiVersion": version, "command": str(script), "interactiveMode": "IfAvailable"}
        }

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("token", "body"):
            (self._folder / name).write_text(f"{value}\n")

    @property
    def runs(self) -> int:
        return (self._folder / "runs").read_text().count("run")
