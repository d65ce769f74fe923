"""The resources the demo's API server serves, and how each is named.

Names, short names and categories are those of a real server's discovery (``/api/v1``,
``/apis/apps/v1``, …). What is not listed here is answered 404.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

Json = dict[str, Any]

ALPHABET: Final = (
    "bcdfghjklmnpqrstvwxz2456789"  # of random names: no vowels, no mistakable digits (util/rand)
)


class Resource(Struct, frozen=True):
    """One collection: ``pods`` of ``v1``. ``blank`` are the fields that an empty object still shows.

    The blank fields are what Go writes for a zero value without ``omitempty``; bookmarks carry them.
    """

    name: str
    kind: str
    group: str = ""
    version: str = "v1"
    singular: str = ""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    blank: Mapping[str, Any] = {}

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As error messages name it: ``pods``, ``deployments.apps``."""
        return f"{self.name}.{self.group}" if self.group else self.name


_BLANK_TEMPLATE: Final[Json] = {"metadata": {}, "spec": {"containers": None}}
_BLANK_EVENT: Final[Json] = {
    "involvedObject": {},
    "source": {},
    "firstTimestamp": None,
    "lastTimestamp": None,
    "eventTime": None,
    "reportingComponent": "",
    "reportingInstance": "",
}
_NODE_INFO: Final = (
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
)
_BLANK_NODE: Final[Json] = {
    "spec": {},
    "status": {
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
        "nodeInfo": dict.fromkeys(_NODE_INFO, ""),
    },
}

RESOURCES: Final[tuple[Resource, ...]] = (
    Resource("endpoints", "Endpoints", singular="endpoints", short_names=("ep",)),
    Resource("events", "Event", short_names=("ev",), blank=_BLANK_EVENT),
    Resource(
        "namespaces", "Namespace", namespaced=False, short_names=("ns",), blank={"spec": {}, "status": {}}
    ),
    Resource("nodes", "Node", namespaced=False, short_names=("no",), blank=_BLANK_NODE),
    Resource(
        "pods",
        "Pod",
        short_names=("po",),
        categories=("all",),
        blank={"spec": {"containers": None}, "status": {}},
    ),
    Resource(
        "services",
        "Service",
        short_names=("svc",),
        categories=("all",),
        blank={"spec": {}, "status": {"loadBalancer": {}}},
    ),
    Resource(
        "daemonsets",
        "DaemonSet",
        "apps",
        short_names=("ds",),
        categories=("all",),
        blank={
            "spec": {"selector": None, "template": _BLANK_TEMPLATE, "updateStrategy": {}},
            "status": {
                "currentNumberScheduled": 0,
                "numberMisscheduled": 0,
                "desiredNumberScheduled": 0,
                "numberReady": 0,
            },
        },
    ),
    Resource(
        "deployments",
        "Deployment",
        "apps",
        short_names=("deploy",),
        categories=("all",),
        blank={"spec": {"selector": None, "template": _BLANK_TEMPLATE, "strategy": {}}, "status": {}},
    ),
    Resource(
        "replicasets",
        "ReplicaSet",
        "apps",
        short_names=("rs",),
        categories=("all",),
        blank={"spec": {"selector": None, "template": _BLANK_TEMPLATE}, "status": {"replicas": 0}},
    ),
    Resource(
        "statefulsets",
        "StatefulSet",
        "apps",
        short_names=("sts",),
        categories=("all",),
        blank={
            "spec": {
                "selector": None,
                "template": _BLANK_TEMPLATE,
                "serviceName": "",
                "updateStrategy": {},
            },
            "status": {"replicas": 0, "availableReplicas": 0},
        },
    ),
    Resource(
        "endpointslices",
        "EndpointSlice",
        "discovery.k8s.io",
        blank={"addressType": "", "endpoints": None, "ports": None},
    ),
    Resource(
        "networkpolicies",
        "NetworkPolicy",
        "networking.k8s.io",
        singular="networkpolicy",
        short_names=("netpol",),
        blank={"spec": {"podSelector": {}}},
    ),
)
BY_NAME: Final[Mapping[str, Resource]] = {resource.name: resource for resource in RESOURCES}
BY_KIND: Final[Mapping[str, Resource]] = {resource.kind: resource for resource in RESOURCES}


def resource_of(obj: Json) -> Resource:
    """The collection an object belongs to, by its ``kind``. Raises KeyError for a kind not served."""
    return BY_KIND[obj["kind"]]
