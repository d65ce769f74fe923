"""A whole cluster as a Source: everything at once, each kind on its own, honest about its gaps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from ears import Heard, eventually
from kubeserver import KubeServer, Reply, refuse

from epview.core.objects import KINDS, Key
from epview.core.view import Phase
from epview.sources.kube.cluster import ClusterSource, slept
from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.reflector import Timing
from epview.sources.source import SourceError


@pytest.fixture
def opened(server: KubeServer, connect, heard: Heard) -> Iterator[Callable[..., ClusterSource]]:
    made = []

    def start(namespaces: tuple[str, ...] | None = None, **options) -> ClusterSource:
        source = ClusterSource(connect(server.url), namespaces, timing=Timing(answer=5, silence=5), **options)
        made.append(source)
        source.start(heard)
        return source

    yield start
    for source in made:
        source.stop()


def all_live(heard: Heard) -> None:
    for kind in KINDS:
        heard.until(Phase.LIVE, kind.resource)


def test_all_kinds_of_all_namespaces(server: KubeServer, opened, heard: Heard):
    server.put("services", "checkout")
    server.put("nodes", "n", namespace="")
    source = opened()
    all_live(heard)
    assert heard.names("Service") == {"checkout"}
    assert heard.names("Node") == {"n"}
    listed = {request.path for request in server.requests() if request.params.get("limit")}
    assert listed == {kind.path() for kind in KINDS}
    eventually("the version", lambda: source.info().server_version == "v1.99.0")
    info = source.info()
    assert (info.kind, info.context, info.cluster, info.user, info.server) == (
        "cluster",
        "x",
        "c",
        "u",
        server.url,
    )
    assert (info.namespaces, info.notices) == (None, ())


def test_several_namespaces(server: KubeServer, opened, heard: Heard):
    opened(("one", "two", "one"))
    eventually(
        "both", lambda: {s.namespace for s in heard.states("pods") if s.phase is Phase.LIVE} == {"one", "two"}
    )
    all_live(heard)
    paths = [r.path for r in server.requests("pods", "list")]
    assert sorted(paths) == ["/api/v1/namespaces/one/pods", "/api/v1/namespaces/two/pods"]
    assert len(server.requests("nodes", "list")) == 1


def test_each_kind_degrades_alone(server: KubeServer, opened, heard: Heard):
    server.always("endpointslices", "list", refuse(403, "endpointslices is forbidden", "Forbidden"))
    server.always("nodes", "list", refuse(403, "nodes is forbidden", "Forbidden"))
    source = opened(("shop",))
    heard.until(Phase.FORBIDDEN, "endpointslices")
    heard.until(Phase.FORBIDDEN, "nodes")
    for resource in ("services", "endpoints", "pods", "events", "namespaces"):
        heard.until(Phase.LIVE, resource)
    assert source.info().namespaces == ("shop",)


def in_one_namespace_only(server: KubeServer) -> None:
    for kind in KINDS:
        if kind.namespaced:

            def script(reply) -> None:
                if "/namespaces/shop/" in reply.request.path:
                    reply.usual()
                else:
                    reply.status(403, "is forbidden at the cluster scope", "Forbidden")

            server.always(kind.resource, "list", script)


@pytest.mark.fault(35)
def test_all_namespaces_forbidden_means_the_one_of_the_context(server: KubeServer, opened, heard: Heard):
    in_one_namespace_only(server)
    server.put("pods", "a")
    source = opened()
    all_live(heard)
    assert heard.names() == {"a"}
    eventually("the scope", lambda: source.info().namespaces == ("shop",))
    (notice,) = source.info().notices
    assert notice.endswith("only shop is asked.")
    refused = heard.until(Phase.FORBIDDEN, "pods")
    assert (refused.namespace, "cluster scope" in refused.message) == ("", True)


def test_a_namespace_that_does_not_exist(server: KubeServer, opened, heard: Heard):
    server.script("shpo", "list", refuse(404, 'namespaces "shpo" not found', "NotFound"))
    source = opened(("shpo",))
    all_live(heard)
    eventually("it", lambda: source.missing_namespaces == ("shpo",))
    assert "There is no namespace shpo." in source.info().notices


def test_namespaces_that_may_not_be_asked_for_are_not_called_missing(
    server: KubeServer, opened, heard: Heard
):
    server.script("shop", "list", refuse(403, "no", "Forbidden"))
    source = opened(("shop",))
    all_live(heard)
    eventually("the question", lambda: server.requests("shop"))
    assert source.missing_namespaces == ()


def test_whole_objects(server: KubeServer, opened):
    server.script(
        "a", "list", lambda r: r.send(200, {"kind": "Pod", "metadata": {"name": "a", "managedFields": []}})
    )
    source = opened(("shop",))
    assert source.get("Pod", Key("shop", "a")) == {"kind": "Pod", "metadata": {"name": "a"}}
    assert server.requests("a")[0].path == "/api/v1/namespaces/shop/pods/a"


@pytest.mark.parametrize(("kind", "name"), [("Secret", "a"), ("Pod", "../../secrets/a"), ("Pod", "a/exec")])
def test_what_may_not_be_read_whole(server: KubeServer, opened, kind: str, name: str):
    source = opened(("shop",))
    with pytest.raises(SourceError):
        source.get(kind, Key("shop", name))
    assert not [r for r in server.journal if "secrets" in r.path or "exec" in r.path]


def test_missing_object(server: KubeServer, opened):
    server.script("a", "list", refuse(404, 'pods "a" not found', "NotFound"))
    with pytest.raises(SourceError, match='pods "a" not found'):
        opened(("shop",)).get("Pod", Key("shop", "a"))


def test_logs_are_bounded_and_cleaned(server: KubeServer, opened):
    server.script("log", "list", lambda r: r.send(200, b"\x1b[31mred\r\nsecond\n"))
    source = opened(("shop",))
    assert source.logs("shop", "a", "main", previous=True, tail_lines=5) == "␛[31mred\nsecond\n"
    (request,) = server.requests("log")
    assert request.path == "/api/v1/namespaces/shop/pods/a/log"
    assert request.params == {
        "container": "main",
        "previous": "true",
        "tailLines": "5",
        "limitBytes": str(1 << 20),
    }


def test_after_stop_nothing_is_heard(server: KubeServer, opened, heard: Heard):
    source = opened()
    all_live(heard)
    source.stop()
    count = len(heard.changes)
    server.put("pods", "late")
    source.stop()
    source.start(heard)
    assert len(heard.changes) == count
    assert not [t for t in threading.enumerate() if t.name.startswith("epview-") and t.is_alive()]
    with pytest.raises(SourceError):
        source.get("Pod", Key("shop", "a"))


def test_stop_before_start(server: KubeServer, connect):
    source = ClusterSource(connect(server.url), None)
    source.stop()
    assert server.journal == []


def test_retry_reaches_all(server: KubeServer, opened, heard: Heard, clock):
    clock.patience = 0
    for kind in KINDS:
        server.script(kind.resource, "list", refuse(500, "starting up"))
    source = opened()
    for kind in KINDS:
        heard.until(Phase.FAILED, kind.resource)
    eventually("waits", lambda: len(clock.waits) == len(KINDS))
    source.retry()
    all_live(heard)


@pytest.mark.fault(1)
def test_one_answer_wakes_all_who_wait_for_the_server(server: KubeServer, opened, heard: Heard, clock):
    """A server that is back is back for every kind; who was asked to wait goes on waiting."""
    clock.patience = 0
    for kind in KINDS:
        asked = refuse(429, "slowly", retry_after="7") if kind.resource == "pods" else Reply.hangup
        server.script(kind.resource, "list", asked)
    source = opened()
    eventually("waits", lambda: len(clock.waits) == len(KINDS))
    source._reflectors[0].retry()
    for kind in KINDS:
        if kind.resource != "pods":
            heard.until(Phase.LIVE, kind.resource)
    assert Phase.LIVE not in {state.phase for state in heard.states("pods")}


@pytest.mark.fault(42)
def test_sleep_is_noticed():
    assert slept(wall=3600, steady=5)
    assert not slept(wall=5, steady=5)
    assert not slept(wall=-3600, steady=5)


def test_opened_by_the_connector(server: KubeServer, heard: Heard, tmp_path):
    from ears import write_kubeconfig

    options = KubeOptions(kubeconfig=str(write_kubeconfig(tmp_path, server.url)), environ={})
    source = KubeConnector(options).open("x", ("shop",))
    source.start(heard)
    all_live(heard)
    source.stop()
