"""A real terminal: a private tmux server that runs one program and shows what it drew."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Self

POLL = 0.05


def wait_for(what: str, probe: Callable[[], object], timeout: float = 20.0) -> object:
    """The first truthy answer of ``probe``; an AssertionError that says ``what`` was waited for."""
    deadline = monotonic() + timeout
    while True:
        if found := probe():
            return found
        if monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        sleep(POLL)


class Terminal:
    """A shell in tmux, of a fixed size, in which a command runs; its exit code is kept.

    The shell's own prompt comes back when the program ends: so a test sees whether the terminal was
    given back as it was found.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        *,
        width: int = 80,
        height: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._socket = f"epview-{uuid.uuid4().hex[:8]}"
        self._dir = Path(tempfile.mkdtemp(prefix="epview-terminal-"))
        self._status = self._dir / "status"
        line = command if isinstance(command, str) else shlex.join(command)
        script = self._dir / "run"
        script.write_text(
            f"{line}\necho $? > {shlex.quote(str(self._status))}\nprintf 'prompt-is-back\\n'\nexec cat\n"
        )
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
        self._tmux(
            "new-session", "-d", "-x", str(width), "-y", str(height), "bash", str(script),
            env=environment, cwd=cwd,
        )  # fmt: skip

    def _tmux(self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
        command = ["tmux", "-L", self._socket, "-f", "/dev/null", *words]
        done = subprocess.run(
            command, env=dict(env) if env else None, cwd=cwd, capture_output=True, text=True, check=False
        )
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names: ``Enter``, ``Escape``, ``C-c``, ``j``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def pipe(self, path: Path) -> None:
        """Keep from now on every byte that the program writes, as it writes it."""
        self._tmux("pipe-pane", "-o", f"cat >> {shlex.quote(str(path))}")

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, *texts: str, timeout: float = 20.0, gone: Sequence[str] = ()) -> str:
        """The screen once it shows all ``texts`` and none of ``gone``; fails with the last screen."""
        last = ""

        def shown() -> bool:
            nonlocal last
            last = self.screen()
            return all(text in last for text in texts) and not any(text in last for text in gone)

        try:
            wait_for(f"{texts!r} on the screen", shown, timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{last}") from None
        return last

    def exit_code(self, timeout: float = 20.0) -> int:
        """The command's exit code once it has ended."""
        wait_for("the program to end", self._status.exists, timeout)
        wait_for("its exit code", lambda: self._status.read_text().strip(), timeout)
        return int(self._status.read_text())

    @property
    def running(self) -> bool:
        return not self._status.exists()

    def pids(self) -> list[int]:
        """The processes in the terminal below its shell."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        done = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=False)
        return [int(pid) for pid in done.stdout.split()]

    def modes(self) -> dict[str, str]:
        """What a broken terminal would still have on: alternate screen, hidden cursor, mouse."""
        flags = ("alternate_on", "cursor_flag", "mouse_any_flag", "keypad_flag")
        shown = self._tmux("display-message", "-p", " ".join(f"#{{{flag}}}" for flag in flags)).split()
        return dict(zip(flags, shown, strict=True))

    def close(self) -> None:
        self._tmux("kill-server")
        shutil.rmtree(self._dir, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
