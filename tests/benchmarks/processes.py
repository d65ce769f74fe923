"""Processes under measure: commands, programs in a pseudo-terminal, and the server beside them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 40, 140
PATIENCE = 120.0


def environment(home: Path, **more: str) -> dict[str, str]:
    """As bare as a fresh login: no configuration, no credentials of the person who measures."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor", **more}


def cost(command: Sequence[str], env: Mapping[str, str]) -> tuple[float, float]:
    """CPU seconds and seconds of a command from start to end; its output is thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        command, env=dict(env), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    elapsed = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):  # 1: check found something
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, elapsed


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, all its threads together, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid: int) -> float:
    """MiB in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Screen:
    """A program in a pseudo-terminal; what it wrote, and when, is kept."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command, env=dict(env), cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._master = master
        self.pid = self._process.pid
        self.written = bytearray()
        self._pieces: list[tuple[int, float]] = []  # where each piece ended, and when it came
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(self._master, 1 << 16):
                with self._arrived:
                    self.written += piece
                    self._pieces.append((len(self.written), time.monotonic()))
                    self._arrived.notify_all()

    def wait(self, *texts: str, after: int = 0) -> float:
        """When one of the texts was first written behind ``after``; sent bytes, not a drawn screen."""
        wanted = [text.encode() for text in texts]
        deadline = time.monotonic() + PATIENCE
        with self._arrived:
            while not any(self.written.find(text, after) >= 0 for text in wanted):
                if not self._arrived.wait(deadline - time.monotonic()):
                    raise RuntimeError(f"{texts} never came; last: {bytes(self.written[-600:])!r}")
            return time.monotonic()

    def at(self, sight: re.Pattern[bytes], after: int = 0) -> float | None:
        """When something was first written behind ``after``; None: not so far."""
        found = sight.search(self.written, after)
        if found is None:
            return None
        return self._pieces[bisect_left(self._pieces, (found.end(), 0.0))][1]

    def keys(self, text: str) -> float:
        """Press keys; when."""
        at = time.monotonic()
        os.write(self._master, text.encode())
        return at

    def settle(self, quiet: float = 0.5) -> None:
        """Wait till nothing was written for a while."""
        size = -1
        while size != len(self.written):
            size = len(self.written)
            time.sleep(quiet)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Cluster:
    """The server of `server`, running in a process of its own, and a kubeconfig for it."""

    def __init__(self, services: int, pods_each: int, home: Path) -> None:
        self.services = services
        self.pods_each = pods_each
        command = [sys.executable, "-m", "tests.benchmarks.server", str(services), str(pods_each)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = f"http://127.0.0.1:{self._answer()}"
        self.kubeconfig = home / f"kubeconfig-{services}"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(self.url)))

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, *words: object) -> Any:
        """Send a command; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        return answer if answer == "ok" else json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "made", "cluster": {"server": url}}],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "made", "context": {"cluster": "made", "user": "nobody"}}],
        "current-context": "made",
    }
