"""kubectl against a real control plane, and the kubelet's part played by hand.

There is no kubelet: pods get a node by ``spec.nodeName`` and their status by patches, as
pkg/kubelet/status writes it; Unhealthy events as its prober records them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml


def now(ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(timespec="seconds").replace("+00:00", "Z")


def real_kubeconfig() -> str:
    named = os.environ.get("EPVIEW_TEST_KUBECONFIG", "")
    return named if named and Path(named).exists() and shutil.which("kubectl") else ""


class Kubectl:
    """One kubeconfig and one namespace."""

    def __init__(self, kubeconfig: str, namespace: str) -> None:
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def __call__(self, *words: str, stdin: str | None = None, check: bool = True) -> str:
        command = ["kubectl", "--kubeconfig", self.kubeconfig, "-n", self.namespace, *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    def apply(self, *objects: Mapping[str, Any]) -> None:
        self("apply", "-f", "-", stdin=yaml.safe_dump_all([dict(o) for o in objects]))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("get", kind, name, "-o", "json"))
        return found

    # -- the kubelet --------------------------------------------------------------------------

    def pod(self, name: str, labels: Mapping[str, str], *, ports: list[dict[str, Any]], node: str) -> None:
        container = {
            "name": "api",
            "image": "registry.example/api:1",
            "ports": ports,
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": ports[0]["containerPort"]}},
        }
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "labels": dict(labels)},
                "spec": {"nodeName": node, "containers": [container]},
            }
        )

    def run(
        self, name: str, ip: str, *, ready: bool, changed_ago: float = 0, started_ago: float = 300
    ) -> None:
        """The pod runs; ``ready`` is its Ready condition, changed so many seconds ago."""
        state = "True" if ready else "False"
        changed = now(changed_ago)
        why = (
            {}
            if ready
            else {"reason": "ContainersNotReady", "message": "containers with unready status: [api]"}
        )
        conditions = [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": now(started_ago)},
            {"type": "Initialized", "status": "True", "lastTransitionTime": now(started_ago)},
            {"type": "ContainersReady", "status": state, "lastTransitionTime": changed, **why},
            {"type": "Ready", "status": state, "lastTransitionTime": changed, **why},
        ]
        status = {
            "phase": "Running",
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "hostIP": "172.18.0.3",
            "startTime": now(started_ago),
            "conditions": conditions,
            "containerStatuses": [
                {
                    "name": "api",
                    "image": "registry.example/api:1",
                    "imageID": "registry.example/api@sha256:00",
                    "ready": ready,
                    "started": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": now(started_ago)}},
                    "lastState": {},
                }
            ],
        }
        self.patch_status(name, status)

    def patch_status(self, name: str, status: Mapping[str, Any]) -> None:
        self(
            "patch", "pod", name, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status})
        )

    def unhealthy(self, pod: str, message: str, count: int, *, kind: str = "Readiness") -> None:
        """The event the kubelet records for a failed probe, and patches from then on."""
        uid = self.get("pod", pod)["metadata"]["uid"]
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{pod}.unhealthy"},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "namespace": self.namespace,
                    "name": pod,
                    "uid": uid,
                    "fieldPath": "spec.containers{api}",
                },
                "type": "Warning",
                "reason": "Unhealthy",
                "message": f"{kind} probe failed: {message}",
                "source": {"component": "kubelet", "host": "node-1"},
                "firstTimestamp": now(120),
                "lastTimestamp": now(2),
                "count": count,
            }
        )

    def nodes(self, *names: str) -> None:
        for name in names:
            self.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {
                        "name": name,
                        "labels": {"topology.kubernetes.io/zone": f"zone-{name[-1]}"},
                    },
                }
            )


def service(name: str, selector: Mapping[str, str] | None, *ports: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {"ports": list(ports)}
    if selector:
        spec["selector"] = dict(selector)
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
