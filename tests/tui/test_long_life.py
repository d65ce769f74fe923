"""A long day: clusters and namespaces changed hundreds of times, every screen opened as often. Nothing stays."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from stage import FakeConnector, shown, until
from support.ears import write_kubeconfig
from textual import events
from textual._wait import wait_for_idle
from textual.pilot import Pilot
from textual.timer import Timer
from textual.widget import Widget

from epview.core.world import World
from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions
from epview.tui.app import EpviewApp
from epview.tui.feed import Feed

FDS = Path("/proc/self/fd")
TIMES = int(os.environ.get("EPVIEW_TEST_TIMES", "12"))  # a leak shows at once; 200 for a long day


def census() -> Counter[str]:
    """What could be left behind: file descriptors, threads, tasks, and worlds with all that hangs on them."""
    gc.collect()
    gc.unfreeze()  # to be seen; what was frozen as garbage before is still there
    found = Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, (World, Feed)))
    found["fds"] = len(list(FDS.iterdir())) if FDS.exists() else 0
    found["threads"] = threading.active_count()
    found.update(task.get_coro().__qualname__ for task in asyncio.all_tasks())  # type: ignore[union-attr]
    return found


def kubeconfig(folder: Path, url: str) -> Path:
    """Two contexts on one server."""
    path = write_kubeconfig(folder, url)
    document = json.loads(path.read_text())
    document["contexts"].append({**document["contexts"][0], "name": "y"})
    path.write_text(json.dumps(document))
    return path


SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from support.builders import pod, service
from support.kubeserver import KubeServer
from support.shop import stock
with KubeServer() as server:
    stock(server, service("web", selector={"app": "web"}),
          *(pod(f"web-{n}", labels={"app": "web"}) for n in range(50)))
    server.keep("namespaces", {"metadata": {"name": "shop"}})
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url() -> Iterator[str]:
    """A server in a process of its own, whose threads and sockets are not ours."""
    command = [sys.executable, "-c", SERVER, str(Path(__file__).parents[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@asynccontextmanager
async def cluster(folder: Path, url: str) -> AsyncIterator[tuple[Pilot[Any], EpviewApp]]:
    connector = KubeConnector(KubeOptions(kubeconfig=str(kubeconfig(folder, url))))
    app = EpviewApp(connector, namespaces=("shop",))
    async with app.run_test(size=(100, 30)) as pilot:
        yield pilot, app


async def seen(pilot: Pilot[Any], app: EpviewApp, after: Feed | None) -> Feed:
    """Wait for a View of another feed than ``after``."""

    def there() -> bool:
        return app.view is not None and bool(app.view.services) and app.session.feed is not after

    await until(pilot, "the Services of the next cluster", there, 2000)
    assert app.session.feed is not None
    return app.session.feed


@pytest.mark.timeout(60 + TIMES * 2)
async def test_clusters_and_namespaces_come_and_go_and_leave_nothing(tmp_path: Path, url: str) -> None:
    async with cluster(tmp_path, url) as (pilot, app):
        feed = await seen(pilot, app, None)
        before: Counter[str] = Counter()
        for number in range(TIMES + 6):
            if number == 6:
                before = await settled(pilot, app)
            if number % 2:
                app.choose_context("xy"[number // 2 % 2])
            else:
                app.choose_namespaces(None)
            feed = await seen(pilot, app, feed)
        after = await settled(pilot, app)
        assert after["World"] == 1
        assert after["Feed"] == 1
        await until(pilot, f"no more than {before}", lambda: not census() - before, 50)


async def settled(pilot: Pilot[Any], app: EpviewApp) -> Counter[str]:
    """The census once the old feeds have ended."""
    alive = lambda: [t for t in threading.enumerate() if t.name == "epview-feed"]  # noqa: E731
    await until(pilot, "the old feeds have ended", lambda: len(alive()) == 1 and not pending(app), 2000)
    await pilot.pause(0.3)
    return census()


def pending(app: EpviewApp) -> list[Any]:
    return [worker for worker in app.workers if not worker.is_finished]


WAYS = {
    "service": (("enter",), ("escape",)),
    "pod": (("enter", "enter"), ("escape", "escape")),
    "help": (("question_mark",), ("escape",)),
    "namespaces": (("n",), ("escape",)),
    "copy": (("c",), ("escape",)),
    "rule": (("E",), ("escape",)),
    "palette": (("ctrl+p",), ("escape",)),
    "filter": (("slash", "a"), ("escape",)),
    "freeze": (("z",), ("z",)),
}


@pytest.mark.timeout(60 + TIMES * 2)
@pytest.mark.parametrize("way", WAYS)
async def test_screens_come_and_go_and_leave_nothing(way: str) -> None:
    into, out = WAYS[way]
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("j")

        async def there_and_back() -> None:
            for key in (*into, *out):
                pilot.app.post_message(events.Key(key, None))
                await wait_for_idle(0)
                await asyncio.sleep(0)
            await until(pilot, "the first screen", lambda: len(app.screen_stack) == 1)

        for _ in range(3):
            await there_and_back()
        await pilot.pause(0.1)
        before = widgets()
        for _ in range(TIMES):
            await there_and_back()
        await until(pilot, f"no more than {before}", lambda: not widgets() - before, 50)


def widgets() -> Counter[str]:
    """Screens, widgets, timers and tasks that are still there."""
    gc.unfreeze()
    gc.collect()
    wanted = (Widget, Timer)
    found = Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, wanted))
    found["tasks"] = len(asyncio.all_tasks())
    return found
