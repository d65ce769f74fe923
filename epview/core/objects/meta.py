"""Identity and metadata: what every object has."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct, field


class Key(NamedTuple):
    """Identity of an object within its kind: ``("shop", "checkout")``; cluster-scoped ones have ``""``."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Api(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Base of every Struct here: immutable, camelCase on the wire, never part of a cycle."""


class OwnerReference(Api, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class ManagedFields(Api, frozen=True):
    """Who last wrote the object through which manager (``kubectl-create``, ``helm``, …)."""

    manager: str = ""
    operation: str = ""
    time: datetime | None = None


class Annotations(Api, frozen=True):
    """The only annotations that are ever decoded (presence matters more than the value)."""

    leader: str | None = field(default=None, name="control-plane.alpha.kubernetes.io/leader")
    over_capacity: str | None = field(default=None, name="endpoints.kubernetes.io/over-capacity")
    last_change_trigger_time: str | None = field(
        default=None, name="endpoints.kubernetes.io/last-change-trigger-time"
    )


NO_ANNOTATIONS: Final = Annotations()


class ObjectMeta(Api, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)


class WrittenMeta(ObjectMeta, frozen=True):
    """Metadata of the objects whose author matters: Services, Endpoints, EndpointSlices."""

    annotations: Annotations = NO_ANNOTATIONS
    managed_fields: tuple[ManagedFields, ...] = ()


class Object(Api, frozen=True):
    """What every watched object has."""

    metadata: ObjectMeta = ObjectMeta()

    @property
    def key(self) -> Key:
        return self.metadata.key


class ObjectReference(Api, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class Condition(Api, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


def ip_family(address: str) -> str:
    """``IPv4`` or ``IPv6``, by the colon: enough for addresses that the API server validated."""
    return "IPv6" if ":" in address else "IPv4"
