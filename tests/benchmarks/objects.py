"""A cluster of any size, encoded as an API server would send it: about 10 kB a pod.

Objects are templates with holes, so that 100,000 pods are made in seconds and no tree is ever built.
All Services are alike but for their numbers; one in fifty has a pod that fails its readiness probe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from epview.core.objects import BY_RESOURCE

FAILING = 50  # one Service in so many has a pod that is not ready
SERVICES_A_NAMESPACE = 25
PODS_A_NODE = 50
CREATED = "2026-01-10T08:00:00Z"


class Template:
    """An object with holes: ``@name@`` in a string is replaced, a string ``"#name#"`` becomes bare JSON."""

    def __init__(self, tree: dict[str, Any]) -> None:
        text = json.dumps(tree, separators=(",", ":")).replace('"#', "@").replace('#"', "@")
        self._parts = [part.encode() for part in re.split(r"@(\w+)@", text)]
        self._names = [part.decode() for part in self._parts[1::2]]

    def fill(self, **values: object) -> bytes:
        known = {name: str(value).encode() for name, value in values.items()}
        parts = list(self._parts)
        parts[1::2] = [known[name] for name in self._names]
        return b"".join(parts)


def _managed(manager: str, fields: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": CREATED,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **({"subresource": subresource} if subresource else {}),
    }


def _fields(tree: Any) -> dict[str, Any]:
    """What managedFields tell of a tree: each of its fields once more."""
    if isinstance(tree, dict):
        return {f"f:{key}": _fields(value) for key, value in tree.items()}
    if isinstance(tree, list) and tree and isinstance(tree[0], dict):
        keys = [
            {k: v for k, v in item.items() if k in ("name", "type", "containerPort", "ip")} for item in tree
        ]
        return {
            f"k:{json.dumps(key)}": {".": {}, **_fields(item)} for key, item in zip(keys, tree, strict=True)
        }
    return {}


def _container(name: str, port: int, variables: int) -> dict[str, Any]:
    probe = {
        "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    return {
        "name": name,
        "image": f"registry.example.com/platform/{name}:v1.42.0",
        "args": ["--config=/etc/service/config.yaml", "--log-format=json", "--shutdown-delay=15s"],
        "ports": [{"name": "http" if name == "app" else "metrics", "containerPort": port, "protocol": "TCP"}],
        "env": [{"name": f"SERVICE_SETTING_{n}", "value": f"value-of-setting-{n}"} for n in range(variables)]
        + [{"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}],
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/service", "readOnly": True},
            {"name": "cache", "mountPath": "/var/cache/service"},
            {
                "name": "kube-api-access-x7k2p",
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "readOnly": True,
            },
        ],
        **(
            {"readinessProbe": probe, "livenessProbe": {**probe, "failureThreshold": 6}}
            if name == "app"
            else {}
        ),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
        },
    }


def _pod() -> Template:
    spec = {
        "volumes": [
            {"name": "config", "configMap": {"name": "@service@-config", "defaultMode": 420}},
            {"name": "cache", "emptyDir": {}},
            {
                "name": "kube-api-access-x7k2p",
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                        {
                            "configMap": {
                                "name": "kube-root-ca.crt",
                                "items": [{"key": "ca.crt", "path": "ca.crt"}],
                            }
                        },
                    ],
                    "defaultMode": 420,
                },
            },
        ],
        "containers": [_container("app", 8080, 14), _container("exporter", 9090, 6)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "@service@",
        "nodeName": "@node@",
        "securityContext": {"fsGroup": 2000},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {
                "key": f"node.kubernetes.io/{key}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }
            for key in ("not-ready", "unreachable")
        ],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    condition = {"lastProbeTime": None, "lastTransitionTime": "@since@"}
    good = {**condition, "status": "True"}
    status = {
        "phase": "Running",
        "conditions": [
            {**good, "type": "PodReadyToStartContainers"},
            {**good, "type": "Initialized"},
            {**condition, "type": "Ready", "status": "@True@"},
            {**condition, "type": "ContainersReady", "status": "@True@"},
            {**good, "type": "PodScheduled"},
        ],
        "hostIP": "192.168.0.10",
        "hostIPs": [{"ip": "192.168.0.10"}],
        "podIP": "@ip@",
        "podIPs": [{"ip": "@ip@"}],
        "startTime": CREATED,
        "containerStatuses": [
            {
                "name": name,
                "state": {"running": {"startedAt": CREATED}},
                "lastState": {},
                "ready": "#ready#" if name == "app" else True,
                "restartCount": "#restarts#" if name == "app" else 0,
                "image": f"registry.example.com/platform/{name}:v1.42.0",
                "imageID": f"registry.example.com/platform/{name}@sha256:" + "0123456789abcdef" * 4,
                "containerID": "containerd://" + "fedcba9876543210" * 4,
                "started": True,
            }
            for name in ("app", "exporter")
        ],
        "qosClass": "Burstable",
    }
    labels = {
        "app.kubernetes.io/name": "@service@",
        "app.kubernetes.io/part-of": "shop",
        "pod-template-hash": "6d5f9c7b8",
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "@service@-6d5f9c7b8",
        "uid": "rs-@service@",
    }
    metadata = {
        "name": "@pod@",
        "generateName": "@service@-6d5f9c7b8-",
        "namespace": "@namespace@",
        "uid": "@pod@-uid",
        "resourceVersion": "@version@",
        "creationTimestamp": CREATED,
        "labels": labels,
        "annotations": {"checksum/config": "0123456789abcdef" * 4, "prometheus.io/scrape": "true"},
        "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
    }
    metadata["managedFields"] = [
        _managed(
            "kube-controller-manager", {"f:metadata": _fields({"labels": labels}), "f:spec": _fields(spec)}
        ),
        _managed(
            "kubelet",
            {"f:status": _fields({k: status[k] for k in ("conditions", "phase", "podIPs")})},
            "status",
        ),
    ]
    return Template({"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": status})


def _meta(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": "@namespace@",
        "uid": f"{name}-uid",
        "resourceVersion": "@version@",
        "creationTimestamp": CREATED,
        **more,
    }


_SELECTOR = {"app.kubernetes.io/name": "@service@"}
_POD = _pod()
_SERVICE = Template(
    {
        "metadata": _meta("@service@", labels=_SELECTOR, managedFields=[_managed("helm", {"f:spec": {}})]),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "@ip@",
            "clusterIPs": ["@ip@"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
            "selector": _SELECTOR,
            "ports": [{"name": "http", "port": "#port#", "targetPort": "http", "protocol": "TCP"}],
        },
        "status": {"loadBalancer": {}},
    }
)
_TRIGGER = {"endpoints.kubernetes.io/last-change-trigger-time": CREATED}
_ENDPOINTS = Template(
    {
        "metadata": _meta(
            "@service@",
            labels={"endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            annotations=_TRIGGER,
        ),
        "subsets": [
            {
                "addresses": "#addresses#",
                "notReadyAddresses": "#others#",
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }
        ],
    }
)
_SLICE = Template(
    {
        "metadata": _meta(
            "@service@-x7k2p",
            generateName="@service@-",
            annotations=_TRIGGER,
            labels={
                "kubernetes.io/service-name": "@service@",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        ),
        "addressType": "IPv4",
        "endpoints": "#endpoints#",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }
)
_EVENT = Template(
    {
        "metadata": _meta("@pod@.1"),
        "involvedObject": {
            "kind": "Pod",
            "namespace": "@namespace@",
            "name": "@pod@",
            "uid": "@pod@-uid",
            "fieldPath": "spec.containers{app}",
        },
        "reason": "Unhealthy",
        "type": "Warning",
        "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "count": 14,
        "firstTimestamp": "@since@",
        "lastTimestamp": "@since@",
        "source": {"component": "kubelet", "host": "@node@"},
    }
)
_WORKLOAD = {
    "replicas": "#pods#",
    "selector": {"matchLabels": _SELECTOR},
    "template": {"metadata": {"labels": _SELECTOR}, "spec": {"containers": [_container("app", 8080, 14)]}},
}
_COUNTS = {
    "replicas": "#pods#",
    "readyReplicas": "#pods#",
    "availableReplicas": "#pods#",
    "observedGeneration": 1,
}
_DEPLOYMENT = Template({"metadata": _meta("@service@"), "spec": _WORKLOAD, "status": _COUNTS})
_REPLICASET = Template(
    {
        "metadata": _meta(
            "@service@-6d5f9c7b8",
            uid="rs-@service@",
            ownerReferences=[
                {"kind": "Deployment", "name": "@service@", "uid": "@service@-uid", "controller": True}
            ],
        ),
        "spec": _WORKLOAD,
        "status": _COUNTS,
    }
)
_NODE = Template(
    {
        "metadata": {
            "name": "@node@",
            "uid": "@node@-uid",
            "labels": {"topology.kubernetes.io/zone": "zone-a"},
        },
        "spec": {},
        "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]},
    }
)
_NAMESPACE = Template({"metadata": {"name": "@namespace@"}, "status": {"phase": "Active"}})


@dataclass(frozen=True)
class Cluster:
    """So many Services, each with so many pods; ``since`` is when the failing ones failed, as the API writes it."""

    services: int
    pods_each: int = 10
    since: str = CREATED

    def namespace(self, service: int) -> str:
        return f"team-{service // SERVICES_A_NAMESPACE:03}"

    def name(self, service: int) -> str:
        return f"svc-{service:05}"

    def pod_name(self, service: int, pod: int) -> str:
        return f"{self.name(service)}-6d5f9c7b8-{pod:05}"

    def ip(self, service: int, pod: int) -> str:
        number = service * self.pods_each + pod
        return f"10.{100 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"

    def ready(self, service: int, pod: int) -> bool:
        return pod > 0 or service % FAILING != FAILING - 1

    def node(self, service: int, pod: int) -> str:
        nodes = max(3, self.services * self.pods_each // PODS_A_NODE)
        return f"node-{(service * 7 + pod) % nodes:05}"

    # -- one object as bytes ------------------------------------------------------------------------

    def pod(
        self, service: int, pod: int, *, restarts: int = 0, ready: bool | None = None, version: int = 10
    ) -> bytes:
        good = self.ready(service, pod) if ready is None else ready
        return _POD.fill(
            service=self.name(service),
            namespace=self.namespace(service),
            pod=self.pod_name(service, pod),
            node=self.node(service, pod),
            ip=self.ip(service, pod),
            since=CREATED if good else self.since,
            version=version,
            restarts=restarts,
            ready="true" if good else "false",
            True_="",
            **{"True": "True" if good else "False"},
        )

    def service(self, service: int, *, port: int = 80, version: int = 10) -> bytes:
        return _SERVICE.fill(
            **self._names(service, version), ip=f"10.96.{service >> 8 & 255}.{service & 255}", port=port
        )

    def _names(self, service: int, version: int = 10) -> dict[str, Any]:
        return {"service": self.name(service), "namespace": self.namespace(service), "version": version}

    def _target(self, service: int, pod: int) -> dict[str, Any]:
        name = self.pod_name(service, pod)
        return {"kind": "Pod", "namespace": self.namespace(service), "name": name, "uid": f"{name}-uid"}

    def _endpoints(self, service: int) -> bytes:
        lists: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for pod in range(self.pods_each):
            address = {"ip": self.ip(service, pod), "nodeName": self.node(service, pod)}
            lists[self.ready(service, pod)].append({**address, "targetRef": self._target(service, pod)})
        return _ENDPOINTS.fill(
            **self._names(service), addresses=json.dumps(lists[True]), others=json.dumps(lists[False])
        )

    def _slice(self, service: int) -> bytes:
        listed = [
            {
                "addresses": [self.ip(service, pod)],
                "conditions": {
                    "ready": self.ready(service, pod),
                    "serving": self.ready(service, pod),
                    "terminating": False,
                },
                "nodeName": self.node(service, pod),
                "zone": "zone-a",
                "targetRef": self._target(service, pod),
            }
            for pod in range(self.pods_each)
        ]
        return _SLICE.fill(**self._names(service), endpoints=json.dumps(listed))

    def _event(self, service: int, pod: int) -> bytes:
        return _EVENT.fill(
            **self._names(service),
            pod=self.pod_name(service, pod),
            node=self.node(service, pod),
            since=self.since,
        )

    # -- collections --------------------------------------------------------------------------------

    def items(self, resource: str) -> Iterator[bytes]:
        """The objects of a collection, one after the other."""
        services = range(self.services)
        pods = ((s, p) for s in services for p in range(self.pods_each))
        match resource:
            case "services":
                yield from map(self.service, services)
            case "endpoints":
                yield from map(self._endpoints, services)
            case "endpointslices":
                yield from map(self._slice, services)
            case "pods":
                yield from (self.pod(s, p) for s, p in pods)
            case "events":
                yield from (self._event(s, p) for s, p in pods if not self.ready(s, p))
            case "deployments":
                yield from (_DEPLOYMENT.fill(**self._names(s), pods=self.pods_each) for s in services)
            case "replicasets":
                yield from (_REPLICASET.fill(**self._names(s), pods=self.pods_each) for s in services)
            case "nodes":
                names = sorted({self.node(s, p) for s, p in pods})
                yield from (_NODE.fill(node=name) for name in names)
            case "namespaces":
                names = sorted({self.namespace(s) for s in services})
                yield from (_NAMESPACE.fill(namespace=name) for name in names)


def listed(resource: str, items: Iterable[bytes], more: str = "", left: int = 0) -> bytes:
    """A list of encoded objects, as the API server answers it."""
    kind = BY_RESOURCE[resource]
    meta: dict[str, Any] = {"resourceVersion": "1000"}
    if more:
        meta |= {"continue": more, "remainingItemCount": left}
    head = json.dumps({"kind": f"{kind.kind}List", "apiVersion": kind.version, "metadata": meta})
    return head[:-1].encode() + b',"items":[' + b",".join(items) + b"]}\n"


def event(type_: str, encoded: bytes) -> bytes:
    """One line of a watch."""
    return b'{"type":"%b","object":%b}\n' % (type_.encode(), encoded)


def pod_events(cluster: Cluster, count: int) -> Iterator[bytes]:
    """Lines of a watch: pods all over the cluster, each time another one, with another restart count."""
    for number in range(count):
        service, pod = number * 7919 % cluster.services, number // cluster.services % cluster.pods_each
        encoded = cluster.pod(service, pod, restarts=1 + number % 1000, version=2000 + number)
        yield event("MODIFIED", encoded)
