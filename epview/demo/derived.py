"""The JSON of what the controllers write: payloads of slices, labels, annotations, owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from epview.core.controllers import SliceGroup
from epview.core.objects import (
    MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SERVICE_NAME_LABEL,
    SLICE_CONTROLLER,
)
from epview.demo.resources import Json
from epview.demo.shapes import owner

TRIGGER: Final = "endpoints.kubernetes.io/last-change-trigger-time"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_HEADLESS_LABEL: Final = "service.kubernetes.io/headless"


def plain(value: Any) -> Any:
    """A Struct as the API would write it: without nulls and empty strings (Go's omitempty)."""
    return _pruned(msgspec.to_builtins(value))


def _pruned(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {k: _pruned(v) for k, v in value.items() if v is not None and v != ""}
    if kind is list or kind is tuple:
        return [_pruned(item) for item in value]
    return value


def payload(group: SliceGroup) -> Json:
    """Port names are pointers in a slice: an empty one is written as ``""``; empty lists as null."""
    ports = [
        {"name": port.name or "", **plain({"protocol": port.protocol, "port": port.port})}
        | ({"appProtocol": port.app_protocol} if port.app_protocol else {})
        for port in group.ports or ()
    ]
    endpoints = [plain(endpoint) for endpoint in group.endpoints]
    return {"addressType": group.address_type, "endpoints": endpoints or None, "ports": ports or None}


def best_match(existing: Sequence[Json], payload: Json) -> Json | None:
    """The slice to reuse: same address type, same ports first, then any (an emptied or filled one)."""
    candidates = [obj for obj in existing if obj["addressType"] == payload["addressType"]]
    same = [obj for obj in candidates if obj.get("ports") == payload["ports"]]
    if same:
        return same[0]
    empty = [obj for obj in candidates if not obj.get("endpoints") or not payload["endpoints"]]
    return empty[0] if empty else None


def same_owner(obj: Json, meta: Json) -> bool:
    """Whether a slice has the owner and the labels of ``meta`` already."""
    found = obj["metadata"]
    return bool(
        found.get("ownerReferences") == meta["ownerReferences"] and found.get("labels") == meta["labels"]
    )


def labels_from(service: Json, more: Json) -> Json:
    """The labels of what is written for a Service: its own, the controller's, and the mark of headless."""
    headless = {_HEADLESS_LABEL: ""} if service["spec"].get("clusterIP") == "None" else {}
    return {**(service["metadata"].get("labels") or {}), **more, **headless}


def slice_metadata(service: Json, trigger: str) -> Json:
    """Labels, owner and trigger annotation of a slice that is written for a Service with a selector."""
    meta = service["metadata"]
    labels = labels_from(service, {MANAGED_BY_LABEL: SLICE_CONTROLLER, SERVICE_NAME_LABEL: meta["name"]})
    found: Json = {"labels": labels, "ownerReferences": owner("Service", meta["name"], meta["uid"], "v1")}
    return found | ({"annotations": {TRIGGER: trigger}} if trigger else {})


def mirror_metadata(endpoints: Json) -> Json:
    """All labels are copied, and the annotations but for those two."""
    meta = endpoints["metadata"]
    labels = {**(meta.get("labels") or {}), MANAGED_BY_LABEL: MIRRORING_CONTROLLER}
    labels[SERVICE_NAME_LABEL] = meta["name"]
    kept = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in (TRIGGER, LAST_APPLIED)}
    found: Json = {"labels": labels, "ownerReferences": owner("Endpoints", meta["name"], meta["uid"], "v1")}
    return found | ({"annotations": kept} if kept else {})
