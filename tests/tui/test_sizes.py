"""Every size, and every way from one to another: nothing falls, the hint comes and goes, the place is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from stage import FakeConnector, screen_text, shown, until
from textual.pilot import Pilot

from epview.core.objects import Key
from epview.tui.app import EpviewApp

SIZES = [(1, 1), (10, 2), (20, 5), (40, 10), (60, 20), (80, 24), (200, 60), (400, 100)]
HINT = "epview needs"
WAYS: dict[str, tuple[str, ...]] = {
    "list": (),
    "filter": ("slash", "c"),
    "service": ("enter",),
    "findings": ("enter", "2"),
    "endpoints": ("enter", "3"),
    "events": ("enter", "4"),
    "yaml": ("enter", "5"),
    "pod": ("enter", "enter"),
    "namespaces": ("n",),
    "copy": ("c",),
    "rules": ("colon", *"explain", "enter"),
    "rule": ("E",),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
}


@asynccontextmanager
async def at(way: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Pilot[Any], EpviewApp]]:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("j", *WAYS[way])
        await pilot.pause(0.05)
        yield pilot, app


async def resize(pilot: Pilot[Any], *size: int) -> str:
    await pilot.resize_terminal(*size)
    await pilot.pause(0.02)
    text = screen_text(pilot)
    strips = pilot.app.screen._compositor.render_strips()
    assert all(cell_len("".join(s.text for s in strip)) == size[0] for strip in strips[: size[1]])
    return text


@pytest.mark.fault(53)
@pytest.mark.parametrize("way", WAYS)
async def test_every_screen_takes_every_size_and_keeps_its_place(way: str) -> None:
    async with at(way) as (pilot, app):
        before, focused = screen_text(pilot), app.focused
        cursor = app.home().table.cursor_key
        for size in SIZES:
            text = await resize(pilot, *size)
            if way != "palette" and size >= (20, 5):
                assert (HINT in " ".join(text.split())) == (size < (40, 10))
        await resize(pilot, 80, 24)
        await pilot.pause(0.05)
        assert app.is_running
        assert app.home().table.cursor_key == cursor == Key("shop", "checkout")
        assert app.focused is focused
        if way not in ("palette", "namespaces"):  # those have a size of their own
            assert screen_text(pilot) == before


async def test_the_keys_work_after_it_was_too_small() -> None:
    async with at("list") as (pilot, app):
        await resize(pilot, 20, 5)
        await resize(pilot, 80, 24)
        await pilot.press("j")
        assert app.home().table.cursor_key == Key("shop", "legacy-api")
        await pilot.press("enter")
        await shown(pilot, "Endpoints")


async def test_too_small_from_the_start() -> None:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(20, 5)) as pilot:
        await shown(pilot, HINT)
        await resize(pilot, 80, 24)
        await shown(pilot, "checkout")
        await pilot.press("j")
        assert app.home().table.cursor_key == Key("shop", "checkout")


@pytest.mark.fault(53)
@pytest.mark.parametrize("way", ["list", "service", "findings"])
async def test_a_storm_of_sizes(way: str) -> None:
    async with at(way) as (pilot, app):
        before = screen_text(pilot)
        for number in range(100):
            width, height = 1 + (number * 37) % 180, 1 + (number * 13) % 60
            app.post_message(_resized(width, height))
        await pilot.resize_terminal(80, 24)
        await until(pilot, "all as it was", lambda: screen_text(pilot) == before)
        assert app.home().table.cursor_key == Key("shop", "checkout")


def _resized(width: int, height: int) -> Any:
    from textual.events import Resize
    from textual.geometry import Size

    return Resize(Size(width, height), Size(width, height))
