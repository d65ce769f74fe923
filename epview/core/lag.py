"""Where Endpoints, EndpointSlices and the pods disagree, for longer than the controllers usually take.

Compared are ready addresses, each under its ports: nothing hangs on the others, and nothing tells since
when a pod that is not ready has its address. No disagreement are terminating pods (gone from Endpoints,
kept in slices), pods in which no port resolves (listed in slices without ports), families that Endpoints
do not have, Endpoints that are truncated or written by hand, and slices of other managers.

Sources: pkg/controller/endpoint, pkg/controller/endpointslice, pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

from epview.core import capacity, controllers
from epview.core.controllers import MAX_ENDPOINTS_ADDRESSES, Ports, SliceGroup
from epview.core.facts import BlindError, Facts, written
from epview.core.objects import (
    BY_RESOURCE,
    MIRRORING_CONTROLLER,
    SLICE_CONTROLLER,
    EndpointSlice,
    Pod,
    ip_family,
)
from epview.core.view import Phase

GRACE: Final = 10
"""Seconds that the controllers, and the streams that tell of them, may take."""


class Entry(NamedTuple):
    """A ready address under one port; the port's fields are empty where the Service has no ports."""

    ip: str
    name: str
    number: int | None
    protocol: str


Listed = tuple[str, Ports]
"""A ready address with all its ports, as a list bears it."""


class How(Enum):
    MISSING = "should be listed as ready, and is not"
    PORTS = "is listed as ready, with other ports"
    BEYOND = "is listed as ready, and should not be"


@dataclass(frozen=True, slots=True)
class Gap:
    """One address on which a list differs from what it should say, for longer than `GRACE`.

    ``pods`` have that address (none: they are gone), ``since`` is when the last of what explains it
    changed, as far as anything tells.
    """

    ip: str
    how: How
    pods: tuple[Pod, ...]
    since: datetime | None


# -- what can be judged ----------------------------------------------------------------------------


def need_watched(facts: Facts, *resources: str) -> None:
    """Raise `BlindError` unless changes of each resource are seen as they happen.

    A list now and then, or one of a while ago, tells what is listed, and not who is late.
    """
    for resource in resources:
        state = facts.world.state_of(resource, facts.key.namespace)
        if state is None or state.phase is not Phase.LIVE:
            known = facts.sees(resource) or facts.plans(resource)
            partly = known or not BY_RESOURCE[resource].required
            raise BlindError(resource, partly=partly)


def served(facts: Facts, resource: str) -> bool:
    """False where the cluster has no such resource: then there is nothing to compare with."""
    state = facts.world.state_of(resource, facts.key.namespace)
    return state is None or state.phase is not Phase.GONE


def comparable(facts: Facts) -> bool:
    """There are Endpoints, all of them the endpoint controller's: not cut off, not changed by hand.

    Without the object nobody writes Endpoints in this cluster: the controller makes an empty one too.
    """
    if facts.endpoints is None or capacity.truncated(facts):
        return False
    return all(a.target_ref is not None and a.target_ref.kind == "Pod" for a, _, _ in facts.listed)


# -- gaps ------------------------------------------------------------------------------------------


def in_slices(facts: Facts, wanted: Sequence[Listed]) -> list[Gap]:
    """Where the slices differ from what the pods and the Service ask for."""
    own = list(_of_slices(_managed(facts, SLICE_CONTROLLER)))
    return _gaps(facts, wanted, own, _slices_written(facts), others=facts.slices)


def in_endpoints(facts: Facts, wanted: Sequence[Listed]) -> list[Gap]:
    """Where the Endpoints differ from what the pods and the Service ask for; see `comparable`."""
    if len(facts.matching) > MAX_ENDPOINTS_ADDRESSES:  # to be cut off, and which of them go is not told
        return []
    family = _family(facts)
    asked = [listed for listed in wanted if ip_family(listed[0]) == family]
    return _gaps(facts, asked, list(_listed(facts)), facts.written_at)


def between_lists(facts: Facts) -> list[Gap]:
    """Where the slices differ from the Endpoints of a Service with a selector; see `comparable`."""
    going = {ip for e, _ in facts.sliced if e.terminating for ip in e.addresses or ()}
    family = _family(facts)
    own = _of_slices(s for s in _managed(facts, SLICE_CONTROLLER) if s.address_type == family)
    wanted = [listed for listed in _listed(facts) if listed[0] not in going]
    sliced = [listed for listed in own if listed[0] not in going]
    return _gaps(facts, wanted, sliced, _lists_written(facts), others=facts.slices, either=True)


def in_mirrored(facts: Facts) -> list[Gap]:
    """Where the mirrored slices differ from Endpoints written by hand."""
    mirrored, by_hand = _managed(facts, MIRRORING_CONTROLLER), facts.endpoints
    if not mirrored:
        return []
    asked = by_hand is not None and not controllers.not_mirrored_because(facts.service, by_hand)
    wanted = list(_of_slices(controllers.mirrored(by_hand) if by_hand is not None and asked else ()))
    if capacity.crowded(facts) or capacity.complaint(facts):  # what is too much is another finding
        there = {ip for ip, _ in _of_slices(facts.slices)}
        wanted = [listed for listed in wanted if listed[0] in there]
    own = list(_of_slices(mirrored))
    return _gaps(facts, wanted, own, _lists_written(facts), others=facts.slices, either=True)


def _gaps(
    facts: Facts,
    asked: Sequence[Listed],
    found_listed: Sequence[Listed],
    list_written: datetime | None,
    *,
    others: Iterable[EndpointSlice] = (),
    either: bool = False,
) -> list[Gap]:
    """Entries that are ``asked`` for and nowhere listed, and of the list itself not asked for, by address.

    ``others`` are slices in which an address is listed just as well. The list's last write dates what
    should not be in it, since the controller still said so then; with ``either`` it dates all.
    """
    if _grouped(asked) == _grouped(found_listed):  # the usual case, at little cost
        return []
    wanted, own = _entries(facts, asked), _entries(facts, found_listed)
    if wanted == own:
        return []
    listed = own | _entries(facts, _of_slices(others))
    missing = {entry.ip for entry in wanted - listed}
    beyond = {entry.ip for entry in own - wanted}
    there = {entry.ip for entry in listed}
    found = []
    for ip in sorted(missing | beyond):
        how = How.BEYOND if ip not in missing else How.PORTS if ip in there else How.MISSING
        pods = _pods_at(facts, ip)
        if any(_doubtful(facts, pod, how) for pod in pods):
            continue
        times = [_dated(pod) for pod in pods] + [written(facts.service)]
        if either or how is not How.MISSING:
            times.append(list_written)
        since = max((time for time in times if time), default=None)
        if facts.lasts(since, GRACE):
            found.append(Gap(ip, how, pods, since))
    return found


def _pods_at(facts: Facts, ip: str) -> tuple[Pod, ...]:
    """The selector's pods with that address, else any of the namespace."""
    own = tuple(pod for pod in facts.matching if ip in pod.ips and not pod.finished)
    others = (facts.world.pods.get(key) for key in facts.world.addresses.pods_at(ip))
    return own or tuple(p for p in others if p and p.key.namespace == facts.key.namespace)


def _dated(pod: Pod) -> datetime | None:
    """When a pod last changed in a way that may concern its address, as far as it tells.

    deletionTimestamp lies ahead by the grace period: until then nothing is claimed of a pod that goes.
    """
    states = [s.state for s in (*pod.status.container_statuses, *pod.status.init_container_statuses)]
    times = [
        pod.metadata.creation_timestamp,
        pod.metadata.deletion_timestamp,
        *(condition.last_transition_time for condition in pod.status.conditions),
        *(state.running.started_at for state in states if state.running),
        *(state.terminated.finished_at for state in states if state.terminated),
    ]
    return max((time for time in times if time), default=None)


# -- entries ---------------------------------------------------------------------------------------


def _of_slices(slices: Iterable[EndpointSlice | SliceGroup]) -> Iterator[Listed]:
    for slice_ in slices:
        if slice_.address_type in ("IPv4", "IPv6"):
            ports = slice_.ports or ()
            for endpoint in slice_.endpoints or ():
                if endpoint.ready and endpoint.addresses:
                    yield endpoint.addresses[0], ports


def _grouped(listed: Iterable[Listed]) -> dict[Ports, set[str]]:
    """The addresses of each set of ports, written alike or not."""
    groups: dict[Ports, set[str]] = {}
    before, ips = None, set[str]()
    for ip, ports in listed:
        if ports is not before:  # mostly one and the same: no need to hash it each time
            before, ips = ports, groups.setdefault(ports, set())
        ips.add(ip)
    return groups


def _entries(facts: Facts, listed: Iterable[Listed]) -> set[Entry]:
    if not facts.service.spec.ports:
        return {Entry(ip, "", None, "") for ip, _ in listed}
    return {
        Entry(ip, port.name or "", port.port, port.protocol or "TCP")
        for ip, ports in listed
        for port in ports
    }


def _managed(facts: Facts, manager: str) -> list[EndpointSlice]:
    return [slice_ for slice_ in facts.slices if slice_.managed_by == manager]


def _listed(facts: Facts) -> Iterator[Listed]:
    return ((address.ip, ports) for address, ready, ports in facts.listed if ready)


def _slices_written(facts: Facts) -> datetime | None:
    return max((time for slice_ in facts.slices if (time := written(slice_))), default=None)


def _lists_written(facts: Facts) -> datetime | None:
    return max((time for time in (facts.written_at, _slices_written(facts)) if time), default=None)


def _family(facts: Facts) -> str:
    """The family of the Endpoints' addresses: the Service's first, or what the manifest turned out to be."""
    first = next((address.ip for address, _, _ in facts.listed), "")
    if facts.service.families_known or not first:
        return facts.service.families[0]
    return "IPv6" if ":" in first else "IPv4"


def _doubtful(facts: Facts, pod: Pod, how: How) -> bool:
    """A named port that only a sidecar declares counts since 1.32, not before; and a pod that is published
    before anything runs in it does not tell since when it has its address.
    """
    if pod.spec.sidecars and _by_sidecar(facts, pod):
        return True
    running = any(status.state.running for status in pod.status.container_statuses)
    return how is How.MISSING and not pod.ready and not running


def _by_sidecar(facts: Facts, pod: Pod) -> bool:
    names = {(p.name, p.protocol) for container in pod.spec.containers for p in container.ports}
    asked = {(p.target, p.protocol) for p in facts.service.spec.ports if isinstance(p.target, str)}
    return bool(asked - names)
