"""Namespace ``legacy``: systems outside the cluster, kept by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from epview.demo.derived import LAST_APPLIED
from epview.demo.resources import Json
from epview.demo.shapes import (
    Workload,
    container,
    endpoint_port,
    endpoints,
    service,
    service_port,
    tcp_probe,
)
from epview.demo.stage import Script, Stage

NS: Final = "legacy"


def build_legacy(stage: Stage) -> Iterator[Script]:
    """Write the namespace's Services; gives the stories that go on in it."""
    _mainframe(stage)
    _erp(stage)
    _archive(stage)
    _directory(stage)
    _print_queue(stage)
    _timeclock(stage)
    _badge_reader(stage)
    _fax(stage)
    _tills(stage)
    yield from ()


def _service(
    stage: Stage, name: str, address: int, ports: list[Json], selector: Mapping[str, str] | None = None
) -> None:
    made = service(
        NS,
        name,
        stage.ago(days=110),
        ports,
        cluster_ip=f"10.96.77.{address}",
        selector=selector,
        labels={"team": "legacy"},
    )
    stage.store.put(made)


def _by_hand(stage: Stage, name: str, addresses: Sequence[str], ports: list[Json], **meta: Any) -> None:
    """Endpoints from ``kubectl apply``, with the finger-print it leaves."""
    obj = endpoints(NS, name, stage.ago(days=109), addresses, ports, **meta)
    applied = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"annotations": {}, "name": name, "namespace": NS},
        "subsets": obj["subsets"],
    }
    text = json.dumps(applied, separators=(",", ":")) + "\n"
    obj["metadata"]["annotations"] = {LAST_APPLIED: text}
    stage.store.put(obj)


def _mainframe(stage: Stage) -> None:
    """A legacy system with two named ports on two addresses; mirrored, so it works."""
    _service(
        stage, "mainframe", 10, [service_port(3270, None, "terminal"), service_port(1414, None, "queue")]
    )
    ports = [endpoint_port(3270, "terminal"), endpoint_port(1414, "queue")]
    _by_hand(stage, "mainframe", ["192.168.9.10", "192.168.9.11"], ports)


def _erp(stage: Stage) -> None:
    """Endpoints that ask not to be mirrored: kube-proxy cannot see them."""
    _service(stage, "erp", 11, [service_port(8000)])
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    _by_hand(stage, "erp", ["192.168.9.40"], [endpoint_port(8000)], labels=labels)


def _archive(stage: Stage) -> None:
    """No selector, and nobody wrote Endpoints."""
    _service(stage, "archive", 12, [service_port(2049, None, "nfs")])


def _directory(stage: Stage) -> None:
    """The hand-written port has another name than the Service's, so no connection is led there."""
    _service(stage, "directory", 13, [service_port(636, None, "ldaps")])
    _by_hand(stage, "directory", ["192.168.9.53"], [endpoint_port(636, "ldap")])


def _print_queue(stage: Stage) -> None:
    """The hand-written address is another Service's cluster IP, which no endpoint may be."""
    _service(stage, "print-queue", 14, [service_port(80)])
    _by_hand(stage, "print-queue", ["10.96.12.10"], [endpoint_port(80)])


def _timeclock(stage: Stage) -> None:
    """Endpoints were applied by hand, but the Service has a selector: the controller overwrote them."""
    ready = tcp_probe("http", period=5)
    box = container(
        "app", "registry.harbour.example/legacy/timeclock:1.0.2", (("http", 8080),), readiness=ready
    )
    stage.staff(Workload(namespace=NS, name="timeclock", containers=(box,)), stage.ago(days=33))
    _service(stage, "timeclock", 15, [service_port(80, "http", "http")], {"app": "timeclock"})
    _by_hand(stage, "timeclock", ["192.168.9.71"], [endpoint_port(8080, "http")])


def _badge_reader(stage: Stage) -> None:
    """The hand-written address is that of a pod, and goes with it."""
    pod = next(p for p in stage.store.objects("pods", NS) if p["metadata"]["labels"]["app"] == "timeclock")
    _service(stage, "badge-reader", 16, [service_port(8080)])
    _by_hand(stage, "badge-reader", [pod["status"]["podIP"]], [endpoint_port(8080)])


def _fax(stage: Stage) -> None:
    """ExternalName with an address where a name belongs."""
    stage.store.put(
        service(
            NS,
            "fax",
            stage.ago(days=110),
            [],
            cluster_ip="",
            labels={"team": "legacy"},
            type="ExternalName",
            externalName="192.168.9.80",
        )
    )


def _tills(stage: Stage) -> None:
    """1012 tills in one list: mirroring stops at 1000, and twelve get no traffic."""
    _service(stage, "tills", 17, [service_port(9100)])
    addresses = [f"10.60.{number // 250}.{number % 250 + 1}" for number in range(1012)]
    obj = endpoints(NS, "tills", stage.ago(days=70), addresses, [endpoint_port(9100)])
    found = stage.store.put(obj)
    stage.event(
        {"kind": "Endpoints", **found.obj},
        "TooManyAddressesToMirror",
        "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset."
        " 12 addresses were skipped",
        warning=True,
        source="endpoint-slice-mirroring-controller",
        count=3,
        first=stage.ago(minutes=50),
        at=stage.ago(minutes=4),
    )
