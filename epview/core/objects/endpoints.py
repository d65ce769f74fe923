"""Endpoints (core/v1) and EndpointSlice (discovery.k8s.io/v1)."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import field

from epview.core.objects.meta import (
    Annotations,
    Api,
    ManagedFields,
    Object,
    ObjectReference,
    WrittenMeta,
)

APPLIED_KEPT: Final = 20
"""Addresses remembered of what kubectl applied."""


class EndpointPort(Api, frozen=True):
    """A port of a subset or a slice. ``name`` is the Service port's name; null reads as ``""``."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = "TCP"
    app_protocol: str | None = None


class EndpointAddress(Api, frozen=True):
    ip: str = ""
    hostname: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointSubset(Api, frozen=True):
    addresses: tuple[EndpointAddress, ...] | None = None
    not_ready_addresses: tuple[EndpointAddress, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None


class _Applied(Api, frozen=True):
    """Endpoints as they were applied: of all that a person wrote, the subsets alone."""

    subsets: tuple[EndpointSubset, ...] | None = None


_APPLIED: Final = msgspec.json.Decoder(_Applied)


class EndpointsAnnotations(Annotations, frozen=True):
    """``last_applied`` is cut down to the addresses written by hand as soon as it is read.

    The annotation's own text may be long and hold whatever a person wrote: it is kept nowhere.
    """

    last_applied: str | None = field(default=None, name="kubectl.kubernetes.io/last-applied-configuration")

    def __post_init__(self) -> None:
        if self.last_applied is not None:
            msgspec.structs.force_setattr(self, "last_applied", _cut(self.last_applied))

    @property
    def applied(self) -> tuple[str, ...]:
        """The addresses that kubectl last applied, those left out that name a pod: a mere export."""
        return _addresses(self.last_applied) if self.last_applied is not None else ()


def _addresses(text: str) -> tuple[str, ...]:
    try:
        subsets = _APPLIED.decode(text).subsets or ()
    except (msgspec.MsgspecError, RecursionError):
        return ()
    listed = [
        a for subset in subsets for a in (*(subset.addresses or ()), *(subset.not_ready_addresses or ()))
    ]
    return tuple(a.ip for a in listed if a.ip and a.target_ref is None)[:APPLIED_KEPT]


def _cut(text: str) -> str:
    """The same in small: again an applied object, so that cutting it once more changes nothing."""
    addresses = [{"ip": ip} for ip in _addresses(text)]
    return msgspec.json.encode({"subsets": [{"addresses": addresses}]} if addresses else {}).decode()


class _Owned(Api, frozen=True):
    """A field that a manager owns; whatever is within is skipped."""


class _EndpointsFields(Api, frozen=True):
    subsets: _Owned | None = field(default=None, name="f:subsets")


class EndpointsManagedFields(ManagedFields, frozen=True):
    """Who last wrote what: here, whether it was the subsets."""

    fields_v1: _EndpointsFields = field(default=_EndpointsFields(), name="fieldsV1")


class EndpointsMeta(WrittenMeta, frozen=True):
    annotations: EndpointsAnnotations = EndpointsAnnotations()
    managed_fields: tuple[EndpointsManagedFields, ...] = ()

    @property
    def writers(self) -> tuple[str, ...]:
        """The managers whose subsets these are."""
        return tuple(entry.manager for entry in self.managed_fields if entry.fields_v1.subsets is not None)


class Endpoints(Object, frozen=True):
    metadata: EndpointsMeta = EndpointsMeta()
    subsets: tuple[EndpointSubset, ...] | None = None


class EndpointConditions(Api, frozen=True):
    """Null ``ready`` and ``serving`` read as true, null ``terminating`` as false (discovery/v1)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForZone(Api, frozen=True):
    name: str = ""


class EndpointHints(Api, frozen=True):
    for_zones: tuple[ForZone, ...] | None = None
    for_nodes: tuple[ForZone, ...] | None = None


class Endpoint(Api, frozen=True):
    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions = EndpointConditions()
    hostname: str | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: ObjectReference | None = None
    hints: EndpointHints | None = None

    @property
    def ready(self) -> bool:
        return self.conditions.ready is not False

    @property
    def serving(self) -> bool:
        return self.conditions.serving is not False

    @property
    def terminating(self) -> bool:
        return self.conditions.terminating is True


SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
MANAGED_BY_LABEL: Final = "endpointslice.kubernetes.io/managed-by"
ENDPOINTS_MANAGED_BY_LABEL: Final = "endpoints.kubernetes.io/managed-by"
SKIP_MIRROR_LABEL: Final = "endpointslice.kubernetes.io/skip-mirror"
SLICE_CONTROLLER: Final = "endpointslice-controller.k8s.io"
MIRRORING_CONTROLLER: Final = "endpointslicemirroring-controller.k8s.io"


class EndpointSlice(Object, frozen=True):
    metadata: WrittenMeta = WrittenMeta()
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None

    @property
    def service_name(self) -> str:
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")

    @property
    def managed_by(self) -> str:
        return self.metadata.labels.get(MANAGED_BY_LABEL, "")
