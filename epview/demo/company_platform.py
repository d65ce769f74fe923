"""Namespace ``platform``: names, signals, gateways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from epview.demo import kubelet
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
from epview.demo.stage import MACHINES, Script, Stage

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
    yield from ()


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
