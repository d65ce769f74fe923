"""Namespace ``shop``: the Services a customer would notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from epview.demo import accidents, kubelet
from epview.demo import scripts as play
from epview.demo.resources import Json
from epview.demo.shapes import (
    Ports,
    Workload,
    container,
    endpoint_port,
    endpoint_slice,
    endpoints,
    exec_probe,
    grpc_probe,
    http_probe,
    service,
    service_port,
)
from epview.demo.stage import Script, Stage

NS: Final = "shop"
_IMAGE: Final = "registry.harbour.example/shop"
_HTTP: Final = (("http", 8080),)


def build_shop(stage: Stage) -> Iterator[Script]:
    """Write the namespace's Services; gives the stories that go on in it."""
    yield _web(stage)
    _catalog(stage)
    yield _checkout(stage)
    yield from _orders(stage)
    yield _search(stage)
    yield _recommendations(stage)
    yield from _thumbnails(stage)
    yield _inventory(stage)
    _cart(stage)
    _reviews(stage)
    yield _flags(stage)
    yield _pricing(stage)
    _sessions(stage)
    _external_db(stage)
    yield _newsletter(stage)
    yield _wishlist(stage)
    yield _labels(stage)
    _vouchers(stage)
    _promotions(stage)


def _service(stage: Stage, name: str, address: int, ports: list[Json], *, app: str = "", **spec: Any) -> None:
    """A Service of this namespace; ``address`` is the last number of its cluster IP, 0 for headless."""
    made = service(
        NS,
        name,
        stage.ago(days=91),
        ports,
        cluster_ip=f"10.96.12.{address}" if address else "None",
        selector={"app": app or name},
        labels={"app": name, "team": "shop"},
        **spec,
    )
    stage.store.put(made)


def _app(
    name: str, version: str, ready: Json, *, replicas: int = 2, ports: Ports = _HTTP, **box: Any
) -> Workload:
    """A Deployment of one container, ``api``, probed for readiness."""
    api = container("api", f"{_IMAGE}/{name}:{version}", ports, readiness=ready, **box)
    return Workload(namespace=NS, name=name, containers=(api,), replicas=replicas)


def _web(stage: Stage) -> Script:
    """Healthy, several named ports, NodePort; a rolling update goes through it again and again."""
    box = container(
        "web",
        f"{_IMAGE}/web:2.14.0",
        (("http", 8080), ("admin", 9090)),
        readiness=http_probe("/healthz", "http", period=5),
        liveness=http_probe("/livez", "http", delay=10),
    )
    workload = Workload(namespace=NS, name="web", containers=(box,), replicas=4)
    stage.staff(workload, stage.ago(hours=5))
    ports = [
        service_port(80, "http", "http-port", node_port=30080, app="http"),
        service_port(9090, "admin", "admin-port", node_port=30090),
    ]
    _service(stage, "web", 10, ports, type="NodePort")
    return play.rollouts(stage, stage.crews[NS, "web"], first=4, rest=50)


def _catalog(stage: Stage) -> None:
    """Pods that declare a named port differently: two subsets, two slices."""
    for name, track, admin, count in (
        ("catalog", "stable", 9090, 2),
        ("catalog-canary", "canary", 9191, 1),
    ):
        box = container(
            "api",
            f"{_IMAGE}/catalog:{'3.2.0' if track == 'stable' else '3.3.0-rc.1'}",
            (("http", 8080), ("admin", admin)),
            readiness=http_probe("/healthz", "http"),
        )
        labels = {"app": "catalog", "track": track}
        workload = Workload(namespace=NS, name=name, containers=(box,), replicas=count, labels=labels)
        stage.staff(workload, stage.ago(days=6))
    ports = [service_port(80, "http", "http-port"), service_port(9090, "admin", "admin-port")]
    _service(stage, "catalog", 11, ports)


def _checkout(stage: Stage) -> Script:
    """One of three fails its readiness probe with HTTP 503; recovers, and fails again."""
    workload = _app("checkout", "1.31.2", http_probe("/healthz", "http"), replicas=3)
    refs = stage.staff(workload, stage.ago(hours=26))
    _service(stage, "checkout", 7, [service_port(80, "http", "http")])
    begun = stage.ago(minutes=2, seconds=4)
    tail = "HTTP probe failed with statuscode: 503"
    play.fell_ill(stage, refs[1], begun, tail, count=13)
    return play.illness(stage, refs[1], tail, ill=75, well=40, first=3)


def _orders(stage: Stage) -> Iterator[Script]:
    """The database is down: no pod is ready, and the readiness probe says so."""
    workload = _app("orders", "4.0.7", http_probe("/ready", "http", timeout=2))
    refs = stage.staff(workload, stage.ago(hours=9))
    _service(stage, "orders", 8, [service_port(80, "http", "http")])
    tail = "HTTP probe failed with statuscode: 503"
    for number, ref in enumerate(refs):
        play.fell_ill(stage, ref, stage.ago(minutes=3, seconds=10 - 4 * number), tail, count=18)
        yield play.illness(stage, ref, tail, ill=260, well=35, first=6 + 3 * number)


def _search(stage: Stage) -> Script:
    """The startup probe of one pod has not passed yet: 41 s of 300 s."""
    box = container(
        "search",
        f"{_IMAGE}/search:7.8.1",
        (("grpc", 9000), ("metrics", 9100)),
        startup=grpc_probe(9000, failure=30),
        readiness=grpc_probe(9000),
        memory="1Gi",
    )
    workload = Workload(namespace=NS, name="search", containers=(box,), replicas=3)
    stage.staff(workload, stage.ago(days=2), 2)
    _service(stage, "search", 9, [service_port(9000, "grpc", "grpc", app="grpc")])
    crew = stage.crews[NS, "search"]
    made = stage.ago(44)
    ref = stage.save(kubelet.run(stage.placed(crew, made), made + timedelta(seconds=3)))
    pod = stage.pod(ref)
    stage.started(pod, made + timedelta(seconds=3))
    stage.unhealthy(
        pod, "search", play.NOT_SERVING, probe="Startup", count=4, first=stage.ago(31), at=stage.ago(1)
    )
    return play.slow_starts(stage, crew, ref, lasts=150)


def _recommendations(stage: Stage) -> Script:
    """CrashLoopBackOff: one of two is killed for its memory again and again."""
    workload = _app(
        "recommendations", "0.9.4", http_probe("/healthz", "http", delay=5), cpu="500m", memory="256Mi"
    )
    refs = stage.staff(workload, stage.ago(hours=31))
    _service(stage, "recommendations", 12, [service_port(80, "http", "http")])
    pod = stage.pod(refs[0])
    pod = kubelet.restart(pod, stage.ago(95), "OOMKilled", 137, stage.ago(minutes=6), 6)
    pod = kubelet.run(pod, stage.ago(minutes=1, seconds=20))
    pod = kubelet.die(pod, stage.ago(62), "OOMKilled", 137)
    stage.save(kubelet.back_off(pod, stage.ago(61), 160))
    play.backing_off(stage, refs[0], count=22, first=stage.ago(minutes=34))
    return play.crash_loop(stage, refs[0], pause=28, lives=11)


def _thumbnails(stage: Stage) -> Iterator[Script]:
    """ImagePullBackOff: the tag has a letter O where a zero should be; and a pod's exec probe."""
    workload = _app("thumbnails", "1.9.O", exec_probe("/bin/thumbs", "--ping"), ports=(("http", 8000),))
    crew = stage.hire(workload, stage.ago(days=12))
    _service(stage, "thumbnails", 13, [service_port(80, "http", "http")])
    for number in range(2):
        made = stage.ago(minutes=17, seconds=9 * number)
        ref = stage.save(stage.placed(crew, made))
        yield play.bad_image(stage, ref, first=7 + 5 * number)


def _inventory(stage: Stage) -> Script:
    """Two pods run, the third fits on no node."""
    workload = _app("inventory", "2.2.0", http_probe("/healthz", "http"), replicas=3, memory="12Gi")
    stage.staff(workload, stage.ago(hours=14), 2)
    _service(stage, "inventory", 14, [service_port(80, "http", "http")])
    crew = stage.crews[NS, "inventory"]
    made = stage.ago(minutes=11)
    ref = stage.save(kubelet.refuse(stage.pending(crew, made), made, play.NO_ROOM))
    return play.unschedulable(stage, ref, made)


def _cart(stage: Stage) -> None:
    """The selector says ``cart-svc``, the pods say ``cart``."""
    stage.staff(_app("cart", "5.1.0", http_probe("/healthz", "http"), replicas=3), stage.ago(days=4))
    _service(stage, "cart", 15, [service_port(80, "http", "http")], app="cart-svc")


def _reviews(stage: Stage) -> None:
    """The Service wants a port named ``http``; the pods call it ``web``."""
    workload = _app("reviews", "1.4.4", http_probe("/healthz", "web"), ports=(("web", 8080),))
    stage.staff(workload, stage.ago(days=3))
    _service(stage, "reviews", 16, [service_port(80, "http", "http")])


def _flags(stage: Stage) -> Script:
    """A pod that flaps: its probe times out every few seconds and passes again."""
    workload = _app("flags", "0.3.1", http_probe("/healthz", "http", period=2, failure=1))
    refs = stage.staff(workload, stage.ago(hours=3))
    _service(stage, "flags", 17, [service_port(80, "http", "http")])
    tail = play.TIMED_OUT.replace("PATH", "healthz")
    pod = stage.pod(refs[1])
    stage.save(kubelet.set_ready(kubelet.set_ready(pod, stage.ago(14), False), stage.ago(8), True))
    stage.unhealthy(pod, "api", tail, count=11, first=stage.ago(minutes=9), at=stage.ago(14))
    return play.flapping(stage, refs[1], tail)


def _pricing(stage: Stage) -> Script:
    """Healthy, but a pod is killed and replaced now and then."""
    stage.staff(
        _app("pricing", "6.0.0", http_probe("/healthz", "http", period=5), replicas=3), stage.ago(hours=7)
    )
    _service(stage, "pricing", 18, [service_port(80, 8080, "http")], trafficDistribution="PreferClose")
    return play.replacements(stage, stage.crews[NS, "pricing"], every=38, first=11)


def _sessions(stage: Stage) -> None:
    """Headless StatefulSet: every pod has its own DNS name."""
    box = container(
        "cache", f"{_IMAGE}/sessions:8.0", (("client", 6379),), readiness=exec_probe("/bin/cache", "ping")
    )
    workload = Workload(namespace=NS, name="sessions", containers=(box,), replicas=3, kind="StatefulSet")
    stage.staff(workload, stage.ago(days=30))
    _service(stage, "sessions", 0, [service_port(6379, "client", "client")])


def _external_db(stage: Stage) -> None:
    """No selector: Endpoints written by hand lead to a database outside the cluster."""
    made = stage.ago(days=61)
    port = [service_port(5432)]
    stage.store.put(service(NS, "my-external-db", made, port, cluster_ip="10.96.12.20"))
    where = endpoints(NS, "my-external-db", made, ["192.168.1.100"], [endpoint_port(5432)])
    stage.store.put(where)


def _newsletter(stage: Stage) -> Script:
    """Nobody writes at night: the Deployment is scaled to 0, and in the morning it is back."""
    workload = _app("newsletter", "2.2.0", http_probe("/healthz", "http", period=5), replicas=3)
    stage.staff(workload, stage.ago(hours=10))
    _service(stage, "newsletter", 21, [service_port(80, "http", "http")])
    return accidents.nights(stage, stage.crews[NS, "newsletter"], first=48, lasts=50, rest=110)


def _wishlist(stage: Stage) -> Script:
    """The EndpointSlice controller falls behind: kube-proxy goes on sending to a pod that is gone."""
    stage.staff(_app("wishlist", "1.0.3", http_probe("/healthz", "http", period=5)), stage.ago(days=7))
    _service(stage, "wishlist", 22, [service_port(80, "http", "http")])
    return accidents.stalls(stage, stage.crews[NS, "wishlist"], first=40, lasts=75, rest=200)


def _labels(stage: Stage) -> Script:
    """Two pods with one address, until the younger is replaced."""
    stage.staff(_app("labels", "3.1.0", http_probe("/healthz", "http", period=5)), stage.ago(days=5))
    _service(stage, "labels", 23, [service_port(80, "http", "http")])
    return accidents.twins(stage, stage.crews[NS, "labels"], first=90, lasts=60, rest=170)


def _vouchers(stage: Stage) -> None:
    """The target is a number that no container declares: it may well listen there all the same."""
    stage.staff(_app("vouchers", "0.5.2", http_probe("/healthz", 8081)), stage.ago(days=13))
    _service(stage, "vouchers", 24, [service_port(80, 8081, "http")])


def _promotions(stage: Stage) -> None:
    """A mesh adds the pods of another cluster to the Service's own."""
    stage.staff(_app("promotions", "1.8.0", http_probe("/healthz", "http")), stage.ago(days=21))
    _service(stage, "promotions", 25, [service_port(80, "http", "http")])
    stage.store.put(
        endpoint_slice(
            "promotions",
            NS,
            "promotions-tidewater-north",
            stage.ago(days=20),
            generation=4,
            managed_by="tidewater-mesh",
            endpoints=[
                {
                    "addresses": [f"10.90.4.{host}"],
                    "conditions": {"ready": True, "serving": True, "terminating": False},
                }
                for host in (21, 22)
            ],
            ports=[endpoint_port(8080, "http")],
        )
    )
