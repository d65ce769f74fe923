"""Namespace ``payments``: money, and the ways in and out of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from epview.core.objects import ENDPOINTS_MANAGED_BY_LABEL, SLICE_CONTROLLER
from epview.demo import kubelet
from epview.demo import scripts as play
from epview.demo.resources import Json
from epview.demo.shapes import (
    Workload,
    container,
    endpoint_port,
    endpoint_slice,
    endpoints,
    http_probe,
    owner,
    service,
    service_port,
    tcp_probe,
)
from epview.demo.stage import MACHINES, Script, Stage

NS: Final = "payments"
_IMAGE: Final = "registry.harbour.example/payments"


def build_payments(stage: Stage) -> Iterator[Script]:
    """Write the namespace's Services; gives the stories that go on in it."""
    _payments_api(stage)
    _bank_link(stage)
    _ledger(stage)
    yield _statements(stage)
    _fraud(stage)
    _fx_rates(stage)
    _card_network(stage)
    _settlement(stage)


def _service(stage: Stage, name: str, address: str, ports: list[Json], **spec: Any) -> Json:
    spec.setdefault("selector", {"app": name})
    made = service(
        NS,
        name,
        stage.ago(days=77),
        ports,
        cluster_ip=address,
        labels={"app": name, "team": "payments"},
        **spec,
    )
    return stage.store.put(made).obj


def _app(name: str, version: str, *, replicas: int = 2, kind: str = "Deployment", **spec: Any) -> Workload:
    api = container(
        "api",
        f"{_IMAGE}/{name}:{version}",
        (("http", 8080),),
        readiness=http_probe("/healthz", "http"),
        liveness=tcp_probe("http", delay=15),
    )
    return Workload(namespace=NS, name=name, containers=(api,), replicas=replicas, kind=kind, spec=spec)


def _payments_api(stage: Stage) -> None:
    """Healthy; clients stick to one pod (session affinity)."""
    stage.staff(_app("payments-api", "9.3.0", replicas=3), stage.ago(days=2))
    affinity = {"clientIP": {"timeoutSeconds": 10800}}
    _service(
        stage,
        "payments-api",
        "10.96.31.10",
        [service_port(443, "http", "https", app="https")],
        sessionAffinity="ClientIP",
        sessionAffinityConfig=affinity,
    )


def _bank_link(stage: Stage) -> None:
    """LoadBalancer with an address; nodes without a pod drop what arrives at them."""
    stage.staff(_app("bank-link", "1.0.12"), stage.ago(days=8))
    _service(
        stage,
        "bank-link",
        "10.96.31.11",
        [service_port(443, "http", "https", node_port=31443)],
        type="LoadBalancer",
        externalTrafficPolicy="Local",
        healthCheckNodePort=32100,
        allocateLoadBalancerNodePorts=True,
        status={"loadBalancer": {"ingress": [{"ip": "203.0.113.24", "ipMode": "VIP"}]}},
    )


def _ledger(stage: Stage) -> None:
    """Headless, and publishes its unready peer on purpose: they must find one another to start."""
    workload = _app("ledger", "12.1", replicas=3, kind="StatefulSet")
    crew = stage.hire(workload, stage.ago(days=20))
    for number in range(2):
        stage.save(stage.veteran(crew, stage.ago(days=20) + timedelta(seconds=30 * number)))
    ref = stage.save(stage.veteran(crew, stage.ago(minutes=14), ready=False))
    pod = stage.pod(ref)
    tail = 'Get "http://{ip}:8080/healthz": dial tcp {ip}:8080: connect: connection refused'
    stage.unhealthy(pod, "api", tail, count=24, first=stage.ago(minutes=13, seconds=50), at=stage.ago(20))
    _service(stage, "ledger", "None", [service_port(8080, "http", "http")], publishNotReadyAddresses=True)


def _statements(stage: Stage) -> Script:
    """Its only pod is being deleted, its successor is not ready: the old one still gets the traffic."""
    workload = _app("statements", "3.3.3", replicas=1, terminationGracePeriodSeconds=120)
    old = stage.staff(workload, stage.ago(days=1))[0]
    _service(stage, "statements", "10.96.31.12", [service_port(80, "http", "http")])
    pod = stage.pod(old)
    stage.save(kubelet.delete(pod, stage.ago(12), 120))
    stage.event(pod, "Killing", "Stopping container api", container="api", at=stage.ago(12))
    crew = stage.crews[NS, "statements"]
    new = stage.veteran(crew, stage.ago(12), ready=False)
    stage.save(new)
    stage.started(new, stage.ago(9))
    return play.handovers(stage, crew, old, warm_up=38, grace=120, rest=30)


def _fraud(stage: Stage) -> None:
    """The selector was removed: Endpoints are frozen, one address is of a pod that is long gone.

    What is left is written here as it lay there at that moment; the mirroring controller adds its
    copy, so every address is there twice.
    """
    refs = stage.staff(_app("fraud", "0.8.0"), stage.ago(days=5))
    made = stage.ago(days=40)
    served = _service(stage, "fraud", "10.96.31.13", [service_port(80, "http", "http")], selector=None)
    pod = stage.pod(refs[0])
    node, meta = pod["spec"]["nodeName"], pod["metadata"]
    known = (
        ("10.244.1.2", "fraud-5f7c9d8b6-k2v7x", stage.uid()),  # long gone
        (pod["status"]["podIP"], meta["name"], meta["uid"]),
    )
    targets = [(ip, {"kind": "Pod", "namespace": NS, "name": name, "uid": uid}) for ip, name, uid in known]
    labels = {"app": "fraud", "team": "payments"}
    ports = [endpoint_port(8080, "http")]
    managed = labels | {ENDPOINTS_MANAGED_BY_LABEL: "endpoint-controller"}
    lying = endpoints(NS, "fraud", made, [], ports, labels=managed)
    lying["subsets"][0]["addresses"] = [
        {"ip": ip, "nodeName": node, "targetRef": target} for ip, target in targets
    ]
    stage.store.put(lying)
    zone = next(machine.zone for machine in MACHINES if machine.name == node)
    conditions = {"ready": True, "serving": True, "terminating": False}
    stage.store.put(
        endpoint_slice(
            "fraud",
            NS,
            "fraud-x8m2q",
            made,
            generateName="fraud-",
            generation=3,
            labels=labels,
            managed_by=SLICE_CONTROLLER,
            ownerReferences=owner("Service", "fraud", served["metadata"]["uid"], "v1"),
            endpoints=[
                {
                    "addresses": [ip],
                    "conditions": conditions,
                    "targetRef": target,
                    "nodeName": node,
                    "zone": zone,
                }
                for ip, target in targets
            ],
            ports=ports,
        )
    )


def _fx_rates(stage: Stage) -> None:
    """ExternalName: nothing but a CNAME."""
    _service(stage, "fx-rates", "", [], selector=None, type="ExternalName", externalName="rates.fx.example")


def _card_network(stage: Stage) -> None:
    """A third party's API: an EndpointSlice written by hand, no Endpoints at all."""
    _service(stage, "card-network", "10.96.31.14", [service_port(443, 8443, "https")], selector=None)
    stage.store.put(
        endpoint_slice(
            "card-network",
            NS,
            "card-network-1",
            stage.ago(days=35),
            generation=2,
            managed_by="payments-team",
            endpoints=[
                {"addresses": ["198.51.100.17"], "conditions": {"ready": True}},
                {"addresses": ["198.51.100.18"], "conditions": {"ready": True}},
            ],
            ports=[endpoint_port(8443, "https")],
        )
    )


def _settlement(stage: Stage) -> None:
    """No selector, and the Endpoints somebody wrote for it is spelled ``setlement``."""
    _service(stage, "settlement", "10.96.31.15", [service_port(1433)], selector=None)
    where = endpoints(NS, "setlement", stage.ago(days=2), ["192.168.7.31"], [endpoint_port(1433)])
    stage.store.put(where)
