"""The watched kinds: one line makes a kind."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from epview.core.objects.cluster import Event, Namespace, Node
from epview.core.objects.endpoints import Endpoints, EndpointSlice
from epview.core.objects.meta import Object
from epview.core.objects.networkpolicy import NetworkPolicy
from epview.core.objects.pod import Pod
from epview.core.objects.service import Service
from epview.core.objects.workload import CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet


class Kind(Struct, frozen=True):
    """A watched kind: where the API serves it and which Struct reads it. One line makes a kind.

    ``required`` kinds decide reachability: without one of them epview says so in every verdict.
    """

    kind: str
    resource: str
    api: str
    struct: type[Object]
    namespaced: bool = True
    required: bool = True

    @property
    def version(self) -> str:
        """The ``apiVersion`` of its objects."""
        return self.api.removeprefix("/apis/").removeprefix("/api/")

    def path(self, namespace: str | None = None, name: str = "") -> str:
        """The URL path of the collection (``namespace=None``: all namespaces) or of one object."""
        scope = f"/namespaces/{namespace}" if namespace is not None and self.namespaced else ""
        return f"{self.api}{scope}/{self.resource}" + (f"/{name}" if name else "")


KINDS: Final[tuple[Kind, ...]] = (
    Kind("Service", "services", "/api/v1", Service),
    Kind("Endpoints", "endpoints", "/api/v1", Endpoints),
    Kind("EndpointSlice", "endpointslices", "/apis/discovery.k8s.io/v1", EndpointSlice),
    Kind("Pod", "pods", "/api/v1", Pod),
    Kind("Event", "events", "/api/v1", Event),
    Kind("Node", "nodes", "/api/v1", Node, namespaced=False, required=False),
    Kind("Namespace", "namespaces", "/api/v1", Namespace, namespaced=False, required=False),
    Kind("NetworkPolicy", "networkpolicies", "/apis/networking.k8s.io/v1", NetworkPolicy, required=False),
    Kind("Deployment", "deployments", "/apis/apps/v1", Deployment, required=False),
    Kind("ReplicaSet", "replicasets", "/apis/apps/v1", ReplicaSet, required=False),
    Kind("StatefulSet", "statefulsets", "/apis/apps/v1", StatefulSet, required=False),
    Kind("DaemonSet", "daemonsets", "/apis/apps/v1", DaemonSet, required=False),
)
"""The kinds that are watched."""

READ_KINDS: Final[tuple[Kind, ...]] = (
    *KINDS,
    Kind("Job", "jobs", "/apis/batch/v1", Job, required=False),
    Kind("CronJob", "cronjobs", "/apis/batch/v1", CronJob, required=False),
)
"""The kinds that are read from files: in manifests a Job, too, stands for the pods it would make."""

BY_KIND: Final[dict[str, Kind]] = {kind.kind: kind for kind in READ_KINDS}
BY_RESOURCE: Final[dict[str, Kind]] = {kind.resource: kind for kind in KINDS}
