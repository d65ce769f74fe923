"""``as=Table`` answers: the rows and columns that ``kubectl get`` prints.

The columns and the wording of each cell follow kubernetes pkg/printers/internalversion/printers.go.
Columns of priority 1 are those of ``-o wide``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from epview.demo import workload_cells as workloads
from epview.demo.cells import NONE, age, format_labels
from epview.demo.pod_cells import pod_cells, pod_row_conditions
from epview.demo.resources import Json, Resource

Cells = Callable[[Json, datetime], list[Any]]


class Column(Struct, frozen=True):
    """One column of a ``Table``."""

    name: str
    type: str = "string"
    priority: int = 0

    def definition(self) -> Json:
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" and not self.priority else "",
            "description": "",
            "priority": self.priority,
        }


def _columns(*names: str) -> tuple[Column, ...]:
    """``Name``, ``~IP`` for a column of ``-o wide``, ``#Count`` for a number."""
    return tuple(
        Column(name.strip("~#"), "integer" if "#" in name[:2] else "string", int("~" in name[:2]))
        for name in names
    )


def table(
    resource: Resource,
    objects: Iterable[Json],
    now: datetime,
    metadata: Json,
    *,
    include: str = "Metadata",
    header: bool = True,
) -> Json:
    """A ``Table`` of objects (without kind and apiVersion, as stored).

    ``include`` is the request's ``includeObject``: Metadata, Object or None. A watch repeats the
    column definitions only in its first event: ``header``.
    """
    columns, cells = TABLES[resource.name]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in columns] if header else None,
        "rows": [_row(resource, obj, cells(obj, now), include) for obj in objects],
    }


def _row(resource: Resource, obj: Json, cells: list[Any], include: str) -> Json:
    row: Json = {"cells": cells}
    if resource.name == "pods" and (conditions := pod_row_conditions(obj)):
        row["conditions"] = conditions
    if include == "Object":
        row["object"] = {"kind": resource.kind, "apiVersion": resource.api_version, **obj}
    elif include == "None":
        row["object"] = None
    else:
        row["object"] = {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": obj["metadata"],
        }
    return row


# -- Services, Endpoints, EndpointSlices ---------------------------------------------------------


def _service(obj: Json, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    return [
        obj["metadata"]["name"],
        spec.get("type", "ClusterIP"),
        (spec.get("clusterIPs") or [spec.get("clusterIP") or NONE])[0],
        _external(obj),
        ",".join(_service_port(port) for port in spec.get("ports") or ()) or NONE,
        age(obj, now),
        format_labels(spec.get("selector")),
    ]


def _service_port(port: Json) -> str:
    number = f"{port['port']}:{port['nodePort']}" if port.get("nodePort") else str(port["port"])
    return f"{number}/{port.get('protocol', 'TCP')}"


def _external(obj: Json) -> str:
    spec = obj.get("spec") or {}
    addresses = list(spec.get("externalIPs") or ())
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    if spec.get("type") == "LoadBalancer":
        ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        return ",".join([i.get("ip") or i.get("hostname") for i in ingress] + addresses) or "<pending>"
    return ",".join(addresses) or NONE


def _endpoints(obj: Json, now: datetime) -> list[Any]:
    subsets = obj.get("subsets") or ()
    found: list[str] = []
    for subset in subsets:
        ips = [address["ip"] for address in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        found += [f"{_bracket(ip)}:{port['port']}" for port in ports for ip in ips] if ports else ips
    return [obj["metadata"]["name"], _first_three(found) if subsets else NONE, age(obj, now)]


def _bracket(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _first_three(texts: list[str]) -> str:
    shown = ",".join(texts[:3])
    return f"{shown} + {len(texts) - 3} more..." if len(texts) > 3 else shown


def _endpoint_slice(obj: Json, now: datetime) -> list[Any]:
    ports = [str(p.get("port") or p.get("name") or "*") for p in obj.get("ports") or ()]
    addresses = [a for e in obj.get("endpoints") or () for a in e.get("addresses") or ()]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        _first_three(ports) or "<unset>",
        _first_three(addresses) or "<unset>",
        age(obj, now),
    ]


def _network_policy(obj: Json, now: datetime) -> list[Any]:
    selector = ((obj.get("spec") or {}).get("podSelector") or {}).get("matchLabels")
    return [obj["metadata"]["name"], format_labels(selector), age(obj, now)]


TABLES: Final[Mapping[str, tuple[tuple[Column, ...], Cells]]] = {
    "services": (
        _columns("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "~Selector"),
        _service,
    ),
    "endpoints": (_columns("Name", "Endpoints", "Age"), _endpoints),
    "endpointslices": (_columns("Name", "AddressType", "Ports", "Endpoints", "Age"), _endpoint_slice),
    "pods": (
        _columns(
            *("Name", "Ready", "Status", "Restarts", "Age"),
            *("~IP", "~Node", "~Nominated Node", "~Readiness Gates"),
        ),
        pod_cells,
    ),
    "events": (
        _columns(
            *("Last Seen", "Type", "Reason", "Object", "~Subobject", "~Source", "Message"),
            *("~First Seen", "~#Count", "~Name"),
        ),
        workloads.event_cells,
    ),
    "nodes": (
        _columns(
            *("Name", "Status", "Roles", "Age", "Version", "~Internal-IP", "~External-IP", "~OS-Image"),
            *("~Kernel-Version", "~Container-Runtime"),
        ),
        workloads.node_cells,
    ),
    "namespaces": (_columns("Name", "Status", "Age"), workloads.namespace_cells),
    "deployments": (
        _columns(
            *("Name", "Ready", "#Up-to-date", "#Available", "Age", "~Containers", "~Images", "~Selector")
        ),
        workloads.deployment_cells,
    ),
    "replicasets": (
        _columns("Name", "#Desired", "#Current", "#Ready", "Age", "~Containers", "~Images", "~Selector"),
        workloads.replica_set_cells,
    ),
    "statefulsets": (
        _columns("Name", "Ready", "Age", "~Containers", "~Images"),
        workloads.stateful_set_cells,
    ),
    "daemonsets": (
        _columns(
            *("Name", "#Desired", "#Current", "#Ready", "#Up-to-date", "#Available", "Node Selector"),
            *("Age", "~Containers", "~Images", "~Selector"),
        ),
        workloads.daemon_set_cells,
    ),
    "networkpolicies": (_columns("Name", "Pod-Selector", "Age"), _network_policy),
}
