"""Event, Node and Namespace, as core/v1 has them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from epview.core.objects.meta import Api, Condition, Object, ObjectReference


class EventSeries(Api, frozen=True):
    count: int = 0
    last_observed_time: datetime | None = None


class EventSource(Api, frozen=True):
    component: str = ""
    host: str = ""


class Event(Object, frozen=True):
    """A core/v1 Event, in either of its two spellings (client-go tools/record, events.k8s.io)."""

    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
    source: EventSource | None = None
    reporting_component: str = ""

    @property
    def last_seen(self) -> datetime | None:
        series = self.series.last_observed_time if self.series else None
        return (
            series
            or self.last_timestamp
            or self.event_time
            or self.first_timestamp
            or self.metadata.creation_timestamp
        )

    @property
    def first_seen(self) -> datetime | None:
        return self.first_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def times(self) -> int:
        """How often it happened, at least: the recorder drops repeats beyond its rate limit."""
        return (self.series.count if self.series else 0) or self.count or 1


class NodeAddress(Api, frozen=True):
    type: str = ""
    address: str = ""


class Taint(Api, frozen=True):
    key: str = ""
    effect: str = ""


class NodeSpec(Api, frozen=True):
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeStatus(Api, frozen=True):
    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()


ZONE_LABEL: Final = "topology.kubernetes.io/zone"


class Node(Object, frozen=True):
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def zone(self) -> str:
        return self.metadata.labels.get(ZONE_LABEL, "")

    @property
    def schedulable(self) -> bool:
        """Ready, not cordoned, and without a taint that keeps pods away which do not tolerate it."""
        ready = any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)
        repels = any(taint.effect in ("NoSchedule", "NoExecute") for taint in self.spec.taints)
        return ready and not self.spec.unschedulable and not repels


class NamespaceStatus(Api, frozen=True):
    phase: str = ""


class Namespace(Object, frozen=True):
    status: NamespaceStatus = NamespaceStatus()
