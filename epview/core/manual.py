"""Services without a selector: who provides their addresses, and whether anybody still keeps them."""

from __future__ import annotations

from typing import Final

from epview.core.facts import Facts
from epview.core.objects import (
    ENDPOINTS_MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SLICE_CONTROLLER,
    EndpointPort,
    EndpointSlice,
    ObjectReference,
)

KUBE_MANAGERS: Final = ("kube-controller-manager", "endpoint-controller")
HANDS: Final = (
    "kubectl",
    "helm",
    "curl",
    "python",
    "kustomize",
    "terraform",
    "argocd",
    "flux",
    "okhttp",
    "node-fetch",
)
"""Managers that stand for a person or a pipeline rather than for a controller that keeps the object."""


PEOPLE: Final = ("staff", "cluster-admins")
"""Values of the managed-by label that the documentation proposes for slices which people keep."""


def ready(facts: Facts) -> list[str]:
    """The ready addresses with their port: ``192.168.1.100:5432``; several ports give the bare address."""
    ports: dict[str, set[int]] = {}
    for address, is_ready, listed in facts.listed:
        if is_ready:
            ports.setdefault(address.ip, set()).update(p.port for p in listed if p.port)
    for endpoint, slice_ in facts.sliced:
        if endpoint.ready:
            for ip in (endpoint.addresses or ())[:1]:
                ports.setdefault(ip, set()).update(p.port for p in slice_.ports or () if p.port)
    return [_joined(ip, numbers) for ip, numbers in ports.items()]


def addresses(facts: Facts) -> list[str]:
    """All addresses, ready or not, without repeats, in order."""
    found = [address for endpoint, _ in facts.sliced for address in endpoint.addresses or ()]
    found += [address.ip for address, _, _ in facts.listed]
    return list(dict.fromkeys(found))


def ports(facts: Facts) -> list[EndpointPort] | None:
    """The distinct ports of what kube-proxy reads: slices with addresses, else the Endpoints to be mirrored.

    None where nobody lists an address.
    """
    groups = [slice_.ports or () for _, slice_ in facts.sliced] or [ports for _, _, ports in facts.listed]
    return list(dict.fromkeys(port for ports in groups for port in ports)) if groups else None


def _joined(ip: str, ports: set[int]) -> str:
    if len(ports) != 1:
        return ip
    host = f"[{ip}]" if ":" in ip else ip
    return f"{host}:{next(iter(ports))}"


def own_slices(facts: Facts) -> list[EndpointSlice]:
    """Slices somebody wrote: neither of the slice controller nor mirrored from Endpoints."""
    return [s for s in facts.slices if s.managed_by not in (SLICE_CONTROLLER, MIRRORING_CONTROLLER)]


def carried_by(facts: Facts) -> str:
    """Another manager whose slices hold ready addresses for the Service; ``""`` when there is none."""
    managers = (s.managed_by for s in own_slices(facts) if any(e.ready for e in s.endpoints or ()))
    return next((manager for manager in managers if manager and manager not in PEOPLE), "")


def carrier(facts: Facts) -> str:
    return "Endpoints" if facts.listed else "EndpointSlices"


def objects(facts: Facts) -> list[str]:
    """The objects that carry the addresses, mirrored slices left out."""
    names = [f"Endpoints/{facts.key}"] if facts.endpoints is not None else []
    return names + [f"EndpointSlice/{s.key}" for s in own_slices(facts)]


def keeper(facts: Facts) -> str:
    """The controller or owner that keeps the addresses; ``""`` when they look written by hand."""
    for slice_ in own_slices(facts):
        if slice_.managed_by and slice_.managed_by not in PEOPLE:
            return slice_.managed_by
    for obj in [facts.endpoints, *own_slices(facts)]:
        if obj is not None and obj.metadata.owner_references:
            owner = obj.metadata.owner_references[0]
            return f"{owner.kind} {owner.name}"
    return next((m for m in _managers(facts) if not m.lower().startswith((*HANDS, *KUBE_MANAGERS))), "")


def _managers(facts: Facts) -> list[str]:
    fields = [f for obj in [facts.endpoints, *own_slices(facts)] if obj for f in obj.metadata.managed_fields]
    return [f.manager for f in fields if f.manager]


def frozen(facts: Facts) -> bool:
    """The addresses were written by the endpoint controllers for a selector that is gone (rule EP504).

    Such an address names its pod, and it stands in a slice of the slice controller or in Endpoints that
    bear the endpoint controller's marks. A targetRef alone proves nothing: tools that move a Service
    from leader to leader write one too, and so may anybody.
    """
    if any(
        slice_.managed_by == SLICE_CONTROLLER and _of_pod(endpoint.target_ref)
        for endpoint, slice_ in facts.sliced
    ):
        return True
    return _by_controller(facts) and any(_of_pod(address.target_ref) for address, _, _ in facts.listed)


def _of_pod(reference: ObjectReference | None) -> bool:
    return reference is not None and reference.kind == "Pod"


def _by_controller(facts: Facts) -> bool:
    """Marks of the endpoint controller: its label (since 1.33), its annotation, or its name as a writer."""
    if facts.endpoints is None:
        return False
    meta = facts.endpoints.metadata
    return (
        meta.labels.get(ENDPOINTS_MANAGED_BY_LABEL) == "endpoint-controller"
        or meta.annotations.last_change_trigger_time is not None
        or any(entry.manager in KUBE_MANAGERS for entry in meta.managed_fields)
    )


def evidence(facts: Facts) -> list[tuple[str, str, str]]:
    """Who wrote what, as evidence."""
    rows = [(f"Service/{facts.key}", "spec.selector", "none")]
    if facts.endpoints is not None:
        rows += [
            (
                f"Endpoints/{facts.key}",
                "subsets[].addresses" if is_ready else "subsets[].notReadyAddresses",
                a.ip,
            )
            for a, is_ready, _ in facts.listed[:5]
        ]
        rows += [
            (f"Endpoints/{facts.key}", "metadata.managedFields[].manager", m)
            for m in dict.fromkeys(_managers(facts))
        ]
    rows += [
        (f"EndpointSlice/{s.key}", "endpoints[].addresses", ", ".join(e.addresses or ()))
        for s in own_slices(facts)
        for e in (s.endpoints or ())[:5]
    ]
    return rows
