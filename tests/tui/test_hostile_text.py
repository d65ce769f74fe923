"""Whatever a cluster or a kubeconfig says, it is shown, never obeyed: on every screen, by every key."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from stage import Context, FakeConnector, FakeSource, live, shop, shown, until
from support.hostile import ANY_TEXT, CORPUS, Spoiler
from textual.pilot import Pilot
from textual.strip import Strip

from epview.core.objects import Key
from epview.core.view import Backend, BackendState, ServiceView, SourceInfo
from epview.core.view import Phase as ResourcePhase
from epview.sources.source import SourceError
from epview.tui.app import EpviewApp
from epview.tui.copying import service_items


class HostileSource(FakeSource):
    spoil: Spoiler

    def info(self) -> SourceInfo:
        return SourceInfo(
            kind="cluster",
            context=self.spoil("context"),
            server_version=self.spoil("v1.33"),
            namespaces=self.namespaces,
            notices=(self.spoil("notice"),),
        )

    def get(self, kind: str, key: Key) -> dict[str, Any]:
        if self.yaml_fails:
            raise SourceError(self.spoil("failed"), self.spoil("hint"))
        tree = {self.spoil("key"): self.spoil("value"), "list": [self.spoil(f"v{n}") for n in range(30)]}
        return {"kind": kind, "metadata": {"name": key.name, "annotations": tree}}


class HostileConnector(FakeConnector):
    def __init__(self, spoil: Spoiler) -> None:
        super().__init__(changes=spoil.changes([*shop(), *live()]))
        self.spoil = spoil
        self.names = tuple(spoil(f"context-{n}") for n in range(5))

    def contexts(self) -> list[Context]:
        s = self.spoil
        return [Context(n, s("cluster"), s("user"), s("default"), s("https://server")) for n in self.names]

    def current(self) -> str:
        return self.names[0]

    def open(self, context: str, namespaces: tuple[str, ...] | None) -> FakeSource:
        source = HostileSource(list(self.changes), namespaces)
        source.spoil = self.spoil
        self.sources.append(source)
        return source


def strips(pilot: Pilot[Any]) -> list[Strip]:
    return pilot.app.screen._compositor.render_strips()


def assert_harmless(pilot: Pilot[Any]) -> None:
    """Every line exactly as wide as the screen, nothing but signs in it, and nothing to click."""
    width, height = pilot.app.size
    for strip in strips(pilot)[:height]:
        text = "".join(segment.text for segment in strip)
        assert cell_len(text) == width, repr(text)
        assert text.isprintable(), repr(text)
        for segment in strip:
            assert segment.style is None or segment.style.link is None
            click = segment.style.meta.get("@click") if segment.style is not None else None
            assert click is None, (click, text)


def assert_picture(pilot: Pilot[Any]) -> None:
    ET.fromstring(pilot.app.export_screenshot())


HOME = [
    "j",
    "k",
    "G",
    "!",
    "!",
    "y",
    "escape",
    "e",
    "escape",
    "Y",
    "Y",
    "E",
    "escape",
    "c",
    "down",
    "escape",
    "f",
    "escape",
    "space",
    "z",
    "z",
    "n",
    "down",
    "escape",
    "C",
    "down",
    "escape",
    "question_mark",
    "escape",
    "r",
    "S",
    "S",
    "S",
]
SERVICE = [
    "1",
    "j",
    "Y",
    "E",
    "escape",
    "c",
    "escape",
    "2",
    "j",
    "j",
    "Y",
    "E",
    "escape",
    "c",
    "escape",
    "3",
    "j",
    "G",
    "g",
    "4",
    "j",
    "G",
    "5",
    "j",
    "G",
    "[",
    "]",
    "question_mark",
    "escape",
    "n",
    "escape",
]
TYPED = ("[red]", "x\x1b[31m", "漢", "click")


async def press(pilot: Pilot[Any], *keys: str) -> None:
    names = {"!": "exclamation_mark", "[": "left_square_bracket", "]": "right_square_bracket"}
    for key in keys:
        await pilot.press(names.get(key, key))
        assert_harmless(pilot)


async def type_into(pilot: Pilot[Any], key: str, text: str, *after: str) -> None:
    """Open an entry, type as a paste would, look, and leave by ``after``."""
    await press(pilot, key)
    from textual.widgets import Input

    entry = pilot.app.focused
    assert isinstance(entry, Input), (key, entry)
    entry.value = text
    await pilot.pause()
    await pilot.pause()
    assert_harmless(pilot)
    await press(pilot, *after)
    assert_picture(pilot)


async def walk(pilot: Pilot[Any], app: EpviewApp) -> None:
    """Through every screen, pane, picker, prompt and remark."""
    await until(pilot, "the first View", lambda: app.view is not None and len(app.view.services) > 5)
    await press(pilot, *HOME)
    for text in TYPED:
        await type_into(pilot, "slash", text, "escape")
    names = [str(key) for key in app.view.services]  # type: ignore[union-attr]
    await type_into(pilot, "colon", f"svc {names[0]}", "tab", "escape")
    await type_into(pilot, "colon", f"ns {app.view.namespaces[0].name[:3]}", "tab", "escape")  # type: ignore[union-attr]
    for text in ("svc " + CORPUS[0], CORPUS[6], "explain " + CORPUS[4], "ctx " + CORPUS[7]):
        await type_into(pilot, "colon", text, "enter")
    await type_into(pilot, "n", CORPUS[0], "escape")
    for text in ("context", "Service", "namespace"):
        await type_into(pilot, "ctrl+p", text, "down")
        await until(pilot, "hits", lambda: pilot.app.screen.query("CommandList"))
        await pilot.pause(0.05)
        assert_harmless(pilot)
        await press(pilot, "escape", "escape")
    troubled = sorted(app.view.services.values(), key=lambda each: -len(each.findings))  # type: ignore[union-attr]
    for key in [each.key for each in troubled[:2]]:
        app.open_service(key)
        await pilot.pause()
        await press(pilot, *SERVICE)
        await type_into(pilot, "slash", "[", "escape")
        await press(pilot, "escape")
        app.go_home()
    app.pick_pod()
    await until(pilot, "the pods", lambda: pilot.app.screen.query("#choices"))
    await press(pilot, "down", "enter")
    await press(pilot, "j", "y", "j", "G", "y", "c", "escape", "escape")
    app.source.yaml_fails = True
    app.go_home()
    await press(pilot, "y", "j")
    app.go_home()


@asynccontextmanager
async def looking(spoil: Spoiler, size: tuple[int, int]) -> AsyncIterator[tuple[Pilot[Any], EpviewApp]]:
    connector = HostileConnector(spoil)
    app = EpviewApp(connector)
    app.source = None  # type: ignore[attr-defined]
    async with app.run_test(size=size) as pilot:
        await until(pilot, "a source", lambda: connector.sources)
        app.source = connector.source  # type: ignore[attr-defined]
        yield pilot, app
        assert app.is_running
        assert app.return_code in (None, 0)


@pytest.mark.fault(49)
@pytest.mark.parametrize(("shift", "size"), [(0, (120, 36)), (9, (80, 24))])
async def test_every_screen_shows_it_and_obeys_nothing(shift: int, size: tuple[int, int]) -> None:
    spoil = Spoiler((*CORPUS[shift:], *CORPUS[:shift]))
    async with looking(spoil, size) as (pilot, app):
        await walk(pilot, app)
    assert spoil.used > 80


@pytest.mark.fault(49)
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(ANY_TEXT, min_size=9, max_size=9))
def test_any_text_is_shown_on_the_list_and_on_a_service(tails: list[str]) -> None:
    async def look() -> None:
        async with looking(Spoiler(tails), (100, 30)) as (pilot, app):
            await until(pilot, "the first View", lambda: app.view is not None and len(app.view.services) > 5)
            await press(pilot, "j", "c", "escape", "n", "escape", "C", "escape")
            app.open_service(next(iter(app.view.services)))  # type: ignore[union-attr]
            await press(pilot, "2", "j", "3", "4", "j", "5", "G")
            assert_picture(pilot)

    asyncio.run(look())


@pytest.mark.parametrize("where", ["message", "hint"])
async def test_a_failure_is_told_harmlessly(where: str) -> None:
    for text in CORPUS:
        error = SourceError(text if where == "message" else "no", text if where == "hint" else "")
        app = EpviewApp(FakeConnector(error=error))
        async with app.run_test(size=(80, 24)) as pilot:
            await shown(pilot, "not connected")
            assert_harmless(pilot)


async def test_the_progress_of_loading_is_told_harmlessly() -> None:
    for number, text in enumerate(CORPUS):
        states = [
            msgspec.structs.replace(state, phase=phase, message=f"{text}{at if number % 2 else ''}")
            for at, (state, phase) in enumerate(
                zip(live(), cycle([ResourcePhase.FAILED, ResourcePhase.FORBIDDEN]))
            )
        ]
        app = EpviewApp(FakeConnector(changes=states))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, "a View", lambda app=app: app.view is not None)
            await pilot.pause()
            assert_harmless(pilot)


@pytest.mark.fault(49)
@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_a_copied_command_is_what_it_says_whatever_the_names(text: str) -> None:
    """A shell reads the names back as they were, each as one word."""
    name, pod_name = f"a{text}", f"b{text}"
    backend = Backend(address="10.0.0.1", ports=(), state=BackendState.READY, pod=pod_name)
    view = ServiceView(key=Key(f"ns{text}", name), selector={f"k{text}": f"v{text}"}, backends=(backend,))
    commands = [text for what, text in service_items(view, backend) if what.startswith("kubectl")]
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "kubectl"
        assert words[words.index("-n") + 1] == f"ns{text}"
        assert len(words) < 10
    assert name in shlex.split(commands[2])
    assert pod_name in shlex.split(commands[0])


async def test_what_reaches_the_clipboard_is_one_line_without_controls() -> None:
    spoil = Spoiler(("\x1b]52;c;eA==\x07\nrm -rf /\n", "\r\x03"))
    async with looking(spoil, (100, 30)) as (pilot, app):
        await until(pilot, "the first View", lambda: app.view is not None and len(app.view.services) > 5)
        for view in app.view.services.values():  # type: ignore[union-attr]
            for _, text in service_items(view, next(iter(view.backends), None)):
                app.screen_on_top().copy(text)
                assert app.clipboard.isprintable(), app.clipboard
