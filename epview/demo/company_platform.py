"""Namespace ``platform``: names, signals, gateways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from epview.demo import accidents, kubelet
from epview.demo import scripts as play
from epview.demo.resources import Json
from epview.demo.shapes import (
    Workload,
    container,
    endpoint_port,
    endpoint_slice,
    exec_probe,
    http_probe,
    metadata,
    owner,
    pod_spec,
    service,
    service_port,
    tcp_probe,
)
from epview.demo.stage import MACHINES, RENDERING, Script, Stage

NS: Final = "platform"
_IMAGE: Final = "registry.harbour.example/platform"


def build_platform(stage: Stage) -> Iterator[Script]:
    """Write the namespace's Services; gives the stories that go on in it."""
    _dns(stage)
    _telemetry(stage)
    _signalling(stage)
    _edge(stage)
    _mesh_gateway(stage)
    _nightly_export(stage)
    _image_cache(stage)
    _tracing(stage)
    _status_page(stage)
    _syslog(stage)
    _quorum(stage)
    yield _log_intake(stage)
    yield _rendering(stage)
    yield _orders_db(stage)


def _service(stage: Stage, name: str, address: str, ports: list[Json], **spec: Any) -> None:
    spec.setdefault("selector", {"app": name})
    labels = {"app": name, "team": "platform"}
    stage.store.put(service(NS, name, stage.ago(days=120), ports, cluster_ip=address, labels=labels, **spec))


def _dns(stage: Stage) -> None:
    """UDP and TCP on the same number, and a port for metrics."""
    box = container(
        "dns",
        f"{_IMAGE}/dns:1.12.1",
        (("dns", 53, "UDP"), ("dns-tcp", 53), ("metrics", 9153)),
        readiness=http_probe("/ready", 8181),
        liveness=http_probe("/health", 8080, delay=60, timeout=5, failure=5),
    )
    stage.staff(Workload(namespace=NS, name="dns", containers=(box,), replicas=2), stage.ago(days=50))
    ports = [
        service_port(53, "dns", "dns", protocol="UDP"),
        service_port(53, "dns-tcp", "dns-tcp"),
        service_port(9153, "metrics", "metrics"),
    ]
    _service(stage, "dns", "10.96.0.10", ports)


def _telemetry(stage: Stage) -> None:
    """UDP, one pod a node, and traffic that never leaves the node."""
    box = container(
        "agent",
        f"{_IMAGE}/telemetry:2.0.5",
        (("statsd", 8125, "UDP"),),
        readiness=exec_probe("/bin/agent", "check"),
    )
    workload = Workload(namespace=NS, name="telemetry", containers=(box,), kind="DaemonSet")
    stage.staff(workload, stage.ago(days=50), len(MACHINES))
    _service(
        stage,
        "telemetry",
        "10.96.40.11",
        [service_port(8125, "statsd", "statsd", protocol="UDP")],
        internalTrafficPolicy="Local",
    )


def _signalling(stage: Stage) -> None:
    """SCTP."""
    box = container(
        "node",
        f"{_IMAGE}/signalling:0.14",
        (("diameter", 3868, "SCTP"),),
        readiness=exec_probe("/bin/peer", "up"),
    )
    stage.staff(Workload(namespace=NS, name="signalling", containers=(box,), replicas=2), stage.ago(days=18))
    ports = [service_port(3868, "diameter", "diameter", protocol="SCTP")]
    _service(stage, "signalling", "10.96.40.12", ports)


def _edge(stage: Stage) -> None:
    """A LoadBalancer that nobody gave an address; inside the cluster it works."""
    box = container(
        "proxy", f"{_IMAGE}/edge:5.5.0", (("https", 8443),), readiness=tcp_probe("https", period=5)
    )
    stage.staff(Workload(namespace=NS, name="edge", containers=(box,), replicas=2), stage.ago(hours=20))
    ports = [service_port(443, "https", "https", node_port=30443)]
    _service(stage, "edge", "10.96.40.13", ports, type="LoadBalancer", allocateLoadBalancerNodePorts=True)
    found = stage.store.get("services", NS, "edge")
    assert found is not None
    stage.event(
        {"kind": "Service", **found.obj},
        "SyncLoadBalancerFailed",
        "Error syncing load balancer: failed to ensure load balancer: no address left in pool public",
        warning=True,
        source="service-controller",
        count=9,
        first=stage.ago(minutes=38),
        at=stage.ago(minutes=3),
    )


def _mesh_gateway(stage: Stage) -> None:
    """No selector: a controller that is none of Kubernetes' own keeps the slice."""
    _service(stage, "mesh-gateway", "10.96.40.14", [service_port(15443, None, "tls")], selector=None)
    found = [
        {
            "addresses": [f"10.80.{number}.4"],
            "conditions": {"ready": number != 3, "serving": number != 3, "terminating": False},
            "zone": machine.zone,
        }
        for number, machine in enumerate(MACHINES, 1)
    ]
    stage.store.put(
        endpoint_slice(
            "mesh-gateway",
            NS,
            "mesh-gateway-tidewater",
            stage.ago(days=16),
            generation=7,
            managed_by="tidewater-mesh",
            endpoints=found,
            ports=[endpoint_port(15443, "tls")],
        )
    )


def _nightly_export(stage: Stage) -> None:
    """Every pod that matches has finished: a Service in front of a job."""
    begun = stage.ago(hours=9)
    labels = {"app": "nightly-export", "batch.kubernetes.io/job-name": "nightly-export-29402"}
    box = container("export", f"{_IMAGE}/export:1.1.0", (("http", 8080),))
    name = f"nightly-export-29402-{stage.suffix()}"
    job = owner("Job", "nightly-export-29402", stage.uid(), "batch/v1")
    head = metadata(NS, name, begun, labels=labels, ownerReferences=job)
    pod: Json = {
        "kind": "Pod",
        "metadata": head | {"uid": stage.uid()},
        "spec": pod_spec([box], restartPolicy="Never"),
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    }
    pod = kubelet.create(kubelet.schedule(pod, begun, "node-2"), begun, MACHINES[1].ip)
    pod = kubelet.run(kubelet.give_address(pod, begun, "10.244.2.251"), begun + timedelta(seconds=2))
    stage.save(kubelet.finish(pod, begun + timedelta(minutes=21), begun + timedelta(seconds=2)))
    _service(stage, "nightly-export", "10.96.40.15", [service_port(80, "http", "http")])


def _app(name: str, version: str, port: tuple[str, int] = ("http", 8080), **more: Any) -> Workload:
    """A workload of one container that is ready once its port answers."""
    ready = tcp_probe(port[0], period=5)
    box = container("main", f"{_IMAGE}/{name}:{version}", (port,), readiness=ready)
    return Workload(namespace=NS, name=name, containers=(box,), **{"replicas": 2, **more})


def _image_cache(stage: Stage) -> None:
    """Traffic stays on the node, but not every node has a pod."""
    stage.staff(_app("image-cache", "3.0.0", ("http", 5000)), stage.ago(days=40))
    ports = [service_port(5000, "http", "http")]
    _service(stage, "image-cache", "10.96.40.16", ports, internalTrafficPolicy="Local")


def _tracing(stage: Stage) -> None:
    """Headless with another target than port: DNS gives pods, and nothing translates the port."""
    stage.staff(_app("tracing", "0.112.0", ("otlp", 14317)), stage.ago(days=28))
    _service(stage, "tracing", "None", [service_port(4317, "otlp", "otlp")])


def _status_page(stage: Stage) -> None:
    """Asks for both families; its pods have IPv4 addresses only."""
    stage.staff(_app("status-page", "2.1.0"), stage.ago(days=9))
    _service(
        stage,
        "status-page",
        "10.96.40.17",
        [service_port(80, "http", "http")],
        clusterIPs=["10.96.40.17", "fd00:10:96::4011"],
        ipFamilies=["IPv4", "IPv6"],
        ipFamilyPolicy="RequireDualStack",
    )


def _syslog(stage: Stage) -> None:
    """The Service speaks UDP, the containers declare TCP under that name."""
    stage.staff(_app("syslog", "8.2406", ("syslog", 5514)), stage.ago(days=1))
    _service(stage, "syslog", "10.96.40.18", [service_port(514, "syslog", "syslog", protocol="UDP")])


def _quorum(stage: Stage) -> None:
    """The StatefulSet names a governing Service that nobody has made: its pods have no names."""
    workload = _app(
        "quorum", "3.5.21", ("client", 2379), kind="StatefulSet", replicas=3, service_name="quorum-peers"
    )
    stage.staff(workload, stage.ago(days=15))
    _service(stage, "quorum", "None", [service_port(2379, "client", "client")])


def _log_intake(stage: Stage) -> Script:
    """A pod of it takes a port of its node: there is room for three, and a fourth is asked for."""
    workload = _app("log-intake", "2.31.0", ("beats", 5044), replicas=3)
    workload.containers[0]["ports"][0]["hostPort"] = 5044
    stage.staff(workload, stage.ago(days=6))
    _service(stage, "log-intake", "10.96.40.19", [service_port(5044, "beats", "beats")])
    return accidents.crowding(stage, stage.crews[NS, "log-intake"], first=75, lasts=80, rest=120)


def _rendering(stage: Stage) -> Script:
    """Its pods have a node of their own, which falls silent and is cordoned afterwards."""
    stage.staff(_app("rendering", "1.7.3", pool=RENDERING[0].pool), stage.ago(days=3))
    _service(stage, "rendering", "10.96.40.20", [service_port(80, "http", "http")])
    return accidents.outages(stage, RENDERING[0], first=130, lasts=70, rest=480)


def _orders_db(stage: Stage) -> Script:
    """Headless, and its only pod is not ready: the name does not resolve, so shop/orders has no database."""
    ready = exec_probe("/bin/db", "accepts-connections")
    box = container("db", f"{_IMAGE}/orders-db:16.4", (("pg", 5432),), readiness=ready, memory="1Gi")
    workload = Workload(namespace=NS, name="orders-db", containers=(box,), kind="StatefulSet")
    (ref,) = stage.staff(workload, stage.ago(days=30))
    _service(stage, "orders-db", "None", [service_port(5432, "pg", "pg")])
    tail = "recovery is in progress"
    play.fell_ill(stage, ref, stage.ago(minutes=3, seconds=25), tail, count=20)
    return play.illness(stage, ref, tail, ill=260, well=40, first=2)
