"""Builders of API objects, as complete as a real cluster's (core/v1 and apps/v1 defaulting)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from epview.core.objects import MANAGED_BY_LABEL, SERVICE_NAME_LABEL
from epview.demo.clock import rfc3339
from epview.demo.resources import Json

POOL_LABEL: Final = "harbour.example/pool"
"""Of a node and of the pods that are meant for its kind."""

Ports = Sequence[tuple[str, int] | tuple[str, int, str]]

_TOLERATIONS: Final = [
    {
        "key": f"node.kubernetes.io/{key}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for key in ("not-ready", "unreachable")
]


def metadata(namespace: str, name: str, created: datetime, **more: Any) -> Json:
    """``more`` are further fields; empty ones are left out, as the API does."""
    head: Json = {"name": name} | ({"namespace": namespace} if namespace else {})
    return head | {"creationTimestamp": rfc3339(created)} | {k: v for k, v in more.items() if v}


def owner(kind: str, name: str, uid: str, api_version: str = "apps/v1") -> list[Json]:
    """The ``ownerReferences`` of what a controller made."""
    reference = {"apiVersion": api_version, "kind": kind, "name": name, "uid": uid}
    return [reference | {"controller": True, "blockOwnerDeletion": True}]


# -- containers ----------------------------------------------------------------------------------


def http_probe(path: str, port: int | str, **more: int) -> Json:
    return {"httpGet": {"path": path, "port": port, "scheme": "HTTP"}, **_probe_times(**more)}


def tcp_probe(port: int | str, **more: int) -> Json:
    return {"tcpSocket": {"port": port}, **_probe_times(**more)}


def exec_probe(*command: str, **more: int) -> Json:
    return {"exec": {"command": list(command)}, **_probe_times(**more)}


def grpc_probe(port: int, **more: int) -> Json:
    return {"grpc": {"port": port, "service": ""}, **_probe_times(**more)}


def _probe_times(
    delay: int = 0, timeout: int = 1, period: int = 10, success: int = 1, failure: int = 3
) -> Json:
    found = {"initialDelaySeconds": delay} if delay else {}
    return found | {
        "timeoutSeconds": timeout,
        "periodSeconds": period,
        "successThreshold": success,
        "failureThreshold": failure,
    }


def container(
    name: str,
    image: str,
    ports: Ports = (),
    *,
    readiness: Json | None = None,
    liveness: Json | None = None,
    startup: Json | None = None,
    cpu: str = "100m",
    memory: str = "128Mi",
    **more: Any,
) -> Json:
    found: Json = {"name": name, "image": image}
    if ports:
        found["ports"] = [_container_port(*port) for port in ports]
    found["resources"] = {"limits": {"memory": memory}, "requests": {"cpu": cpu, "memory": memory}}
    probes = {"livenessProbe": liveness, "readinessProbe": readiness, "startupProbe": startup}
    found |= {key: probe for key, probe in probes.items() if probe}
    found |= {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    return found | more


def _container_port(name: str, number: int, protocol: str = "TCP") -> Json:
    return ({"name": name} if name else {}) | {"containerPort": number, "protocol": protocol}


def pod_spec(containers: Sequence[Json], **more: Any) -> Json:
    """A pod's spec as the API server completes it; ``more`` overrides."""
    return {
        "containers": list(containers),
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "tolerations": _TOLERATIONS,
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    } | more


# -- workloads -----------------------------------------------------------------------------------


class Workload(Struct, frozen=True, kw_only=True):
    """A Deployment, StatefulSet or DaemonSet and the pods it wants."""

    namespace: str
    name: str
    containers: tuple[Json, ...]
    replicas: int = 1
    kind: str = "Deployment"
    labels: Mapping[str, str] = {}  # of the pods; {"app": name} when empty
    service_name: str = ""  # of a StatefulSet
    spec: Mapping[str, Any] = {}  # further fields of the pod spec
    pool: str = ""  # the nodes it is meant for

    @property
    def pod_labels(self) -> dict[str, str]:
        return dict(self.labels) or {"app": self.name}

    @property
    def selector(self) -> dict[str, str]:
        labels = self.pod_labels
        return {k: labels[k] for k in ("app", "track") if k in labels} or labels

    def template(self, labels: Mapping[str, str]) -> Json:
        spec = pod_spec(self.containers, **self.spec)
        if self.pool:
            toleration = {"key": POOL_LABEL, "operator": "Equal", "value": self.pool, "effect": "NoSchedule"}
            spec["nodeSelector"] = {POOL_LABEL: self.pool}
            spec["tolerations"] = [toleration, *_TOLERATIONS]
        return {"metadata": {"labels": dict(labels)}, "spec": spec}


def deployment(workload: Workload, created: datetime, revision: int) -> Json:
    return {
        "kind": "Deployment",
        "metadata": metadata(
            workload.namespace,
            workload.name,
            created,
            generation=revision,
            labels={"app": workload.pod_labels.get("app", workload.name)},
            annotations={"deployment.kubernetes.io/revision": str(revision)},
        ),
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": workload.selector},
            "template": workload.template(workload.pod_labels),
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
            },
            "revisionHistoryLimit": 1,
            "progressDeadlineSeconds": 600,
        },
        "status": {},
    }


def replica_set(
    workload: Workload, template_hash: str, created: datetime, revision: int, owner_uid: str
) -> Json:
    labels = workload.pod_labels | {"pod-template-hash": template_hash}
    return {
        "kind": "ReplicaSet",
        "metadata": metadata(
            workload.namespace,
            f"{workload.name}-{template_hash}",
            created,
            generation=1,
            labels=labels,
            annotations={"deployment.kubernetes.io/revision": str(revision)},
            ownerReferences=owner("Deployment", workload.name, owner_uid),
        ),
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": workload.selector | {"pod-template-hash": template_hash}},
            "template": workload.template(labels),
        },
        "status": {"replicas": 0},
    }


def stateful_set(workload: Workload, created: datetime, template_hash: str) -> Json:
    revision = f"{workload.name}-{template_hash}"
    return {
        "kind": "StatefulSet",
        "metadata": metadata(
            workload.namespace, workload.name, created, generation=1, labels=workload.selector
        ),
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": workload.selector},
            "template": workload.template(workload.pod_labels),
            "serviceName": workload.service_name or workload.name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
        },
        "status": {"replicas": 0, "currentRevision": revision, "updateRevision": revision},
    }


def daemon_set(workload: Workload, created: datetime) -> Json:
    return {
        "kind": "DaemonSet",
        "metadata": metadata(
            workload.namespace, workload.name, created, generation=1, labels=workload.selector
        ),
        "spec": {
            "selector": {"matchLabels": workload.selector},
            "template": workload.template(workload.pod_labels),
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "revisionHistoryLimit": 10,
        },
        "status": {},
    }


# -- Services and what people write by hand ------------------------------------------------------


def service_port(
    port: int,
    target: int | str | None = None,
    name: str = "",
    *,
    protocol: str = "TCP",
    node_port: int = 0,
    app: str = "",
) -> Json:
    found: Json = ({"name": name} if name else {}) | {"protocol": protocol}
    found |= {"appProtocol": app} if app else {}
    found |= {"port": port, "targetPort": port if target is None else target}
    return found | ({"nodePort": node_port} if node_port else {})


def service(
    namespace: str,
    name: str,
    created: datetime,
    ports: Sequence[Json],
    *,
    cluster_ip: str,
    selector: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Json:
    """``spec`` are further fields, in the API's own spelling; ``cluster_ip=""`` for an ExternalName."""
    found: Json = {"ports": list(ports)} if ports else {}
    if selector:
        found["selector"] = dict(selector)
    if cluster_ip:
        found |= {"clusterIP": cluster_ip, "clusterIPs": [cluster_ip]}
    found |= {"type": "ClusterIP", "sessionAffinity": "None"}
    if cluster_ip:
        found |= {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        found |= {"externalTrafficPolicy": "Cluster"}
    status = spec.pop("status", {"loadBalancer": {}})
    meta = metadata(namespace, name, created, labels=dict(labels or {}), annotations=dict(annotations or {}))
    return {"kind": "Service", "metadata": meta, "spec": found | spec, "status": status}


def endpoints(
    namespace: str, name: str, created: datetime, addresses: Sequence[str], ports: Sequence[Json], **meta: Any
) -> Json:
    """Endpoints as a person writes them."""
    subset: Json = {"addresses": [{"ip": ip} for ip in addresses], "ports": list(ports)}
    return {"kind": "Endpoints", "metadata": metadata(namespace, name, created, **meta), "subsets": [subset]}


def endpoint_slice(
    service: str, namespace: str, name: str, created: datetime, *, managed_by: str = "", **body: Any
) -> Json:
    """An EndpointSlice of IPv4 addresses; ``body`` are endpoints, ports and further metadata."""
    labels = body.pop("labels", {}) | {SERVICE_NAME_LABEL: service}
    labels |= {MANAGED_BY_LABEL: managed_by} if managed_by else {}
    content = {field: body.pop(field) for field in ("endpoints", "ports")}
    head = metadata(namespace, name, created, labels=labels, **body)
    return {"kind": "EndpointSlice", "metadata": head, "addressType": "IPv4", **content}


def network_policy(
    namespace: str, name: str, created: datetime, pods: Mapping[str, str], ingress: Sequence[Json]
) -> Json:
    """Who may come in to the pods with these labels."""
    return {
        "kind": "NetworkPolicy",
        "metadata": metadata(namespace, name, created, generation=1),
        "spec": {
            "podSelector": {"matchLabels": dict(pods)},
            "ingress": list(ingress),
            "policyTypes": ["Ingress"],
        },
    }


def endpoint_port(port: int, name: str = "", protocol: str = "TCP") -> Json:
    return ({"name": name} if name else {}) | {"port": port, "protocol": protocol}
