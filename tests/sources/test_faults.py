"""What goes wrong between the API server and the View, and what a user is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from queue import SimpleQueue

import pytest
from ears import Heard, Plugin, QuickClock, eventually
from kubeserver import KubeServer, Reply, Request, refuse, thing
from support.builders import service
from support.shop import stock
from tls import Authority

from epview.core.changes import Change, Relist
from epview.core.objects import KINDS, Key
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState, View
from epview.core.world import World
from epview.present.header import missing_namespaces
from epview.present.words import age
from epview.sources.kube import cluster
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.reflector import Timing

LIVED = 60  # seconds after which a watch that ends is no failure


class Onlooker:
    """What a front end knows: all changes of a source, judged when somebody looks."""

    def __init__(self, source: ClusterSource) -> None:
        self.source = source
        self.heard = Heard()
        self._inbox: SimpleQueue[Sequence[Change]] = SimpleQueue()
        self._projector = Projector()

    def take(self, changes: Sequence[Change]) -> None:
        self.heard(changes)
        self._inbox.put(changes)

    @property
    def view(self) -> View:
        while not self._inbox.empty():
            self._projector.apply(self._inbox.get())
        return self._projector.project(self.source.now(), self.source.info())

    def all(self, phase: Phase) -> tuple[ResourceState, ...]:
        """All states once every resource is in that phase."""

        def there() -> tuple[ResourceState, ...]:
            states = self.view.states
            return states if len(states) == len(KINDS) and {s.phase for s in states} == {phase} else ()

        return eventually(f"all {phase}", there)


Look = Callable[..., Onlooker]


@pytest.fixture
def look(connect, clock: QuickClock) -> Iterator[Look]:
    """Opens a source on a server and waits until all of it is live and watched. Waits are real waits."""
    made = []
    clock.patience = 0

    def start(server: KubeServer, **options) -> Onlooker:
        source = ClusterSource(connect(server.url, **options), ("shop",), timing=Timing(answer=5, silence=60))
        onlooker = Onlooker(source)
        made.append(source)
        source.start(onlooker.take)
        onlooker.all(Phase.LIVE)
        eventually("the watches", lambda: len(server.requests(verb="watch")) == len(KINDS))
        clock.passed += LIVED
        return onlooker

    yield start
    for source in made:
        source.stop()


class TestAway:
    @pytest.mark.fault(1)
    def test_check_leaves_with_3_where_nothing_listens(self, check):
        with KubeServer() as gone:
            url = gone.url
        done = check(url=url)
        assert (done.code, done.out) == (3, "")
        place = url.removeprefix("http://")
        assert done.err.startswith(f"epview: Nothing listens at {place} (connection refused).")
        assert len(done.err.splitlines()) == 1

    @pytest.mark.fault(1)
    def test_each_resource_tells_when_it_is_tried_again(self, connect, heard: Heard, clock: QuickClock):
        clock.patience = 0
        with KubeServer() as gone:
            url = gone.url
        source = ClusterSource(connect(url), None)
        source.start(heard)
        for kind in KINDS:
            state = heard.until(Phase.FAILED, kind.resource)
            assert "Nothing listens" in state.message
            assert state.retry_at > state.since
        source.stop()

    @pytest.mark.fault(2)
    def test_going_down_blanks_nothing(self, shop: KubeServer, look: Look):
        onlooker = look(shop)
        before = onlooker.view.services[Key("shop", "web")]
        shop.close()
        states = onlooker.all(Phase.STALE)
        assert all("refused" in state.message and state.retry_at for state in states)
        after = onlooker.view.services[Key("shop", "web")]
        assert (after.ready, after.health) == (before.ready, before.health) == (1, "ok")

    @pytest.mark.fault(3)
    def test_what_was_deleted_while_it_was_away_vanishes(
        self, reflect, heard: Heard, connect, clock: QuickClock
    ):
        clock.patience = 0
        with KubeServer() as first:
            for name in "ab":
                first.put("pods", name)
            reflector = reflect(client=connect(first.url))
            eventually("a watch", lambda: first.requests("pods", "watch"))
            clock.passed += LIVED
        heard.until(Phase.STALE)
        second = KubeServer(port=first.port)
        second.version = 500
        for name in "bc":
            second.put("pods", name)
        second.forget("pods")
        with second:
            reflector.retry()
            (relist,) = eventually("a relist", lambda: heard.of(Relist))
            assert [found.metadata.name for found in relist.objects] == ["b", "c"]
            assert heard.names() == {"b", "c"}
            eventually("live again", lambda: heard.phases()[-1] is Phase.LIVE)

    @pytest.mark.fault(39)
    def test_another_ca_in_use(self, look: Look, tmp_path: Path):
        ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
        with KubeServer(ours.server_context()) as first:
            onlooker = look(first, user={"token": "t"}, **{"certificate-authority-data": ours.data})
        with KubeServer(theirs.server_context(), port=first.port) as second:
            onlooker.all(Phase.STALE)
            onlooker.source.retry()
            untrusted = "signed by a CA that the kubeconfig does not name"
            eventually("the cause", lambda: all(untrusted in s.message for s in onlooker.all(Phase.STALE)))
            assert second.journal == []

    @pytest.mark.fault(41)
    def test_check_names_dns(self, check):
        done = check(url="https://no-such-host.invalid:6443")
        assert done.code == 3
        assert "The name no-such-host.invalid cannot be resolved (DNS)." in done.err

    @pytest.mark.fault(42)
    def test_after_a_sleep_every_connection_is_replaced(
        self, shop: KubeServer, look: Look, clock: QuickClock, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.01)
        onlooker = look(shop)
        lists = len(shop.requests(verb="list"))
        clock.skew = timedelta(hours=1)
        eventually("new watches", lambda: len(shop.requests(verb="watch")) == 2 * len(KINDS))
        assert len(shop.requests(verb="list")) == lists
        assert Phase.STALE not in onlooker.heard.phases()


class TestRefusals:
    @pytest.mark.fault(11)
    def test_500_for_20_seconds(self, server: KubeServer, reflect, heard: Heard, clock: QuickClock):
        server.put("pods", "a")
        reflect()
        eventually("a watch", lambda: server.requests("pods", "watch"))
        clock.passed += LIVED
        well_at = clock.passed + 20

        def broken(reply: Reply) -> None:
            if clock.passed < well_at:
                reply.status(500, "etcdserver: leader changed", "InternalError")
            else:
                reply.usual()

        server.always("pods", "watch", broken)
        server.cut()
        stale = heard.until(Phase.STALE)
        assert "leader changed" in stale.message
        eventually("live again", lambda: heard.phases()[-1] is Phase.LIVE)
        assert sum(clock.waits) >= 20
        assert len(server.requests("pods", "list")) == 1
        assert heard.names() == {"a"}

    @pytest.mark.fault(30)
    def test_warnings_are_told_once_cleaned_and_not_the_one_we_know(self, shop: KubeServer, check):
        known = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
        shop.headers["Warning"] = (
            f'{known}, 299 - "this \\"cluster\\" \x1b]0;x is being moved: é", 214 - "no"'
        )
        told = 'The API server warns: this "cluster" ␛]0;x is being moved: é'
        assert check().report["source"]["notices"] == [told]

    @pytest.mark.fault(30)
    def test_warnings_are_bounded(self, server: KubeServer, connect):
        client = connect(server.url)
        for number in range(100):
            server.headers["Warning"] = f'299 - "{number}\x1b {"x" * 500}"'
            client.get("/api/v1/pods")
        assert len(client.notices) == 5
        assert all(
            notice.startswith(f"The API server warns: {n}␛ x") for n, notice in enumerate(client.notices)
        )
        assert max(map(len, client.notices)) < 250

    @pytest.mark.fault(44)
    def test_a_slow_list_holds_up_no_other_and_can_be_given_up(
        self, server: KubeServer, connect, heard: Heard
    ):
        server.always("pods", "list", drip)
        source = ClusterSource(connect(server.url), ("shop",))
        source.start(heard)
        for kind in KINDS:
            if kind.resource != "pods":
                heard.until(Phase.LIVE, kind.resource)
        heard.until(Phase.LISTING, "pods")
        began = time.monotonic()
        source.stop()
        assert time.monotonic() - began < 1
        assert Phase.LIVE not in heard.phases("pods")

    @pytest.mark.fault(44)
    @pytest.mark.parametrize(("slow", "code"), [("pods", 4), ("services", 3)])
    def test_check_names_what_was_too_slow(self, shop: KubeServer, check, slow: str, code: int):
        shop.always(slow, "list", drip)
        done = check("--request-timeout", "200ms")
        assert done.code == code
        assert "did not finish within 0.2 s" in (done.report["gaps"][0]["message"] if code == 4 else done.err)


def drip(reply: Reply) -> None:
    reply.start()
    while True:
        reply.chunk(b" ")
        time.sleep(0.02)  # the server's, not the test's


class TestOddObjects:
    @pytest.mark.fault(25)
    def test_a_line_beyond_the_limit(self, server: KubeServer, reflect, heard: Heard):
        def endless(reply: Reply) -> None:
            reply.start()
            reply.chunk(b'{"type":"ADDED","object":{"metadata":{"name":"')
            for _ in range(40):
                reply.chunk(b"x" * (1 << 20))
            reply.hold()

        server.script("pods", "watch", endless)
        reflect()
        stale = heard.until(Phase.STALE)
        assert "beyond 32 MB: left out" in stale.message
        eventually("a relist", lambda: heard.of(Relist))
        eventually("live again", lambda: heard.phases()[-1] is Phase.LIVE)

    @pytest.mark.fault(27)
    def test_one_name_is_one_pod(self, server: KubeServer, reflect, heard: Heard):
        def events(reply: Reply) -> None:
            reply.start()
            reply.line("ADDED", thing("a", 200, uid="old"))
            reply.line("ADDED", thing("a", 201, uid="old", status={"podIP": "10.0.0.1"}))
            reply.line("ADDED", thing("a", 202, uid="new", status={"podIP": "10.0.0.2"}))
            reply.line("DELETED", thing("a", 203, uid="old"))
            reply.line("ADDED", thing("last", 204))
            reply.hold()

        server.script("pods", "watch", events)
        reflect()
        eventually("the last", lambda: "last" in heard.names())
        world = World()
        for change in heard.changes:
            world.apply(change)
        assert sorted(key.name for key in world.pods) == ["a", "last"]
        found = world.pods[Key("shop", "a")]
        assert (found.metadata.uid, found.status.pod_ip) == ("new", "10.0.0.2")

    @pytest.mark.fault(43)
    def test_clocks_that_differ_by_an_hour(self, shop: KubeServer, look: Look):
        ahead = datetime.now(UTC) + timedelta(hours=1)
        shop.headers["Date"] = format_datetime(ahead, usegmt=True)
        later = (ahead + timedelta(hours=1)).isoformat(timespec="seconds")
        stock(shop, service("new", metadata={"creationTimestamp": later}, clusterIP="10.96.0.11"))
        view = look(shop).view
        assert abs(view.now - ahead) < timedelta(minutes=2)
        assert age(view.services[Key("shop", "new")].created, view.now) == "0s"
        assert "This machine's clock is 60 min behind the server's." in view.source.notices
        assert view.services[Key("shop", "web")].health == "ok"


class TestCredentials:
    @pytest.mark.fault(31)
    def test_one_run_of_the_plugin_serves_all_watches(self, shop: KubeServer, look: Look, tmp_path: Path):
        plugin = Plugin(tmp_path)
        onlooker = look(shop, user=plugin.user)
        plugin.token = "fresh"

        def fresh(request: Request) -> bool:
            return request.header("Authorization") == "Bearer fresh"

        def only_fresh(reply: Reply) -> None:
            reply.usual() if fresh(reply.request) else reply.status(401, "Unauthorized", "Unauthorized")

        for kind in KINDS:
            shop.always(kind.resource, "watch", only_fresh)
        shop.cut()
        eventually("new watches", lambda: sum(map(fresh, shop.requests(verb="watch"))) == len(KINDS))
        assert plugin.runs == 2
        assert set(onlooker.heard.phases()) == {Phase.LISTING, Phase.LIVE}

    @pytest.mark.fault(32, 54)
    def test_a_plugin_that_fails_in_use(self, shop: KubeServer, look: Look, tmp_path: Path, capfd):
        plugin = Plugin(tmp_path)
        onlooker = look(shop, user=plugin.user)
        plugin.body = "printf 'the session \\033[31mhas ended\\n' >&2; exit 1"
        for kind in KINDS:
            shop.always(kind.resource, "watch", refuse(401, "Unauthorized", "Unauthorized"))
        shop.cut()
        for state in onlooker.all(Phase.STALE):
            assert "(exit 1): the session ␛[31mhas ended." in state.message
        assert onlooker.view.services[Key("shop", "web")].ready == 1
        assert all(request.header("Authorization") for request in shop.journal)
        plugin.body = ""
        for kind in KINDS:
            shop.always(kind.resource, "watch", None)
        onlooker.source.retry()
        onlooker.all(Phase.LIVE)
        assert capfd.readouterr().err == ""

    @pytest.mark.fault(33)
    def test_a_plugin_that_talks_much(self, shop: KubeServer, check, tmp_path: Path):
        plugin = Plugin(tmp_path)
        plugin.body = "head -c 1000000 /dev/zero | tr '\\0' x >&2"
        done = check(user=plugin.user)
        assert (done.code, done.err) == (0, "")


@pytest.mark.fault(38)
def test_the_namespace_is_deleted_under_our_eyes(shop: KubeServer, look: Look):
    shop.keep("namespaces", {"metadata": {"name": "default"}, "status": {"phase": "Active"}})
    onlooker = look(shop)
    assert missing_namespaces(onlooker.view, ("shop",)) == ""
    for resource in ("services", "endpoints", "endpointslices", "pods"):
        for namespace, name in list(shop._items[resource]):
            shop.drop(resource, name, namespace=namespace)
    shop.drop("namespaces", "shop", namespace="")
    eventually("no Services", lambda: not onlooker.view.services)
    eventually("no namespace", lambda: missing_namespaces(onlooker.view, ("shop",)) == "shop")
    onlooker.all(Phase.LIVE)
