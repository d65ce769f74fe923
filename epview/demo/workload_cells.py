"""The rows of events, nodes, namespaces and workloads in ``kubectl get`` (printers.go)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from epview.demo.cells import NONE, age, format_labels, since
from epview.demo.resources import Json


def event_cells(event: Json, now: datetime) -> list[Any]:
    first = since(event.get("firstTimestamp") or event.get("eventTime"), now)
    last = since(event["lastTimestamp"], now) if event.get("lastTimestamp") else first
    count = event.get("count") or 1
    if series := event.get("series"):
        last, count = since(series["lastObservedTime"], now), series["count"]
    about = event.get("involvedObject") or {}
    return [
        last,
        event.get("type", ""),
        event.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        _source(event),
        event.get("message", "").strip(),
        first,
        count,
        event["metadata"]["name"],
    ]


def _source(event: Json) -> str:
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent", "")
    where = source.get("host") or event.get("reportingInstance", "")
    return f"{component}, {where}" if where else component


def node_cells(node: Json, now: datetime) -> list[Any]:
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    addresses = {a["type"]: a["address"] for a in status.get("addresses") or ()}
    prefix = "node-role.kubernetes.io/"
    roles = sorted(
        k.removeprefix(prefix) for k in node["metadata"].get("labels") or {} if k.startswith(prefix)
    )
    return [
        node["metadata"]["name"],
        _node_status(node),
        ",".join(roles) or NONE,
        age(node, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_status(node: Json) -> str:
    conditions = (node.get("status") or {}).get("conditions") or ()
    ready = next((c["status"] for c in conditions if c["type"] == "Ready"), None)
    words = {"True": "Ready", None: "Unknown"}.get(ready, "NotReady")
    return f"{words},SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else words


def namespace_cells(namespace: Json, now: datetime) -> list[Any]:
    phase = (namespace.get("status") or {}).get("phase", "")
    return [namespace["metadata"]["name"], phase, age(namespace, now)]


def _template(obj: Json) -> list[Any]:
    """Container names and images of a pod template, as in the last columns of ``-o wide``."""
    containers = obj["spec"]["template"]["spec"]["containers"]
    return [",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)]


def _selector(obj: Json) -> str:
    return format_labels(obj["spec"]["selector"].get("matchLabels"))


def deployment_cells(obj: Json, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{obj['spec'].get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *_template(obj),
        _selector(obj),
    ]


def replica_set_cells(obj: Json, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        obj["spec"].get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(obj, now),
        *_template(obj),
        _selector(obj),
    ]


def stateful_set_cells(obj: Json, now: datetime) -> list[Any]:
    ready = f"{(obj.get('status') or {}).get('readyReplicas', 0)}/{obj['spec'].get('replicas', 1)}"
    return [obj["metadata"]["name"], ready, age(obj, now), *_template(obj)]


def daemon_set_cells(obj: Json, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        format_labels(obj["spec"]["template"]["spec"].get("nodeSelector")),
        age(obj, now),
        *_template(obj),
        _selector(obj),
    ]
