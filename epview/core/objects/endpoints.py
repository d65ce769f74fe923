"""Endpoints (core/v1) and EndpointSlice (discovery.k8s.io/v1)."""

from __future__ import annotations

from typing import Final

from epview.core.objects.meta import Api, Object, ObjectReference, WrittenMeta


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


class Endpoints(Object, frozen=True):
    metadata: WrittenMeta = WrittenMeta()
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
