"""The Services that just work, in all namespaces: most of a company is of their kind."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from epview.demo.shapes import Workload, container, http_probe, service, service_port, tcp_probe
from epview.demo.stage import Stage


class Quiet(Struct, frozen=True):
    """A Service with as many ready pods as it wants, since ``days``."""

    namespace: str
    name: str
    version: str
    address: str  # of the Service; "None" for a headless one before a StatefulSet
    days: int
    replicas: int = 2
    port: int = 8080


QUIET: Final = (
    Quiet("legacy", "intranet", "2.0.4", "10.96.77.30", 88),
    Quiet("legacy", "invoicing", "1.9.1", "10.96.77.31", 61),
    Quiet("legacy", "warehouse", "6.3.0", "10.96.77.32", 34),
    Quiet("payments", "disputes", "2.2.5", "10.96.31.30", 19),
    Quiet("payments", "exchange", "7.0.1", "10.96.31.31", 9),
    Quiet("payments", "vault", "1.17.2", "None", 47, 3, 8200),
    Quiet("platform", "alerts", "0.28.0", "10.96.40.30", 23),
    Quiet("platform", "builds", "4.11.0", "10.96.40.31", 3),
    Quiet("platform", "queue", "3.13.2", "None", 52, 3, 5672),
    Quiet("platform", "registry", "2.8.3", "10.96.40.32", 76, 2, 5000),
    Quiet("platform", "scheduler", "1.4.6", "10.96.40.33", 12),
    Quiet("shop", "accounts", "8.1.0", "10.96.12.30", 4, 3),
    Quiet("shop", "addresses", "2.0.9", "10.96.12.31", 15),
    Quiet("shop", "media", "5.5.5", "10.96.12.32", 27),
    Quiet("shop", "returns", "1.2.8", "10.96.12.33", 10, 3),
    Quiet("shop", "shipping", "3.7.2", "10.96.12.34", 2),
)


def build_quiet(stage: Stage) -> None:
    """Write them with their workloads and pods; nothing ever happens to them."""
    for quiet in QUIET:
        headless = quiet.address == "None"
        box = container(
            "main",
            f"registry.harbour.example/{quiet.namespace}/{quiet.name}:{quiet.version}",
            (("main", quiet.port),),
            readiness=tcp_probe("main") if headless else http_probe("/healthz", "main"),
        )
        workload = Workload(
            namespace=quiet.namespace,
            name=quiet.name,
            containers=(box,),
            replicas=quiet.replicas,
            kind="StatefulSet" if headless else "Deployment",
        )
        stage.staff(workload, stage.ago(days=quiet.days))
        stage.store.put(
            service(
                quiet.namespace,
                quiet.name,
                stage.ago(days=90),
                [service_port(quiet.port if headless else 80, "main", "main")],
                cluster_ip=quiet.address,
                selector={"app": quiet.name},
                labels={"app": quiet.name, "team": quiet.namespace},
            )
        )
