"""The findings of a Service as a list, their commands and their pages."""

from stage import FakeConnector, endpoints, live, pod, screen_text, service, shop, shown, unhealthy, until

from epview.core.changes import Drop
from epview.core.objects import Key
from epview.core.rule import catalogue
from epview.core.view import Phase
from epview.present.text import text_of
from epview.tui.app import EpviewApp
from epview.tui.screens.picker import Picker
from epview.tui.screens.pod import PodScreen
from epview.tui.screens.sheet import Sheet
from epview.tui.widgets.finding_list import FindingList


async def opened(pilot, name="checkout", wait="[Findings"):
    await shown(pilot, "checkout")
    pilot.app.open_service(Key("shop", name), "findings")
    await shown(pilot, wait)


def marked(app):
    return app.screen.query_one(FindingList).marked.rule


async def test_the_cursor_goes_from_finding_to_finding():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 60)) as pilot:
        await opened(pilot)
        text = await shown(pilot, "follows from EP306")
        assert "▌ ✗ error    EP306" in text
        assert marked(app) == "EP306"
        rules = []
        for key in ("j", "down", "G", "g", "j", "k"):
            await pilot.press(key)
            rules.append(marked(app))
        last = app.screen.query_one(FindingList)._blocks[-1].rule
        assert rules == ["EP301", "EP303", last, "EP306", "EP301", "EP306"]
        assert "└ ✗ error    EP301" in screen_text(pilot)


async def test_a_click_marks_a_finding_and_a_double_click_opens_it():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 60)) as pilot:
        await opened(pilot)
        text = (await shown(pilot, "follows from EP306")).splitlines()
        row = next(number for number, each in enumerate(text) if "  EP303  " in each)
        await pilot.click(offset=(30, row))
        assert marked(app) == "EP303"
        await pilot.click(offset=(30, row), times=2)
        await until(pilot, "its pod", lambda: isinstance(app.screen, PodScreen))
        assert app.screen.pod == Key("shop", "checkout-7d9f8-x2k")


async def test_a_long_finding_is_walked_through_before_the_next():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(60, 18)) as pilot:
        await opened(pilot, "search")
        await shown(pilot, "Y copies")
        findings = app.screen.query_one(FindingList)
        whole = findings.marked.whole
        assert len(whole) > findings.size.height
        seen = screen_text(pilot)
        while marked(app) == "EP303":
            await pilot.press("j")
            await pilot.pause()
            seen += screen_text(pilot)
        assert marked(app) == "EP302"
        assert all(text_of(each).strip() in seen for each in whole)
        await pilot.press("k")
        assert marked(app) == "EP303"


async def test_enter_opens_the_pod_else_the_page_of_the_rule():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await shown(pilot, "opens its pod")
        await pilot.press("enter")
        await until(pilot, "its pod", lambda: isinstance(app.screen, PodScreen))
        await pilot.press("escape", "escape")
        await opened(pilot, "cart", "EP201")
        await pilot.press("d")
        await shown(pilot, "EP201: ")
        assert isinstance(app.screen, Sheet)


async def test_the_cursor_keeps_its_finding_while_others_come_and_go():
    app = EpviewApp(FakeConnector())
    source = app.session.connector
    labels = {"app": "checkout", "tier": "api"}
    async with app.run_test(size=(140, 60)) as pilot:
        await opened(pilot)
        await shown(pilot, "follows from EP306")
        await pilot.press("j", "j")
        assert marked(app) == "EP303"
        more = pod("checkout-7d9f8-new", "10.244.1.9", labels, ready=False, since=60)
        source.source.say(more, unhealthy("checkout-7d9f8-new", "Readiness probe failed: nope"))
        await shown(pilot, "checkout-7d9f8-new")
        assert marked(app) == "EP303"
        source.source.say(Drop("Pod", Key("shop", "checkout-7d9f8-l8p")))
        await until(pilot, "the other cause is gone", lambda: "EP306" not in screen_text(pilot))
        assert marked(app) == "EP303"


async def test_ages_and_the_time_left_go_on_in_place():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 60)) as pilot:
        await opened(pilot)
        await shown(pilot, "last 4s ago")
        await pilot.press("j", "j")
        app.session.connector.source.clock = app.session.connector.source.clock.replace(second=5)
        app.screen.tick()
        await shown(pilot, "last 9s ago")
        assert marked(app) == "EP303"


async def test_search_narrows_the_findings_and_esc_clears_it():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 60)) as pilot:
        await opened(pilot)
        await shown(pilot, "EP306")
        await pilot.press("slash", *"statuscode", "enter")
        await until(pilot, "just one", lambda: "EP306  " not in screen_text(pilot))
        assert marked(app) == "EP303"
        await pilot.press("escape")
        await shown(pilot, "EP306  ")


async def test_what_could_not_be_judged_is_told_beside_what_was():
    connector = FakeConnector(changes=[*shop(), *live(pods=Phase.FORBIDDEN)])
    app = EpviewApp(connector)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "web")
        text = await shown(pilot, "◌ unknown  could not judge EP")
        assert "epview cannot see pods" in text
        assert "No fault" not in text


async def test_no_fault_comes_with_its_limits_and_commands_to_go_on():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "web")
        text = await shown(pilot, "No fault visible in the API objects.")
        assert "Not checked: packets, DNS answers, policy enforcement, listening sockets." in text
        await pilot.press("Y")
        assert app.clipboard.endswith("-- nslookup web.shop.svc.cluster.local")


async def test_one_key_copies_the_command_and_again_the_next():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 50)) as pilot:
        await opened(pilot)
        await shown(pilot, "EP306")
        remedy = app.screen.service.findings[0].remedy
        assert len(remedy) > 1
        for number, command in enumerate((*remedy, remedy[0])):
            await pilot.press("Y")
            assert app.clipboard == command
            await shown(pilot, f"copied {number % len(remedy) + 1} of {len(remedy)}")
        await pilot.press("j", "Y")
        assert app.clipboard == app.screen.query_one(FindingList).marked.commands[0]
        await pilot.press("1", "Y")
        assert app.clipboard == remedy[0]


async def test_the_commands_of_the_marked_finding_lead_the_copy_menu():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 50)) as pilot:
        await opened(pilot)
        await shown(pilot, "EP306")
        await pilot.press("j", "c")
        await until(pilot, "the menu", lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await shown(pilot, "copied")
        assert app.clipboard == app.screen.query_one(FindingList).marked.commands[0]


async def test_in_the_list_the_keys_act_on_the_headline():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot, "Y copies it")
        assert app.screen.selected.name == "cart"
        await pilot.press("Y")
        assert app.clipboard == "kubectl set selector service cart -n shop app=cart"
        await shown(pilot, "copied 1 of")
        await pilot.press("E")
        text = await shown(pilot, "EP201: ")
        assert "How to see it yourself" in text
        await pilot.press("E")
        await until(pilot, "closed", lambda: not isinstance(app.screen, Sheet))


async def test_without_a_finding_the_keys_say_so_or_offer_all_rules():
    app = EpviewApp(FakeConnector(changes=[*healthy(), *live()]))
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot, "Services 1")
        await pilot.press("Y")
        await shown(pilot, "no finding here with a command to copy")
        await pilot.press("E")
        await shown(pilot, "WHAT IT FINDS")
        await pilot.press(*"ep303", "enter")
        await shown(pilot, "EP303: ")


def healthy():
    return [
        service("web", selector={"app": "web"}),
        *(pod(f"web-{n}", f"10.244.{n}.4", {"app": "web"}, node=f"node-{n}") for n in (1, 2)),
        *endpoints("web", [("web-1", "10.244.1.4", True), ("web-2", "10.244.2.4", True)]),
    ]


async def test_a_rule_can_be_asked_for_by_name():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("colon", *"explain", "space", *"ep303", "enter")
        await shown(pilot, catalogue()["EP303"].title)
        await pilot.press("G")
        await shown(pilot, "References")
        await pilot.press("escape", "colon", *"rule", "space", *"EP3O3", "enter")
        await shown(pilot, "There is no rule EP3O3. Did you mean EP303?")
        await pilot.press("colon", *"explain", "space", *"gravity", "enter")
        await shown(pilot, "There is no rule gravity.")
        await pilot.press("colon", *"explain", "enter")
        await shown(pilot, "WHAT IT FINDS")


async def test_addresses_by_hand_are_marked_at_every_width():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "checkout")
        source = app.session.connector.source
        source.say(service("my-external-db", ip="10.96.8.8", ports=[{"name": "pg", "port": 5432}]))
        await shown(pilot, "manual: no endpoint port fits")
        pilot.app.open_service(Key("shop", "my-external-db"), "findings")
        text = await shown(pilot, "detail of EP501")
        assert "shop/my-external-db manual" in text
        assert "EP101" in text


async def test_what_was_not_judged_can_be_explained_too():
    app = EpviewApp(FakeConnector(changes=[*shop(), *live("shop")]), namespaces=("shop",))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "web")
        text = await shown(pilot, "◌ unknown  could not judge EP")
        assert "epview sees just the chosen namespaces (0 shows all)" in text
        rule = app.screen.service.unknown_rules[0]
        await pilot.press("G", "E")
        await shown(pilot, f"{rule}: ")
        assert isinstance(app.screen, Sheet)
