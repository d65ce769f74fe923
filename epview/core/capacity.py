"""Endpoints hold at most 1,000 addresses, and of each subset at most 1,000 are mirrored.

Sources: pkg/controller/endpoint (truncateEndpoints, the annotation over-capacity);
pkg/controller/endpointslicemirroring (--mirroring-max-endpoints-per-subset, event TooManyAddressesToMirror).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from epview.core.controllers import MAX_ENDPOINTS_ADDRESSES, MAX_MIRRORED_PER_SUBSET
from epview.core.facts import Facts
from epview.core.objects import EndpointPort, Event

TOO_MANY = "TooManyAddressesToMirror"


def truncated(facts: Facts) -> bool:
    """The endpoint controller left addresses out of the Endpoints of a Service with a selector."""
    if facts.endpoints is None:
        return False
    if facts.endpoints.metadata.annotations.over_capacity == "truncated":
        return True
    full = len(facts.listed) == MAX_ENDPOINTS_ADDRESSES
    return full and len(sliced_ips(facts)) > MAX_ENDPOINTS_ADDRESSES


def crowded(facts: Facts) -> bool:
    """Hand-written Endpoints hold more addresses under the same ports than are mirrored."""
    sizes = Counter(frozenset(_names(ports)) for _, _, ports in facts.listed)
    return max(sizes.values(), default=0) > MAX_MIRRORED_PER_SUBSET


def complaint(facts: Facts) -> Event | None:
    """The mirroring controller's event about these Endpoints, where it can be seen and has not expired."""
    uid = facts.endpoints.metadata.uid if facts.endpoints else ""
    return next((event for event in facts.world.events_of(uid) if event.reason == TOO_MANY), None)


def sliced_ips(facts: Facts) -> set[str]:
    """The addresses of the Service's own family in its slices, those of terminating pods left out."""
    family = facts.service.families[0]
    return {
        ip
        for endpoint, slice_ in facts.sliced
        if slice_.address_type == family and not endpoint.terminating
        for ip in (endpoint.addresses or ())[:1]
    }


def _names(ports: Iterable[EndpointPort]) -> Iterable[tuple[str, int | None, str]]:
    return ((port.name or "", port.port, port.protocol or "TCP") for port in ports)
