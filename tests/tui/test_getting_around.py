from stage import FakeConnector, live, screen_text, shop, shown, until
from textual import events

from epview.core.objects import Key
from epview.core.view import Phase
from epview.sources.source import SourceError
from epview.tui.app import EpviewApp
from epview.tui.feed import Inbox
from epview.tui.screens.failure import FailureScreen
from epview.tui.screens.picker import Picker
from epview.tui.screens.pod import PodScreen
from epview.tui.screens.service import ServiceScreen
from epview.tui.screens.services import ServicesScreen
from epview.tui.screens.sheet import Sheet


async def command(pilot, text):
    await pilot.press("colon", *["space" if char == " " else char for char in text], "enter")


async def test_a_namespace_in_sight_is_shown_at_once():
    connector = FakeConnector()
    app = EpviewApp(connector)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("n")
        text = await shown(pilot, "all namespaces")
        assert "✗ 3" in text
        await pilot.press(*"tb", "enter")
        text = await shown(pilot, "ns team-b")
        assert "payments" in text
        assert "checkout" not in text
        assert "✗ 0" in text
        assert "NAMESPACE" not in text
        await pilot.press("0")
        await shown(pilot, "checkout")
        assert len(connector.opened) == 1


async def test_keys_typed_without_a_pause_reach_the_picker():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        for key in ("n", "t", "e", "a"):
            app.post_message(events.Key(key, key))
        await until(
            pilot,
            "only team-b is left",
            lambda: len(app.screen.table.model) == 1 if isinstance(app.screen, Picker) else False,
        )
        app.post_message(events.Key("enter", None))
        await shown(pilot, "ns team-b")


async def test_another_namespace_opens_another_source_and_leaves_no_thread():
    connector = FakeConnector()
    app = EpviewApp(connector, namespaces=("shop",))
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        old = app.session.feed
        await command(pilot, "ns team-b")
        await until(pilot, "the new source", lambda: len(connector.opened) == 2)
        assert connector.opened[-1] == ("", ("team-b",))
        await until(pilot, "the old thread is gone", lambda: not old._thread.is_alive())
        assert not connector.sources[0].running
        await pilot.press("0")
        await until(pilot, "all", lambda: connector.opened[-1] == ("", None))


async def test_a_namespace_that_cannot_be_listed_is_typed():
    connector = FakeConnector(changes=[*shop()[3:], *live(namespaces=Phase.FORBIDDEN)])
    app = EpviewApp(connector, namespaces=("shop",))
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("n")
        await shown(pilot, "type a namespace")
        await pilot.press(*"secret")
        await shown(pilot, "Enter takes secret as it is typed")
        await pilot.press("enter")
        await until(pilot, "it is opened", lambda: connector.opened[-1] == ("", ("secret",)))


async def test_another_context_in_its_own_namespace():
    connector = FakeConnector()
    app = EpviewApp(connector)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("C")
        text = await shown(pilot, "AUTHINFO")
        assert "*  kind-prod" in text
        await pilot.press("down", "enter")
        await until(pilot, "it is opened", lambda: connector.opened[-1] == ("kind-test", ("default",)))


async def test_unknown_names_are_answered_with_the_nearest():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await command(pilot, "svv")
        await shown(pilot, "There is no command :svv. Did you mean :svc?")
        await command(pilot, "ctx kind-tost")
        await shown(pilot, "Did you mean kind-test?")
        await command(pilot, "svc chekout")
        await shown(pilot, "There is no Service chekout here. Did you mean checkout?")


async def test_commands_of_k9s():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await command(pilot, "svc search")
        await until(pilot, "search", lambda: isinstance(app.screen, ServiceScreen))
        await command(pilot, "po")
        text = await shown(pilot, "RESTARTS")
        assert "CrashLoopBackOff" in text
        await pilot.press(*"web-1", "enter")
        await until(pilot, "the pod", lambda: isinstance(app.screen, PodScreen))
        assert app.screen.pod == Key("shop", "web-1")
        await command(pilot, "svc")
        await until(pilot, "home", lambda: isinstance(app.screen, ServicesScreen))
        await command(pilot, "q")
    assert app.return_value == 0


async def test_tab_completes_a_command():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("colon", *"ns", "space", "t")
        await until(pilot, "a suggestion", lambda: app.screen.prompt.entry._suggestion == "ns team-b")
        await pilot.press("tab", "enter")
        await shown(pilot, "ns team-b")


async def test_the_palette_finds_services_and_actions():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("ctrl+p")
        await shown(pilot, "open the selected row")
        await pilot.press(*"legacy")
        await shown(pilot, "Service shop/legacy-api")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await until(pilot, "the Service", lambda: isinstance(app.screen, ServiceScreen))
        assert app.screen.key == Key("shop", "legacy-api")


async def test_help_lists_the_keys_of_this_screen():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 60)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("question_mark")
        text = await shown(pilot, "only Services with a problem")
        assert "epview only reads" in text
        await pilot.press("question_mark")
        await until(pilot, "closed", lambda: not isinstance(app.screen, Sheet))


async def test_the_service_of_the_command_line_opens_at_once():
    app = EpviewApp(FakeConnector(), service="team-b/payments")
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "● team-b/payments")


async def test_a_service_of_the_command_line_that_is_not_there():
    app = EpviewApp(FakeConnector(), service="paymets")
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "There is no Service paymets here. Did you mean payments?")


async def test_a_started_source_is_taken_over():
    connector = FakeConnector()
    source, inbox = connector.open("", None), Inbox()
    source.start(inbox.put)
    app = EpviewApp(connector, source=source, inbox=inbox)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        assert len(connector.opened) == 1
    assert not source.running


async def test_a_failure_to_start_has_a_sentence_a_step_and_a_retry():
    connector = FakeConnector(
        error=SourceError("There is no kubeconfig.", "Set KUBECONFIG, or try epview --demo.", kind="usage")
    )
    app = EpviewApp(connector)
    async with app.run_test(size=(100, 24)) as pilot:
        text = await shown(pilot, "There is no kubeconfig.")
        assert "try epview --demo" in text
        await pilot.press("r")
        await until(pilot, "it tried again", lambda: len(connector.opened) == 2)
        await until(pilot, "and failed again", lambda: isinstance(app.screen, FailureScreen))
        connector.error = None
        await pilot.press("r")
        await shown(pilot, "checkout")


async def test_quitting_after_a_failure_tells_its_kind():
    for kind, code in (("usage", 2), ("cluster", 3)):
        app = EpviewApp(FakeConnector(error=SourceError("No.", kind=kind)))
        async with app.run_test(size=(100, 24)) as pilot:
            await shown(pilot, "No.")
            await pilot.press("q")
        assert app.return_value == code


async def test_keys_can_be_moved():
    app = EpviewApp(FakeConnector())
    app.set_keymap({"problems": "x"})
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("x")
        await shown(pilot, "problems only")


async def test_the_light_theme_and_any_of_textuals():
    for name in ("light", "nord", "textual-ansi", "nonsense"):
        app = EpviewApp(FakeConnector(), theme=name)
        async with app.run_test(size=(80, 24)) as pilot:
            assert "✗" in await shown(pilot, "checkout")
            assert screen_text(pilot)
