"""Namespace ``payments``: money, and the ways in and out of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from epview.core.objects import ENDPOINTS_MANAGED_BY_LABEL, SLICE_CONTROLLER
from epview.demo import accidents, kubelet
from epview.demo import scripts as play
from epview.demo.resources import Json
from epview.demo.shapes import (
    Workload,
    container,
    endpoint_port,
    endpoint_slice,
    endpoints,
    http_probe,
    network_policy,
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
    yield _public_api(stage)
    yield _refunds(stage)
    yield _audit(stage)
    yield from _tax(stage)
    yield _receipts(stage)
    yield _invoices(stage)


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


def _app(
    name: str,
    version: str,
    *,
    replicas: int = 2,
    kind: str = "Deployment",
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> Workload:
    api = container(
        "api",
        f"{_IMAGE}/{name}:{version}",
        (("http", 8080),),
        readiness=http_probe("/healthz", "http"),
        liveness=tcp_probe("http", delay=15),
    )
    return Workload(
        namespace=NS,
        name=name,
        containers=(api,),
        replicas=replicas,
        kind=kind,
        labels=labels or {},
        spec=spec,
    )


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
    stage.unhealthy(new, "api", kubelet.refusal(new["spec"]["containers"][0]), at=stage.ago(8))
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


def _public_api(stage: Stage) -> Script:
    """The load balancer has a say in who is ready: new pods wait at its gate."""
    gate = "target-health.elbv2.k8s.aws/k8s-payments-publicap-http"
    workload = _app("public-api", "2.6.0", replicas=3, readinessGates=[{"conditionType": gate}])
    for ref in stage.staff(workload, stage.ago(days=1, hours=3)):
        stage.save(kubelet.open_gate(stage.pod(ref), stage.ago(days=1, hours=2), gate))
    _service(stage, "public-api", "10.96.31.16", [service_port(80, "http", "http")])
    return play.gates(stage, stage.crews[NS, "public-api"], gate, first=10, waits=95, rest=120)


def _refunds(stage: Stage) -> Script:
    """Somebody widens the selector: now the pods of ``chargebacks`` get its requests, too."""
    for name in ("refunds", "chargebacks"):
        labels = {"app": name, "tier": "back-office"}
        stage.staff(_app(name, "4.2.0", replicas=3, labels=labels), stage.ago(days=11))
    _service(stage, "refunds", "10.96.31.17", [service_port(80, "http", "http")])
    _service(stage, "chargebacks", "10.96.31.18", [service_port(80, "http", "http")])
    wide = {"spec": {"selector": {"app": None, "tier": "back-office"}}}
    narrow = {"spec": {"selector": {"app": "refunds", "tier": None}}}
    return accidents.edits(stage, "services", (NS, "refunds"), wide, narrow, first=60, lasts=70, rest=140)


def _audit(stage: Stage) -> Script:
    """A NetworkPolicy lets the shop in; after an edit it lets it in to a port where nobody listens."""
    stage.staff(_app("audit", "1.1.7"), stage.ago(days=16))
    _service(stage, "audit", "10.96.31.19", [service_port(80, "http", "http")])
    shop = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    name = "allow-shop-to-audit"
    stage.store.put(network_policy(NS, name, stage.ago(days=15), {"app": "audit"}, [_rule(8080, shop)]))
    closed = {"spec": {"ingress": [_rule(8443, shop)]}}
    opened = {"spec": {"ingress": [_rule(8080, shop)]}}
    return accidents.edits(
        stage, "networkpolicies", (NS, name), closed, opened, first=110, lasts=65, rest=145
    )


def _rule(port: int, peer: Json) -> Json:
    return {"from": [peer], "ports": [{"port": port, "protocol": "TCP"}]}


def _tax(stage: Stage) -> Iterator[Script]:
    """The readiness probe asks a port on which the container has never listened."""
    probe = http_probe("/healthz", 8086)
    box = container("api", f"{_IMAGE}/tax:3.0.1", (("http", 8080),), readiness=probe)
    workload = Workload(namespace=NS, name="tax", containers=(box,), replicas=2)
    crew = stage.hire(workload, stage.ago(minutes=26))
    _service(stage, "tax", "10.96.31.20", [service_port(80, "http", "http")])
    tail = 'Get "http://{ip}:8086/healthz": dial tcp {ip}:8086: connect: connection refused'
    for number in range(2):
        made = stage.ago(minutes=26, seconds=number)
        ref = stage.save(stage.veteran(crew, made, ready=False))
        first = made + timedelta(seconds=10)
        pod = stage.pod(ref)
        stage.unhealthy(pod, "api", tail, count=25, first=first, at=stage.ago(7 - number))
        yield play.failing(stage, ref, tail, first=3 + number)


def _receipts(stage: Stage) -> Script:
    """The liveness probe has one of two restarted: it answers, but too late."""
    api = container(
        "api",
        f"{_IMAGE}/receipts:1.14.0",
        (("http", 8080),),
        readiness=http_probe("/healthz", "http", period=5),
        liveness=http_probe("/livez", "http", delay=10),
    )
    workload = Workload(namespace=NS, name="receipts", containers=(api,), replicas=2)
    refs = stage.staff(workload, stage.ago(hours=6))
    _service(stage, "receipts", "10.96.31.21", [service_port(80, "http", "http")])
    tail = play.TIMED_OUT.replace("PATH", "livez")
    return play.kills(stage, refs[1], tail, first=150, every=720, restarts=4)


def _invoices(stage: Stage) -> Script:
    """A container ends by itself, is started again at once, and is ready soon."""
    refs = stage.staff(_app("invoices", "5.0.2", replicas=3), stage.ago(days=2))
    _service(stage, "invoices", "10.96.31.22", [service_port(80, "http", "http")])
    return play.failures(stage, refs[0], first=35, every=660)
