"""What `epview.core.controllers` expects, beside what is written: one namespace compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from epview.core.controllers import expected, mirrored, not_mirrored_because, reconciled
from epview.core.objects import (
    ENDPOINTS_MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SLICE_CONTROLLER,
    Endpoints,
    EndpointSlice,
    Key,
    Node,
    Pod,
    Service,
)

Json = dict[str, Any]
Sides = tuple[Any, Any]  # expected, written


@dataclass
class There:
    """A namespace, and the Nodes, as the project's own Structs read them."""

    services: dict[Key, Service]
    pods: list[Pod]
    nodes: dict[str, Node]
    endpoints: dict[Key, Endpoints]
    slices: list[EndpointSlice]

    def versions(self) -> set[tuple[Key, str]]:
        return {(o.key, o.metadata.resource_version) for o in (*self.endpoints.values(), *self.slices)}


def by_key(objects: Iterable[Any]) -> dict[Key, Any]:
    return {o.key: o for o in objects}


def normal(value: Any) -> Any:
    """A tree without nulls, empty strings and empty lists, which mean the same, and without order."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, Mapping):
        return {k: normal(v) for k, v in value.items() if v not in (None, "", [], ())}
    if isinstance(value, list | tuple):
        return sorted((normal(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def slices_of(groups: Iterable[Any]) -> Any:
    """Slices and `SliceGroup`s alike; an empty one counts only where its family has no other.

    The slice controller keeps the placeholder it began with if some pod, of another family, has no
    port that resolves: that pod's port set is the placeholder's.
    """
    listed = list(groups)
    filled = {group.address_type for group in listed if group.endpoints}
    wanted = ("address_type", "ports", "endpoints")
    return normal(
        [
            {name: getattr(group, name) for name in wanted}
            for group in listed
            if group.endpoints or group.address_type not in filled
        ]
    )


def compare(there: There) -> dict[str, Sides]:
    """{name: (expected, written)} of every Service and Endpoints whose two sides differ."""
    slices: dict[tuple[str, str], list[EndpointSlice]] = {}
    for found in there.slices:
        slices.setdefault((found.service_name, found.managed_by), []).append(found)
    different: dict[str, Sides] = {}
    for key in there.services.keys() | there.endpoints.keys():
        service, endpoints = there.services.get(key), there.endpoints.get(key)
        want: Json = {}
        got: Json = {}
        if service is not None and reconciled(service):
            pods = [p for p in there.pods if service.selector.items() <= p.metadata.labels.items()]
            said = expected(service, pods, there.nodes)
            assert not said.truncated
            want = {"subsets": normal(said.subsets), "slices": slices_of(said.slices)}
            got = {
                "subsets": normal(endpoints.subsets or ()) if endpoints else "no Endpoints",
                "slices": slices_of(slices.get((key.name, SLICE_CONTROLLER), ())),
            }
        elif service is not None and service.selector:
            want = {"slices": [], "managed": False}  # ExternalName: nobody writes anything
            got = {
                "slices": slices_of(slices.get((key.name, SLICE_CONTROLLER), ())),
                "managed": bool(endpoints and endpoints.metadata.labels.get(ENDPOINTS_MANAGED_BY_LABEL)),
            }
        # without a selector the slice controller leaves what it once wrote: frozen, not compared
        told = not_mirrored_because(service, endpoints) if endpoints else "no Endpoints"
        want["mirrored"] = [] if told or endpoints is None else slices_of(mirrored(endpoints))
        got["mirrored"] = slices_of(slices.get((key.name, MIRRORING_CONTROLLER), ()))
        if want != got:
            different[key.name] = (
                {part: want[part] for part in want if want[part] != got[part]},
                {part: got[part] for part in want if want[part] != got[part]},
            )
    return different
