"""What the screen of a Service asks the world besides its View, and in which order rows stand."""

from __future__ import annotations

from epview.core.objects import Endpoints, EndpointSlice, Event
from epview.core.view import Backend, ServiceView
from epview.core.world import World
from epview.present.columns import backend_rank


def backend_order(backend: Backend) -> tuple[object, ...]:
    return (backend_rank(backend), backend.pod or "", backend.address)


def event_order(event: Event) -> float:
    return -event.last_seen.timestamp() if event.last_seen else 0.0


Details = tuple[Endpoints | None, list[EndpointSlice], dict[str, Event]]


def details(world: World, service: ServiceView) -> Details:
    """What belongs to the Service in the world: Endpoints, slices, and events of it and its pods."""
    uids = dict.fromkeys([service.uid, *(backend.pod_uid for backend in service.backends)])
    events = {
        event.metadata.uid or event.metadata.name: event
        for uid in uids
        if uid
        for event in world.events_of(uid)
    }
    return world.endpoints.get(service.key), list(world.slices_of(service.key)), events
