"""The company: an invented shop, its payments, its platform and its legacy, on four nodes.

Each Service shows one concept of Kubernetes Endpoints, many of them one that goes wrong, and every rule
has its case; as many just work. The pods have plausible pasts from the first moment on; `life` makes them
move.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from epview.demo.clock import rfc3339
from epview.demo.company_legacy import build_legacy
from epview.demo.company_logs import company_story
from epview.demo.company_payments import build_payments
from epview.demo.company_platform import build_platform
from epview.demo.company_quiet import build_quiet
from epview.demo.company_shop import build_shop
from epview.demo.discovery import GIT_VERSION
from epview.demo.life import Life
from epview.demo.resources import Json
from epview.demo.shapes import (
    POOL_LABEL,
    endpoint_port,
    endpoint_slice,
    endpoints,
    metadata,
    service,
    service_port,
)
from epview.demo.stage import ALL_MACHINES, Machine, Stage
from epview.demo.store import Store

NAMESPACES: Final = ("default", "legacy", "payments", "platform", "shop")
_SKIP_MIRROR: Final = {"endpointslice.kubernetes.io/skip-mirror": "true"}
_API_SERVER: Final = "172.20.0.2"


def build_company(store: Store, seed: int) -> Life:
    """Write the whole company into a store; gives the life that goes on in it."""
    now = store.clock()
    stage = Stage(store, seed, now)
    born = now - timedelta(days=143)
    for name in NAMESPACES:
        store.put(_namespace(name, born))
    for machine in ALL_MACHINES:
        store.put(_node(machine, born, now))
    _api_server(store, born)
    scripts = [
        *build_shop(stage),
        *build_payments(stage),
        *build_platform(stage),
        *build_legacy(stage),
    ]
    build_quiet(stage)
    return Life(stage, scripts, company_story)


def _namespace(name: str, created: datetime) -> Json:
    return {
        "kind": "Namespace",
        "metadata": metadata("", name, created, labels={"kubernetes.io/metadata.name": name}),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _node(machine: Machine, created: datetime, now: datetime) -> Json:
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": "demo",
        "topology.kubernetes.io/zone": machine.zone,
    }
    spec: Json = {"podCIDR": f"{machine.prefix}.0/24", "podCIDRs": [f"{machine.prefix}.0/24"]}
    if machine.pool:
        labels[POOL_LABEL] = machine.pool
        spec["taints"] = [{"key": POOL_LABEL, "value": machine.pool, "effect": "NoSchedule"}]
    resources = {"cpu": "8", "ephemeral-storage": "102134536Ki", "memory": "16372180Ki", "pods": "110"}
    return {
        "kind": "Node",
        "metadata": metadata("", machine.name, created, labels=labels),
        "spec": spec,
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": _node_conditions(created, now),
            "addresses": [
                {"type": "InternalIP", "address": machine.ip},
                {"type": "Hostname", "address": machine.name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": machine.name,
                "systemUUID": machine.name,
                "bootID": machine.name,
                "kernelVersion": "6.12.41",
                "osImage": "Demo Linux 13",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": GIT_VERSION,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }


def _node_conditions(created: datetime, now: datetime) -> list[Json]:
    told = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    )
    beat, since = rfc3339(now), rfc3339(created)
    return [
        {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": beat,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }
        for kind, status, reason, message in told
    ]


def _api_server(store: Store, born: datetime) -> None:
    """``default/kubernetes``, as the API server writes it for itself (rules: no managed-by label)."""
    labels = {"component": "apiserver", "provider": "kubernetes"}
    ports = [service_port(443, 6443, "https")]
    store.put(service("default", "kubernetes", born, ports, cluster_ip="10.96.0.1", labels=labels))
    port = endpoint_port(6443, "https")
    store.put(endpoints("default", "kubernetes", born, [_API_SERVER], [port], labels=_SKIP_MIRROR))
    store.put(
        endpoint_slice(
            "kubernetes",
            "default",
            "kubernetes",
            born,
            generation=1,
            endpoints=[{"addresses": [_API_SERVER], "conditions": {"ready": True}}],
            ports=[port],
        )
    )
