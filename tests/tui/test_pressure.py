"""Under a flood, and before a server that drips, the screen keeps its pace and the keys their answer."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from stage import FakeConnector, pod, screen_text, shown, until
from support.builders import service
from support.ears import write_kubeconfig
from support.kubeserver import KubeServer, Reply
from support.shop import stock
from textual import events

from epview.core.objects import Key
from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions
from epview.tui.app import EpviewApp
from epview.tui.feed import RATE

EVENTS = 4_000


@pytest.mark.fault(45)
async def test_a_flood_becomes_few_frames_and_keys_are_answered_between_them() -> None:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(100, 30)) as pilot:
        await shown(pilot, "checkout")
        source, feed, views = app.session.connector.source, app.session.feed, []
        assert feed is not None
        taken = feed.taken

        def counted() -> None:
            views.append(time.monotonic())
            taken()

        feed.taken = counted  # type: ignore[method-assign]

        def flood() -> None:
            for number in range(EVENTS):
                source.say(
                    pod(f"web-{number % 3}", f"10.244.1.{40 + number % 3}", {"app": "web"}, restarts=number)
                )
                if not number % 20:
                    time.sleep(0.01)  # 2,000 a second

        thread = threading.Thread(target=flood)
        start = time.monotonic()
        thread.start()
        table, waited = app.home().table, []
        while thread.is_alive():
            before, frames = table.cursor_key, len(views)
            app.post_message(events.Key("k" if len(waited) % 2 else "j", None))
            while table.cursor_key == before:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)
            waited.append(len(views) - frames)
        elapsed = time.monotonic() - start
        assert len(waited) > 10, "keys are answered while it pours"
        assert max(waited) <= 2, "frames that came before a key was answered"
        assert 2 <= len(views) <= elapsed * RATE + 3
        assert len(views) < EVENTS / 20
        await until(
            pilot,
            "the last word",
            lambda: any(b.restarts == EVENTS - 1 for b in app.view.services[Key("shop", "web")].backends),
        )  # type: ignore[union-attr]


def drip(reply: Reply) -> None:
    """Half a list, a byte at a time, for longer than anybody waits."""
    reply.start()
    for byte in b'{"kind": "List", "metadata": {"resourceVersion": "1"}, "items": [' + b" " * 10_000:
        reply.chunk(bytes([byte]))
        time.sleep(0.01)


@pytest.mark.fault(44)
async def test_before_a_server_that_drips_progress_shows_and_keys_are_answered(tmp_path: Path) -> None:
    with KubeServer() as server:
        stock(server, service("web", selector={"app": "web"}))
        server.always("pods", "list", drip)
        connector = KubeConnector(KubeOptions(kubeconfig=str(write_kubeconfig(tmp_path, server.url))))
        app = EpviewApp(connector, namespaces=("shop",))
        async with app.run_test(size=(100, 30)) as pilot:
            text = await shown(pilot, "pods")
            assert "loading" in text
            await pilot.press("question_mark")
            await shown(pilot, "Moving")
            await pilot.press("escape", "C")
            await shown(pilot, "CLUSTER")
            await pilot.press("escape")
            server.always("pods", "list", None)
            app.choose_namespaces(None)  # given up, and asked anew
            await until(pilot, "all is there", lambda: "● live" in screen_text(pilot), 1000)
            await pilot.press("q")
        assert app.return_code == 0
