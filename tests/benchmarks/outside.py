"""Measures of whole processes: commands, and the interface in a pseudo-terminal."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

from .objects import SERVICES_A_NAMESPACE
from .processes import Cluster, Screen, cpu_of, resident

EPVIEW = [sys.executable, "-m", "epview"]
EMPTY_APP = [sys.executable, "-m", "tests.benchmarks.empty_app"]
FIRST, OTHER, UNSEEN = 49, 149, 501  # Services: under the cursor, in sight, out of sight
JUDGED = "answers 503"  # the sentence of the first rows
PORT = 20_000


@dataclass
class Start:
    """Seconds, CPU seconds and MiB from the start of a program to a certain sight."""

    seconds: float
    cpu: float
    memory: float = 0.0


def start(command: list[str], env: Mapping[str, str], *sights: str) -> list[Start]:
    with Screen(command, env) as screen:
        return [
            Start(screen.wait(sight) - screen.began, cpu_of(screen.pid), resident(screen.pid))
            for sight in sights
        ]


@dataclass
class Calm:
    """The interface when nothing happens, and when one Service changes."""

    memory: float
    idle_share: float
    idle_bytes: int
    seen_bytes: int
    unseen_bytes: int


def calm(cluster: Cluster, env: Mapping[str, str], seconds: float) -> Calm:
    with Screen([*EPVIEW, "-A"], env) as screen:
        screen.wait(JUDGED)
        screen.settle()
        idle, written = [], []
        for _ in range(3):
            cpu, size = cpu_of(screen.pid), len(screen.written)
            time.sleep(seconds / 3)
            idle.append((cpu_of(screen.pid) - cpu) / (seconds / 3))
            written.append(len(screen.written) - size)
        memory = resident(screen.pid)
        changed = []
        for place, service in enumerate((OTHER, UNSEEN)):
            sizes = []
            for number in range(5):
                size = len(screen.written)
                cluster.ask("mark", service, PORT + 10 * number + place)
                time.sleep(0.6)
                sizes.append(len(screen.written) - size)
            changed.append(median(sizes))
        return Calm(memory, median(idle), int(median(written)), int(changed[0]), int(changed[1]))


def memory(env: Mapping[str, str]) -> float:
    """MiB once all is on the screen."""
    with Screen([*EPVIEW, "-A"], env) as screen:
        screen.wait(JUDGED)
        screen.settle()
        return resident(screen.pid)


@dataclass
class Delays:
    """Seconds from each event, and each key, to the bytes for the terminal; shares of a processor."""

    events: list[float]
    keys: list[float]
    share: float
    rate: float
    server_share: float


def delays(cluster: Cluster, env: Mapping[str, str], rate: float, seconds: float) -> Delays:
    """Events of a Service in sight, and keys that move the cursor, while pods change at ``rate``."""
    if rate:
        cluster.ask("prepare")
    with Screen([*EPVIEW, "-A"], env) as screen:
        screen.wait(JUDGED)
        screen.settle()
        size, cpu, began = len(screen.written), cpu_of(screen.pid), time.monotonic()
        with ThreadPoolExecutor() as pool:
            storm = pool.submit(cluster.ask, "storm", rate, seconds, OTHER + 100, PORT)
            pressed = list(_press(screen, began + seconds))
            told = storm.result()
        share = (cpu_of(screen.pid) - cpu) / (time.monotonic() - began)
        if told["marks"]:
            screen.wait(f"{told['marks'][-1][0]}→", after=size)
        screen.settle()
        keys = [_later(screen.at(sight, after), at) for sight, after, at in pressed]
        return Delays(_shown(screen, told["marks"], size), keys, share, told["rate"], told["share"])


def _press(screen: Screen, end: float) -> Iterator[tuple[re.Pattern[bytes], int, float]]:
    """Move the cursor down and up again and again; what is to be seen, behind which byte, from when on."""
    down = True
    while time.monotonic() < end:
        team = (FIRST + 50 * down) // SERVICES_A_NAMESPACE
        sight = re.compile(rb"\xe2\x96\x8c(?:\x1b\[[0-9;]*m| )*team-%03d" % team)
        after = len(screen.written)
        yield sight, after, screen.keys("j" if down else "k")
        down = not down
        time.sleep(0.137)


def _shown(screen: Screen, marks: list[tuple[int, float]], after: int) -> list[float]:
    """How long each mark took; one that a newer one overtook is there when that is."""
    delays, at = [], None
    for port, sent in reversed(marks):
        at = screen.at(re.compile(rb"%d\xe2\x86\x92" % port), after) or at
        delays.append(_later(at, sent))
    return delays


def _later(at: float | None, begin: float) -> float:
    return float("inf") if at is None else at - begin
