"""The kubeconfig of a demo cluster, and temporary files that do not outlive the process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Final

from epview.demo.access import ADMIN, VIEWER, VIEWER_NAMESPACE
from epview.demo.resources import Json

CONTEXT: Final = "demo"
VIEWER_CONTEXT: Final = "demo-viewer"
_DEADLY: Final = (signal.SIGTERM, signal.SIGHUP)  # Python itself makes an exception of SIGINT


def kubeconfig(url: str) -> Json:
    """Contexts for both users of the server at ``url``; the second one is impersonated."""
    users: dict[str, Json] = {ADMIN: {}, VIEWER: {"as": VIEWER}}
    contexts = {CONTEXT: ADMIN, VIEWER_CONTEXT: VIEWER}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "demo", "cluster": {"server": url}}],
        "users": [{"name": name, "user": user} for name, user in users.items()],
        "contexts": [
            {"name": name, "context": {"cluster": "demo", "user": user, "namespace": VIEWER_NAMESPACE}}
            for name, user in contexts.items()
        ],
        "current-context": CONTEXT,
    }


def write_json(path: Path, content: Json) -> None:
    """Write JSON, which is YAML, to a file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")


class TemporaryFiles:
    """Files until `remove`. A signal that would end the process on the spot removes them first.

    Only the main thread can look after signals, and only after those that nobody else handles.
    """

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._guarded: list[signal.Signals] = []

    def new(self, suffix: str) -> Path:
        """An empty file that only its owner may read."""
        self._guard()
        handle, name = tempfile.mkstemp(prefix="epview-demo-", suffix=suffix)
        self._paths.append(Path(name))
        os.close(handle)
        return self._paths[-1]

    def remove(self) -> None:
        while self._paths:
            with contextlib.suppress(OSError):
                self._paths.pop().unlink()
        if _in_main_thread():
            while self._guarded:
                signal.signal(self._guarded.pop(), signal.SIG_DFL)

    def _guard(self) -> None:
        if not _in_main_thread():
            return
        for number in _DEADLY:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._die)
                self._guarded.append(number)

    def _die(self, number: int, _frame: FrameType | None) -> None:
        self.remove()
        signal.raise_signal(number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
