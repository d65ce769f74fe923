"""A screen without a connection says so and since when; what comes back comes back whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from stage import NOW, FakeConnector, endpoints, live, pod, screen_text, service, shop, shown, until
from textual.pilot import Pilot

from epview.core.changes import Drop, Put, Relist
from epview.core.objects import KINDS, Key
from epview.core.view import Phase, ResourceState
from epview.tui.app import EpviewApp


def stale(*resources: str, retry: float = 8) -> list[ResourceState]:
    wanted = resources or tuple(kind.resource for kind in KINDS)
    retry_at = NOW + timedelta(seconds=retry)
    return [ResourceState(resource=name, phase=Phase.STALE, since=NOW, retry_at=retry_at) for name in wanted]


def colours(pilot: Pilot[Any], text: str) -> set[Any]:
    """The foregrounds of the lines that hold ``text``."""
    strips = pilot.app.screen._compositor.render_strips()
    return {
        segment.style.color
        for strip in strips
        if text in "".join(segment.text for segment in strip)
        for segment in strip
        if segment.text.strip() and segment.style is not None
    }


@pytest.mark.fault(2)
async def test_without_a_connection_header_and_rows_say_so_and_live_again_they_do_not() -> None:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "checkout")
        source = app.session.connector.source
        bright = colours(pilot, "legacy-api")
        source.say(*stale())
        source.clock = NOW + timedelta(seconds=3)
        await shown(pilot, "stale since 3s")
        assert "next try in 6s" in screen_text(pilot)
        assert colours(pilot, "legacy-api").isdisjoint(bright)
        await pilot.press("enter")
        await until(pilot, "the Service, dimmed", lambda: app.screen.has_class("-stale"))
        await pilot.press("escape")
        source.say(*live())
        await shown(pilot, "● live")
        await until(pilot, "the colours back", lambda: colours(pilot, "legacy-api") == bright)


async def test_one_stream_that_stands_is_named_and_dims_nothing_that_does_not_rest_on_it() -> None:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "checkout")
        bright = colours(pilot, "legacy-api")
        app.session.connector.source.say(*stale("events"))
        await shown(pilot, "events stale since")
        assert colours(pilot, "legacy-api") == bright
        app.session.connector.source.say(*stale("events", "pods"))
        await until(pilot, "dim", lambda: colours(pilot, "legacy-api").isdisjoint(bright))


async def test_lateness_is_not_told_while_nobody_sees_what_is_late() -> None:
    """A ready pod that no list has is a finding, but not while the lists may only be old."""
    late = [
        service("late", selector={"app": "late"}),
        pod("late-0", "10.244.1.77", {"app": "late"}, since=60),
        *endpoints("late", []),
    ]
    for phase, told in ((Phase.LIVE, True), (Phase.STALE, False)):
        app = EpviewApp(FakeConnector(changes=[*late, *live(endpointslices=phase, endpoints=phase)]))
        async with app.run_test(size=(140, 30)) as pilot:
            await until(pilot, "a View", lambda app=app: app.view is not None and app.view.services)
            rules = {f.rule for f in app.view.services[Key("shop", "late")].findings}  # type: ignore[union-attr]
            assert ("EP901" in rules) == told, rules


async def test_back_again_nothing_is_lost_or_doubled_and_nothing_flickers() -> None:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("j", "j")
        seen: list[int] = []
        cursor = app.home().table.cursor_key
        source = app.session.connector.source
        show = app.home().table.show

        def counted(rows: Any, *rest: Any) -> None:
            seen.append(len(rows))
            show(rows, *rest)

        app.home().table.show = counted  # type: ignore[method-assign]
        source.say(*stale())
        await shown(pilot, "stale")
        objects = [change for change in shop() if isinstance(change, Put)]
        fresh = service("fresh", ip="10.96.7.7", selector={"app": "web"})
        for kind in KINDS:
            now = [
                put.object
                for put in [*objects, fresh]
                if put.kind == kind.kind and put.object.metadata.name != "cart"
            ]
            source.say(Relist(kind.kind, "", tuple(now)))
        source.say(*live())
        text = await shown(pilot, "fresh")
        await shown(pilot, "● live")
        assert app.home().table.cursor_key == cursor
        assert min(seen) >= 6
        assert "cart " not in text
        assert sum("checkout" in line for line in text.splitlines()[:12]) == 1


@pytest.mark.fault(38)
async def test_a_namespace_that_goes_while_one_looks_into_it() -> None:
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        source = app.session.connector.source
        await pilot.press("j", "enter")
        await shown(pilot, "shop/checkout")
        app.open_pod(Key("shop", "web-0"))
        await shown(pilot, "web-0")
        for change in shop():
            if isinstance(change, Put) and change.object.metadata.namespace == "shop":
                source.say(Drop(change.kind, change.object.key))
        source.say(Drop("Namespace", Key("", "shop")))
        await shown(pilot, "There is no namespace shop any more.")
        await pilot.press("escape")
        text = await shown(pilot, "There is no namespace shop any more.")
        assert "deleted" in text
        source.say(*shop())
        await shown(pilot, "checkout.shop.svc")
        await pilot.press("escape")
        await shown(pilot, "payments")
