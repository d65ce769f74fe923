from stage import NOW, FakeConnector, pod, screen_text, service, shown, until

from epview.core.changes import Drop
from epview.core.objects import Key
from epview.tui.app import EpviewApp
from epview.tui.screens.pod import PodScreen
from epview.tui.screens.service import ServiceScreen


async def opened(pilot, name="checkout", tab="backends"):
    await shown(pilot, "checkout")
    pilot.app.open_service(Key("shop", name), tab)
    await shown(pilot, "path of a request")


async def test_path_addresses_and_findings_on_one_page():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 40)) as pilot:
        await shown(pilot, "checkout")
        await pilot.press("j", "enter")
        text = await shown(pilot, "path of a request")
        for words in (
            "✗ shop/checkout",
            "backed by selector app=checkout,tier=api",
            "none of 2 ready",
            "checkout.shop.svc.cluster.local → 10.96.12.7",
            "✗ EndpointSlice  0 ready",
            "kube-proxy answers “connection refused” until an address is ready",
            "[Backends 2]",
            "10.244.1.7",
            "checkout-7d9f8-x2k",
            "2m4s",
            "CrashLoopBackOff",
            "EP306",
            "try  kubectl logs",
        ):
            assert words in text


async def test_the_probe_with_its_settings_stands_beside_the_address():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot)
        await pilot.press("j")
        text = await shown(pilot, "readiness of api  http-get http://:8080/healthz")
        assert "#failure=3" in text
        assert "says  HTTP probe failed with statuscode: 503 ×14, last 4s ago" in text


async def test_tab_goes_through_the_panes_and_back():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for name in ("[Findings", "[Endpoints]", "[Events", "[YAML]", "[Backends"):
            await pilot.press("tab")
            await shown(pilot, name)
        await pilot.press("shift+tab")
        await shown(pilot, "[YAML]")
        await pilot.click("#tabs", offset=(3, 0))
        await shown(pilot, "[Backends")


async def test_arrows_and_digits_choose_a_pane_too():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key, name in (
            ("right", "[Findings"),
            ("right", "[Endpoints]"),
            ("left", "[Findings"),
            ("4", "[Events"),
            ("5", "[YAML]"),
            ("left", "[Events"),
            ("1", "[Backends"),
            ("left", "[YAML]"),
        ):
            await pilot.press(key)
            await shown(pilot, name)
        text = screen_text(pilot).splitlines()
        row = next(number for number, line in enumerate(text) if "[YAML]" in line)
        await pilot.click(offset=(text[row].index("Endpoints") + 1, row))
        await shown(pilot, "[Endpoints]")


async def test_the_endpoints_pane_shows_both_objects():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(140, 44)) as pilot:
        await opened(pilot, tab="endpoints")
        text = await shown(pilot, "notReadyAddresses")
        assert "targetRef Pod/checkout-7d9f8-x2k" in text
        assert "managed by endpointslice-controller.k8s.io" in text
        assert "ready=false serving=false terminating=false" in text


async def test_events_of_the_pods_with_the_whole_message():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await pilot.press("e")
        text = await shown(pilot, "pod/checkout-7d9f8-x2k")
        assert "×14 since 2m4s" in text
        assert "Readiness probe failed: HTTP probe failed with statuscode: 503" in text


async def test_yaml_of_all_its_objects_can_be_searched():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await shown(pilot, "Events 1")
        await pilot.press("y")
        text = await shown(pilot, "# Service shop/checkout")
        assert "'[red]no markup[/]'" in text
        await pilot.press("slash", *"slice", "enter")
        await until(pilot, "the hit is in sight", lambda: "kind: EndpointSlice" in screen_text(pilot))
        await pilot.press("n")
        assert isinstance(app.screen, ServiceScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, ServiceScreen)
        await pilot.press("escape")
        await until(pilot, "back", lambda: not isinstance(app.screen, ServiceScreen))


async def test_yaml_that_cannot_be_read_says_why():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "checkout")
        app.session.connector.source.yaml_fails = True
        app.open_service(Key("shop", "checkout"), "yaml")
        await shown(pilot, "Ask for the right to get it.")


async def test_enter_opens_the_pod_and_q_comes_back():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 44)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        text = await shown(pilot, "Container api")
        assert isinstance(app.screen, PodScreen)
        for words in (
            "shop/checkout-7d9f8-l8p",
            "CrashLoopBackOff",
            "back-off 40s restarting failed container",
            "Last State      Terminated  Error, exit code 1  30s ago",
            "Readiness       http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3",
            "Startup         no probe",
            "ContainersNotReady: containers with unready status: [api]",
            "checkout  http 8080",
        ):
            assert words in text
        await pilot.press("y")
        await shown(pilot, "# Pod shop/checkout-7d9f8-l8p")
        await pilot.press("escape", "q")
        await until(pilot, "back at the Service", lambda: isinstance(app.screen, ServiceScreen))


async def test_a_pod_follows_what_happens_to_it():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 44)) as pilot:
        await opened(pilot)
        app.open_pod(Key("shop", "checkout-7d9f8-l8p"))
        await shown(pilot, "CrashLoopBackOff")
        app.session.connector.source.say(
            pod("checkout-7d9f8-l8p", "10.244.2.9", {"app": "checkout", "tier": "api"}, since=1)
        )
        await until(pilot, "it runs", lambda: "CrashLoopBackOff" not in screen_text(pilot))
        app.session.connector.source.say(Drop("Pod", Key("shop", "checkout-7d9f8-l8p")))
        await shown(pilot, "There is no pod shop/checkout-7d9f8-l8p")


async def test_an_address_without_a_pod_says_so():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "my-external-db")
        assert "no pod" in await shown(pilot, "192.168.1.100")
        await pilot.press("enter")
        await shown(pilot, "belongs to no pod")


async def test_a_service_that_goes_says_so():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.session.connector.source.say(Drop("Service", Key("shop", "checkout")))
        text = await shown(pilot, "There is no Service shop/checkout any more.")
        assert "Esc goes back" in text
        assert "10.244.1.7" not in text
        app.session.connector.source.say(service("checkout", selector={"app": "checkout", "tier": "api"}))
        assert "10.244.1.7" in await shown(pilot, "path of a request")
        await pilot.press("2")
        await shown(pilot, "[Findings")
        app.session.connector.source.say(Drop("Service", Key("shop", "checkout")))
        await shown(pilot, "There is no Service shop/checkout any more.")
        await pilot.press("escape")
        await shown(pilot, "Services 6")


async def test_a_short_list_leaves_its_room_to_the_text_below():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(60, 20)) as pilot:
        await opened(pilot)
        await until(pilot, "the text below", lambda: "because" in screen_text(pilot))
        assert "10.244.1.7" in screen_text(pilot)
        await pilot.resize_terminal(60, 16)
        await until(pilot, "no room for it", lambda: "because" not in screen_text(pilot))
        assert "10.244.1.7" in screen_text(pilot)


async def test_history_goes_back_and_forward():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("escape")
        await opened(pilot, "search")
        await pilot.press("left_square_bracket")
        await shown(pilot, "✗ shop/checkout")
        await pilot.press("right_square_bracket")
        await shown(pilot, "▲ shop/search")
        await pilot.press("right_square_bracket")
        assert app.screen.key == Key("shop", "search")


async def test_copy_offers_names_and_commands():
    app = EpviewApp(FakeConnector())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        text = await shown(pilot, "DNS name")
        assert "kubectl get endpointslices -n shop" in text
        assert "10.244.2.9:8080" in text
        await pilot.press(*"dns", "enter")
        await shown(pilot, "copied  checkout.shop.svc.cluster.local")
        assert app.clipboard == "checkout.shop.svc.cluster.local"


async def test_the_clock_of_the_source_tells_the_ages():
    source = FakeConnector().open("", None)
    assert source.now() == NOW
