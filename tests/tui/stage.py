"""A small cluster of made objects, a source that plays them, and eyes that read the screen as text."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from textual.pilot import Pilot

from epview.core.changes import Change, Put
from epview.core.objects import BY_KIND, KINDS, Key
from epview.core.view import Phase, ResourceState, SourceInfo
from epview.sources.source import SourceError

NOW = datetime(2026, 8, 1, 12, 0, 0, tzinfo=UTC)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def put(kind: str, body: dict[str, Any]) -> Put:
    return Put(kind, msgspec.convert(body, BY_KIND[kind].struct))


def meta(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"{namespace}-{name}",
        "creationTimestamp": ago(90_000),
        **more,
    }


def service(
    name: str,
    namespace: str = "shop",
    *,
    ip: str = "10.96.0.1",
    selector: Any = None,
    ports: Any = None,
    **spec: Any,
) -> Put:
    ports = ports or [{"name": "http", "port": 80, "targetPort": 8080}]
    body: dict[str, Any] = {"clusterIP": ip, "clusterIPs": [ip], "ports": ports, **spec}
    if selector:
        body["selector"] = selector
    return put("Service", {"metadata": meta(name, namespace, labels={"app": name}), "spec": body})


def probe(port: int = 8080, path: str = "/healthz") -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port, "scheme": "HTTP"}, "periodSeconds": 10}


def pod(
    name: str,
    ip: str,
    labels: dict[str, str],
    namespace: str = "shop",
    *,
    ready: bool = True,
    since: float = 3600,
    node: str = "node-1",
    restarts: int = 0,
    waiting: str = "",
    deleted: bool = False,
) -> Put:
    state: dict[str, Any] = {"running": {"startedAt": ago(since + 60)}}
    if waiting:
        state = {"waiting": {"reason": waiting, "message": "back-off 40s restarting failed container"}}
    conditions = [
        {"type": kind, "status": "True" if good else "False", "lastTransitionTime": ago(since),
         **({} if good else {"reason": "ContainersNotReady", "message": "containers with unready status: [api]"})}
        for kind, good in (("Initialized", True), ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", True))
    ]  # fmt: skip
    more = {"deletionTimestamp": ago(11)} if deleted else {}
    return put(
        "Pod",
        {
            "metadata": meta(name, namespace, labels=labels, **more),
            "spec": {
                "nodeName": node,
                "containers": [
                    {"name": "api", "image": "shop/api:1.4.2", "readinessProbe": probe(), "livenessProbe": probe(path="/live"),
                     "ports": [{"name": "http", "containerPort": 8080}, {"name": "adm", "containerPort": 9000}]}
                ],
            },
            "status": {
                "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "startTime": ago(since + 100), "conditions": conditions,
                "containerStatuses": [
                    {"name": "api", "ready": ready, "started": True, "restartCount": restarts, "state": state,
                     **({"lastState": {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(30)}}} if restarts else {})}
                ],
            },
        },
    )  # fmt: skip


def unhealthy(of: str, message: str, namespace: str = "shop", *, count: int = 14, last: float = 4) -> Put:
    return put(
        "Event",
        {
            "metadata": meta(f"{of}.1", namespace),
            "involvedObject": {"kind": "Pod", "namespace": namespace, "name": of, "uid": f"{namespace}-{of}", "fieldPath": "spec.containers{api}"},
            "reason": "Unhealthy", "type": "Warning", "message": message, "count": count,
            "firstTimestamp": ago(124), "lastTimestamp": ago(last),
        },
    )  # fmt: skip


def endpoints(
    name: str,
    pods: Sequence[tuple[str, str, bool]],
    namespace: str = "shop",
    port: int = 8080,
    port_name: str = "http",
) -> list[Put]:
    """Endpoints and one slice for (pod, ip, ready); a pod of ``""`` is an address by hand."""

    def target(each: str) -> dict[str, Any]:
        return (
            {"targetRef": {"kind": "Pod", "name": each, "namespace": namespace, "uid": f"{namespace}-{each}"}}
            if each
            else {}
        )

    ports = [{"name": port_name, "port": port, "protocol": "TCP"}]
    subset: dict[str, Any] = {"ports": ports}
    if good := [{"ip": ip, "nodeName": "node-1", **target(each)} for each, ip, ready in pods if ready]:
        subset["addresses"] = good
    if bad := [{"ip": ip, "nodeName": "node-1", **target(each)} for each, ip, ready in pods if not ready]:
        subset["notReadyAddresses"] = bad
    listed = [
        {
            "addresses": [ip],
            "conditions": {"ready": ready, "serving": ready, "terminating": False},
            "nodeName": "node-1",
            **target(each),
        }
        for each, ip, ready in pods
    ]
    manual = bool(pods) and not pods[0][0]
    manager = "endpointslicemirroring-controller.k8s.io" if manual else "endpointslice-controller.k8s.io"
    labels = {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": manager}
    return [
        put("Endpoints", {"metadata": meta(name, namespace), "subsets": [subset] if pods else None}),
        put("EndpointSlice", {"metadata": meta(f"{name}-x7k2p", namespace, labels=labels), "addressType": "IPv4", "endpoints": listed or None, "ports": ports}),
    ]  # fmt: skip


def shop() -> list[Change]:
    """Five Services: one all unready, one partly, one without a match, one by hand, one healthy."""
    failed = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    out: list[Change] = [
        put("Namespace", {"metadata": {"name": name}, "status": {"phase": "Active"}})
        for name in ("default", "shop", "team-b")
    ]
    out += [
        put(
            "Node",
            {
                "metadata": {"name": f"node-{n}"},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            },
        )
        for n in (1, 2)
    ]
    out += [
        service("checkout", ip="10.96.12.7", selector={"app": "checkout", "tier": "api"}),
        pod("checkout-7d9f8-x2k", "10.244.1.7", {"app": "checkout", "tier": "api"}, ready=False, since=124),
        pod("checkout-7d9f8-l8p", "10.244.2.9", {"app": "checkout", "tier": "api"}, ready=False, since=121, node="node-2", restarts=3, waiting="CrashLoopBackOff"),
        unhealthy("checkout-7d9f8-x2k", failed),
        *endpoints("checkout", [("checkout-7d9f8-x2k", "10.244.1.7", False), ("checkout-7d9f8-l8p", "10.244.2.9", False)]),
        service("search", ip="10.96.3.3", selector={"app": "search"}, ports=[{"name": "grpc", "port": 9000}]),
        pod("search-0", "10.244.1.20", {"app": "search"}),
        pod("search-1", "10.244.2.20", {"app": "search"}, ready=False, since=41, node="node-2"),
        unhealthy("search-1", failed, count=3, last=2),
        *endpoints("search", [("search-0", "10.244.1.20", True), ("search-1", "10.244.2.20", False)], port=9000, port_name="grpc"),
        service("cart", ip="10.96.3.9", selector={"app": "cart-svc"}),
        pod("cart-5f6d", "10.244.1.31", {"app": "cart"}),
        *endpoints("cart", []),
        service("my-external-db", ip="10.96.8.8", ports=[{"port": 5432, "targetPort": 5432}]),
        *endpoints("my-external-db", [("", "192.168.1.100", True)], port=5432, port_name=""),
        service("legacy-api", ip="10.96.8.9", ports=[{"port": 8443}]),
        service("web", ip="10.96.1.1", selector={"app": "web"}, type="NodePort", ports=[{"name": "http", "port": 80, "targetPort": "http", "nodePort": 30080}]),
        *[pod(f"web-{n}", f"10.244.1.{40 + n}", {"app": "web"}) for n in range(3)],
        *endpoints("web", [(f"web-{n}", f"10.244.1.{40 + n}", True) for n in range(3)]),
        service("payments", "team-b", ip="10.96.20.1", selector={"app": "payments"}),
        pod("payments-0", "10.244.1.60", {"app": "payments"}, "team-b"),
        *endpoints("payments", [("payments-0", "10.244.1.60", True)], "team-b"),
    ]  # fmt: skip
    return out


def live(namespace: str = "", **phases: Phase) -> list[Change]:
    """Every resource complete, except where another phase is given."""
    return [
        ResourceState(
            resource=kind.resource,
            namespace=namespace if kind.namespaced else "",
            phase=phases.get(kind.resource, Phase.LIVE),
            since=NOW,
            message="not allowed here" if phases.get(kind.resource) is Phase.FORBIDDEN else "",
        )
        for kind in KINDS
    ]


@dataclass
class FakeSource:
    """Plays changes given to it; its clock moves only by hand."""

    changes: list[Change] = field(default_factory=list)
    namespaces: tuple[str, ...] | None = None
    clock: datetime = NOW
    running: bool = False
    retried: int = 0
    yaml_fails: bool = False
    ticking: bool = False  # for looking at it by hand

    def __post_init__(self) -> None:
        self._sink: Callable[[Sequence[Change]], None] = lambda _: None
        self._born = time.monotonic()

    def start(self, sink: Callable[[Sequence[Change]], None]) -> None:
        self.running = True
        self._sink = sink
        if self.changes:
            sink(self.changes)

    def say(self, *changes: Change) -> None:
        self._sink(list(changes))

    def stop(self) -> None:
        self.running = False

    def info(self) -> SourceInfo:
        return SourceInfo(
            kind="cluster", context="kind-prod", server_version="v1.33.2", namespaces=self.namespaces
        )

    def now(self) -> datetime:
        return self.clock + timedelta(seconds=time.monotonic() - self._born) if self.ticking else self.clock

    def retry(self) -> None:
        self.retried += 1

    def get(self, kind: str, key: Key) -> dict[str, Any]:
        if self.yaml_fails:
            raise SourceError(f"{kind} {key} cannot be read.", "Ask for the right to get it.")
        return {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {"name": key.name, "namespace": key.namespace},
            "spec": {"note": "[red]no markup[/]"},
        }


@dataclass
class Context:
    name: str
    cluster: str = "kind"
    user: str = "admin"
    namespace: str = "default"
    server: str = "https://127.0.0.1:6443"


@dataclass
class FakeConnector:
    """Opens `FakeSource`s on the same changes and remembers what was asked."""

    changes: list[Change] = field(default_factory=lambda: [*shop(), *live()])
    opened: list[tuple[str, tuple[str, ...] | None]] = field(default_factory=list)
    sources: list[FakeSource] = field(default_factory=list)
    error: SourceError | None = None
    names: tuple[str, ...] = ("kind-prod", "kind-test")
    ticking: bool = False

    def contexts(self) -> Sequence[Context]:
        return [Context(name) for name in self.names]

    def current(self) -> str:
        return "kind-prod"

    def default_namespace(self, context: str = "") -> str:
        return "default"

    def open(self, context: str, namespaces: tuple[str, ...] | None) -> FakeSource:
        self.opened.append((context, namespaces))
        if self.error is not None:
            raise self.error
        source = FakeSource(list(self.changes), namespaces, ticking=self.ticking)
        self.sources.append(source)
        return source

    @property
    def source(self) -> FakeSource:
        return self.sources[-1]


def screen_text(pilot: Pilot[Any]) -> str:
    """What stands on the screen, line by line."""
    screen = pilot.app.screen
    _width, height = pilot.app.size
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines[:height])


async def until(pilot: Pilot[Any], what: str, probe: Callable[[], Any], rounds: int = 400) -> None:
    """Pause until ``probe`` holds; fails with the screen where it never does."""
    for _ in range(rounds):
        await pilot.pause()
        if probe():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"never: {what}\n{screen_text(pilot)}")


async def shown(pilot: Pilot[Any], text: str) -> str:
    """Wait until ``text`` is on the screen; gives back the whole screen."""
    await until(pilot, f"{text!r} on the screen", lambda: text in screen_text(pilot))
    return screen_text(pilot)
