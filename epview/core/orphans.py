"""Endpoints and EndpointSlices whose Service does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.objects import Endpoints, EndpointSlice, Key
from epview.core.world import World


def objects(world: World, key: Key) -> Iterator[tuple[str, Endpoints | EndpointSlice]]:
    """The Endpoints of that name and the slices labelled with it, each with its kind."""
    if (endpoints := world.endpoints.get(key)) is not None:
        yield "Endpoints", endpoints
    for slice_ in world.slices_of(key):
        yield "EndpointSlice", slice_


def kind(world: World, key: Key) -> str:
    return "Endpoints" if key in world.endpoints else "EndpointSlices"


def genuine(world: World, key: Key) -> bool:
    """Meant for a Service: no lock of a leader election, and kept by no other object that may live."""
    return not any(
        obj.metadata.annotations.leader is not None or obj.metadata.owner_references
        for _, obj in objects(world, key)
    )
