import re
from datetime import timedelta

import msgspec
from stage import (
    NOW,
    FakeConnector,
    FakeSource,
    endpoints,
    live,
    pod,
    put,
    screen_text,
    service,
    shop,
    shown,
    until,
)
from textual import events

from epview.core.changes import Drop
from epview.core.objects import KINDS, Key
from epview.core.view import Phase, ResourceState
from epview.tui.app import EpviewApp
from epview.tui.feed import Inbox
from epview.tui.screens.service import ServiceScreen
from epview.tui.screens.services import ServicesScreen
from epview.tui.widgets.keyed_table import KeyedTable


def order(text):
    """The names in the list from top to bottom."""
    names = "cart|checkout|legacy-api|search|my-external-db|web|payments"
    return [
        found.group(1)
        for row in text.splitlines()
        if (found := re.match(rf"[▌ ] .*?[✗▲●◌].*? ({names})  ", row))
    ]


async def test_problems_come_first_and_say_why():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 30)) as pilot:
        text = await shown(pilot, "checkout")
        assert order(text) == [
            "cart",
            "checkout",
            "legacy-api",
            "search",
            "my-external-db",
            "web",
            "payments",
        ]
        assert "✗ error" in text
        assert "no selector and no Endpoints named legacy-api" in text
        assert "● live" in text
        assert "✗ 3  ▲ 1  ● 3" in text
        assert "kind-prod   v1.33.2" in text
        assert "ns all namespaces" in text


async def test_the_preview_follows_the_cursor():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        assert "cart.shop.svc.cluster.local" in await shown(pilot, "✓ DNS cart")
        await pilot.press("j")
        text = await shown(pilot, "✓ DNS checkout")
        assert "HTTP probe failed with statuscode: 503 ×14, last 4s ago" in " ".join(text.split())
        await pilot.press("G")
        await shown(pilot, "✓ DNS payments")
        await pilot.press("g")
        await shown(pilot, "✓ DNS cart")


async def test_the_cursor_stays_on_its_object_when_rows_move():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "search")
        await pilot.press("j", "j", "j")
        table = app.home().table
        assert table.cursor_key == Key("shop", "search")
        app.session.connector.source.say(
            pod("search-1", "10.244.2.20", {"app": "search"}),
            *endpoints("search", [("search-0", "10.244.1.20", True), ("search-1", "10.244.2.20", True)], port=9000, port_name="grpc"),
        )  # fmt: skip
        await until(
            pilot, "search is healthy", lambda: app.view.services[Key("shop", "search")].health == "info"
        )
        await pilot.pause()
        assert table.cursor_key == Key("shop", "search")
        assert order(screen_text(pilot))[:3] == ["cart", "checkout", "legacy-api"]
        line = next(row for row in screen_text(pilot).splitlines() if row.startswith("▌"))
        assert "search" in line


async def test_the_cursor_takes_the_next_row_when_its_object_goes():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "search")
        await pilot.press("j")
        app.session.connector.source.say(Drop("Service", Key("shop", "checkout")))
        await until(
            pilot, "checkout is gone", lambda: app.home().table.cursor_key == Key("shop", "legacy-api")
        )


async def test_before_a_choice_the_cursor_stays_at_the_top():
    app = EpviewApp(FakeConnector(changes=[service("zebra", selector={"app": "z"}), *live()]))
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "zebra")
        app.session.connector.source.say(*shop())
        await shown(pilot, "cart")
        await pilot.pause()
        assert app.home().table.cursor_key == Key("shop", "cart")


async def test_a_filter_narrows_while_it_is_typed_and_esc_clears_it():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("slash", *"sear")
        text = await shown(pilot, "1 of 7")
        assert order(text) == ["search"]
        await pilot.press("enter")
        assert isinstance(app.focused, KeyedTable)
        assert "filter sear" in screen_text(pilot)
        await pilot.press("escape")
        assert len(order(await shown(pilot, "Services 7"))) == 7
        await pilot.press("escape")
        assert "q quits" in await shown(pilot, "q quits")
        assert app.is_running


async def test_keys_typed_without_a_pause_reach_the_filter():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        for key, char in (("slash", "/"), *((each, each) for each in "sear"), ("enter", None)):
            app.post_message(events.Key(key, char))
        assert order(await shown(pilot, "1 of 7")) == ["search"]
        app.post_message(events.Key("enter", None))
        await until(pilot, "it opens", lambda: isinstance(app.screen, ServiceScreen))


async def test_filters_by_label_inverse_and_expression():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        for text, names in (
            ("app=web", ["web"]),
            ("!shop", ["payments"]),
            ("/^shop.c/", ["cart", "checkout"]),
        ):
            app.home().set_filter(text)
            await pilot.pause()
            assert order(screen_text(pilot)) == names
        app.home().set_filter("/(/")
        assert "not a regular expression" in await shown(pilot, "not a regular")
        assert len(order(screen_text(pilot))) == 7


async def test_up_and_down_move_the_list_while_typing():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("slash", "e", "down", "down")
        assert app.home().table.cursor_key == Key("shop", "legacy-api")
        await pilot.press("enter", "enter")
        await until(pilot, "the Service opens", lambda: isinstance(app.screen, ServiceScreen))
        assert app.screen.key == Key("shop", "legacy-api")


async def test_problems_only():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("exclamation_mark")
        assert order(await shown(pilot, "problems only")) == ["cart", "checkout", "legacy-api", "search"]
        await pilot.press("exclamation_mark")
        await shown(pilot, "Services 7")


async def test_shift_letters_sort_and_turn_round():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("N")
        by_name = ["cart", "checkout", "legacy-api", "my-external-db", "payments", "search", "web"]
        assert order(await shown(pilot, "by SERVICE")) == by_name
        await pilot.press("N")
        assert order(await shown(pilot, "reversed")) == by_name[::-1]
        await pilot.press("escape")
        await until(pilot, "as at first", lambda: order(screen_text(pilot))[:2] == ["cart", "checkout"])
        assert "by SERVICE" not in screen_text(pilot)


async def test_a_pinned_service_stays_on_top():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("G", "space")
        text = await shown(pilot, "★ payments")
        assert app.home().table.cursor_key == Key("team-b", "payments")
        assert "★ payments" in text.splitlines()[3]


async def test_a_click_selects_and_a_double_click_opens():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.click("#list", offset=(20, 2))
        assert app.home().table.cursor_key == Key("shop", "checkout")
        await pilot.click("#list", offset=(20, 2), times=2)
        await until(pilot, "the Service opens", lambda: isinstance(app.screen, ServiceScreen))


async def test_a_click_on_a_title_sorts():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        text = await shown(pilot, "checkout")
        await pilot.click("#list", offset=(text.splitlines()[2].index("SERVICE") + 1, 0))
        await shown(pilot, "by SERVICE")


async def test_while_loading_it_shows_progress_and_claims_nothing():
    changes = [
        service("checkout", selector={"app": "checkout"}),
        *live(pods=Phase.LISTING),
        ResourceState(resource="pods", phase=Phase.LISTING, loaded=2500, total=10000),
    ]
    app = EpviewApp(FakeConnector(changes=changes))
    async with app.run_test(size=(120, 30)) as pilot:
        text = await shown(pilot, "2,500 of 10,000")
        assert "◌ loading" in text
        assert "waiting for the lists it depends on" in text
        assert "✗ 0" in text
        app.session.connector.source.say(*live())
        await until(pilot, "progress is gone", lambda: "10,000" not in screen_text(pilot))
        assert "● live" in await shown(pilot, "● live")


async def test_what_is_forbidden_is_said_in_the_header_and_the_list():
    app = EpviewApp(FakeConnector(changes=[*shop(), *live(endpointslices=Phase.FORBIDDEN)]))
    async with app.run_test(size=(140, 30)) as pilot:
        text = await shown(pilot, "endpointslices forbidden")
        assert "● ok" not in text
        assert "cannot see" in text


async def test_stale_data_stays_with_its_age():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "checkout")
        source = app.session.connector.source
        source.say(ResourceState(resource="pods", phase=Phase.STALE, since=NOW))
        source.clock = NOW + timedelta(seconds=12)
        text = await shown(pilot, "stale since 12s")
        assert "checkout" in text
        await pilot.press("r")
        assert source.retried == 1


async def test_ages_go_on_without_any_change():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(150, 30)) as pilot:
        await pilot.press("j")
        await shown(pilot, "last 4s ago")
        app.session.connector.source.clock = NOW + timedelta(seconds=3)
        await until(pilot, "three seconds later", lambda: "last 7s ago" in screen_text(pilot), rounds=250)


async def test_frozen_it_stands_still():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("z")
        await shown(pilot, "frozen (z)")
        app.session.connector.source.say(Drop("Service", Key("shop", "checkout")))
        await pilot.pause(0.3)
        assert "checkout" in screen_text(pilot)
        await pilot.press("z")
        await until(pilot, "thawed", lambda: "checkout" not in order(screen_text(pilot)))


async def test_findings_that_belong_to_no_service_are_one_key_away():
    orphan = put("Endpoints", {"metadata": {"name": "orphan", "namespace": "shop", "uid": "o", "creationTimestamp": "2026-07-01T00:00:00Z"},
                               "subsets": [{"addresses": [{"ip": "10.1.1.1"}], "ports": [{"port": 80}]}]})  # fmt: skip
    app = EpviewApp(FakeConnector(changes=[*shop(), orphan, *live()]))
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "1 finding outside the Services")
        await pilot.press("f")
        assert "orphan" in await shown(pilot, "findings that belong to no Service")
        await pilot.press("f")
        await shown(pilot, "Services 7")


async def test_a_cluster_that_cannot_be_reached_says_so_and_when_it_is_tried_again():
    states = [
        ResourceState(
            resource=name,
            phase=Phase.FAILED,
            message="connection refused",
            retry_at=NOW + timedelta(seconds=7),
        )
        for name in ("services", "pods")
    ]
    app = EpviewApp(FakeConnector(changes=states))
    async with app.run_test(size=(120, 30)) as pilot:
        text = await shown(pilot, "✗ no connection")
        assert "✗ connection refused" in text
        assert "Next try in 8s" in text
        assert "C another context" in text


async def test_an_empty_namespace_says_what_to_do():
    app = EpviewApp(FakeConnector(changes=live()), namespaces=("empty",))
    async with app.run_test(size=(100, 24)) as pilot:
        assert "n chooses another namespace" in await shown(pilot, "no Services here")


async def test_text_from_the_cluster_is_never_obeyed():
    hostile = "[red]x[/] [/foo] [@click=app.quit]go[/] \x1b]52;c;ZXZpbA==\x07 \x9b31m \u202eevil"
    name = "a[bold]b"
    changes = [
        service(name, selector={"app": "[/]"}),
        put(
            "Pod",
            msgspec.to_builtins(pod("p", "10.0.0.1", {"app": "[/]"}, ready=False, waiting=hostile).object),
        ),
        put(
            "Event",
            {
                "metadata": {"name": "e", "namespace": "shop", "uid": "e"},
                "involvedObject": {"kind": "Pod", "name": "p", "namespace": "shop", "uid": "shop-p"},
                "reason": hostile,
                "message": hostile,
                "type": "Warning",
            },
        ),
        *endpoints(name, [("p", "10.0.0.1", False)]),
        *live(),
    ]
    app = EpviewApp(FakeConnector(changes=changes))
    async with app.run_test(size=(160, 40)) as pilot:
        await shown(pilot, "a[bold]b")
        for keys in ("enter", "tab", "tab", "tab", "tab", "escape", "c", "escape", "question_mark", "escape"):
            await pilot.press(keys)
            await pilot.pause(0.05)
            assert all(char.isprintable() or char == "\n" for char in screen_text(pilot))
        app.open_pod(Key("shop", "p"))
        await shown(pilot, "[@click=app.quit]go[/]")
        assert app.is_running


async def test_every_size_is_usable():
    for size in ((80, 24), (120, 36), (200, 60), (60, 20), (40, 10)):
        app = EpviewApp(FakeConnector())
        async with app.run_test(size=size) as pilot:
            text = await shown(pilot, "checkout")
            assert all(len(row) <= size[0] for row in text.splitlines())
            assert "q quit" in text
            assert "WHY" in text


async def test_too_small_says_so():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(39, 9)) as pilot:
        assert "epview needs 40 by 10" in (await shown(pilot, "epview needs")).replace("\n", " ")
        await pilot.resize_terminal(80, 24)
        await shown(pilot, "checkout")


async def test_in_ascii_no_screen_has_another_sign():
    app = EpviewApp(FakeConnector(), ascii_only=True)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "checkout")
        for keys, text in (
            (["j", "enter"], "path of a request"),
            (["tab"], "EP306"),
            (["tab"], "notReadyAddresses"),
            (["tab"], "Unhealthy"),
            (["tab"], "apiVersion"),
            (["1", "enter"], "Container api"),
            (["escape", "escape", "n"], "team-b"),
            (["escape", "question_mark"], "this help"),
            (["escape", "ctrl+p"], "Search"),
            (["escape", "colon", "x", "enter"], "no command"),
            (["slash"], "Enter keeps it"),
        ):
            await pilot.press(*keys)
            seen = await shown(pilot, text)
            assert seen.isascii(), [char for char in seen if not char.isascii()]


async def test_ascii_signs_where_the_terminal_has_no_others():
    app = EpviewApp(FakeConnector(), ascii_only=True)
    async with app.run_test(size=(140, 30)) as pilot:
        text = await shown(pilot, "x error")
        assert text.isascii()


async def test_q_quits_at_the_root_and_ctrl_c_anywhere():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("q")
    assert app.return_value == 0
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("slash", "x", "ctrl+c")
    assert not app.return_code
    assert not app.session.connector.source.running


async def test_ten_thousand_services():
    changes = [
        service(f"svc-{n:05}", f"ns-{n % 50}", ip=f"10.96.{n // 256}.{n % 256}", selector={"app": f"a{n}"})
        for n in range(10_000)
    ]
    app = EpviewApp(FakeConnector(changes=[*changes, *live()]))
    async with app.run_test(size=(140, 40)) as pilot:
        await until(
            pilot, "all are there", lambda: app.view and len(app.view.services) == 10_000, rounds=2000
        )
        await pilot.press("G")
        await shown(pilot, "▌ ns-9       ✗ error  svc-09959")
        assert isinstance(app.screen, ServicesScreen)


async def test_a_dead_server_is_told_at_once_with_what_one_can_do():
    said = "Nothing listens at 127.0.0.1:9."
    failed = [
        ResourceState(
            resource=kind.resource, phase=Phase.FAILED, message=said, retry_at=NOW + timedelta(seconds=4)
        )
        for kind in KINDS
    ]
    connector = FakeConnector(changes=failed)
    source, inbox = FakeSource(changes=failed), Inbox()
    source.start(inbox.put)  # before there is a screen
    app = EpviewApp(connector, source=source, inbox=inbox)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await shown(pilot, said)
        assert text.count(said) == 1
        assert "Next try in 5s" in text
        assert "✗ no connection" in text
        assert "SERVICE" not in text
        await pilot.press("r")
        await shown(pilot, "trying again")
        assert source.retried == 1


async def test_the_first_frame_says_that_it_connects():
    app = EpviewApp(FakeConnector(changes=[]))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "connecting" in screen_text(pilot)
        assert "q quit" in screen_text(pilot)


async def test_a_selector_shows_only_the_services_with_these_labels():
    app = EpviewApp(FakeConnector(), selector="app notin (cart),!nothing")
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "-l app notin (cart)")
        await until(pilot, "the list", lambda: "checkout" in order(screen_text(pilot)))
        assert "cart" not in order(screen_text(pilot))


async def test_a_selector_that_matches_nothing_says_so():
    app = EpviewApp(FakeConnector(), selector="app=nobody")
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "no Service matches -l app=nobody")


async def test_a_namespace_that_does_not_exist_is_told():
    there = put("Namespace", {"metadata": {"name": "default"}, "status": {"phase": "Active"}})
    source = FakeSource(changes=[there, *live()])
    app = EpviewApp(FakeConnector(), namespaces=("gone",), source=source)
    async with app.run_test(size=(140, 30)) as pilot:
        await shown(pilot, "there is no namespace gone")
