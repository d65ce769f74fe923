"""Where kube-proxy sends a connection to a Service port, for every node.

Reproduces kube-proxy 1.37 in its iptables and nftables modes: which endpoints of the slices it knows
under a port, which of them it uses on a node, and what it does where there is none. Other data planes
read the same slices but decide for themselves.

Sources: pkg/proxy/endpointslicecache.go (join and duplicates), topology.go (the choice), serviceport.go
and pkg/api/v1/service/util.go (policies), iptables/proxier.go (REJECT, DROP), cmd/kube-proxy/app/server.go
(what is not watched at all).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Final

from msgspec import Struct

from epview.core.objects import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    ForZone,
    ObjectReference,
    Service,
    ServicePort,
)

FAMILIES: Final = ("IPv4", "IPv6")
HEADLESS_LABEL: Final = "service.kubernetes.io/headless"
PROXY_NAME_LABEL: Final = "service.kubernetes.io/service-proxy-name"


class Traffic(StrEnum):
    """To the cluster IP, or from outside to a node port, an external IP or a load balancer's address.

    A pod or node that dials such an outer address is inside: externalTrafficPolicy does not bind it.
    """

    INTERNAL = "internal"
    EXTERNAL = "external"


class Outcome(StrEnum):
    """What becomes of a new connection."""

    FORWARD = "forward"
    REJECT = "reject"  # "connection refused", at once
    DROP = "drop"  # the client runs into its time-out
    NOT_PROXIED = "not proxied"  # kube-proxy has no rule for it


class Topology(StrEnum):
    """Which hints of the endpoints narrowed the choice; named as trafficDistribution names them."""

    ANYWHERE = ""
    SAME_ZONE = "PreferSameZone"
    SAME_NODE = "PreferSameNode"


class Target(Struct, frozen=True):
    """An address and number under a Service port, as kube-proxy keeps it; ``ref`` is what stands behind."""

    address: str
    port: int
    node: str = ""
    zone: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    node_hints: tuple[str, ...] = ()
    zone_hints: tuple[str, ...] = ()
    ref: ObjectReference | None = None

    @property
    def carries(self) -> bool:
        """It gets traffic, at least where nothing else is left."""
        return self.ready or self.last_resort

    @property
    def last_resort(self) -> bool:
        """Going, but it still answers: used where nothing is ready."""
        return not self.ready and self.serving and self.terminating


class Route(Struct, frozen=True):
    """What happens to new connections from one node: see `Outcome`.

    FORWARD chooses among ``targets`` at random, each as likely as the other: that is the ``share``. With
    ``affinity`` (seconds) the choice is made once for each client address, so it is a share of clients.
    ``terminating``: nothing is ready, these are `Target.last_resort`. ``local``: a traffic policy Local
    kept the endpoints of other nodes out. ``why`` says what keeps kube-proxy away (NOT_PROXIED).
    """

    outcome: Outcome
    targets: tuple[Target, ...] = ()
    terminating: bool = False
    local: bool = False
    topology: Topology = Topology.ANYWHERE
    affinity: int | None = None
    why: str = ""

    @property
    def share(self) -> Fraction:
        """Of one target, 0 where there is none."""
        return Fraction(1, len(self.targets)) if self.targets else Fraction(0)

    def share_of(self, address: str) -> Fraction:
        """Of one address, which may stand there under several numbers."""
        return self.share * sum(target.address == address for target in self.targets)


class Proxier:
    """One Service port in the kube-proxies of one IP family; ask it for the `route` from each node.

    ``slices`` are those labelled with the Service's name. ``family`` is the Service's first one unless
    given. Building costs what the slices hold, a route next to nothing.
    """

    def __init__(
        self, service: Service, port: ServicePort, slices: Iterable[EndpointSlice], family: str = ""
    ) -> None:
        self.family = family or service.families[0]
        self.targets = targets(service, port, slices, self.family)
        self._service = service
        self._ready = tuple(t for t in self.targets if t.ready)
        self._last_resort = tuple(t for t in self.targets if t.last_resort)
        self._ready_on = _grouped(self._ready, lambda t: (t.node,))
        self._last_resort_on = _grouped(self._last_resort, lambda t: (t.node,))
        self._for_node = _hinted(self._ready, lambda t: t.node_hints)
        self._for_zone = _hinted(self._ready, lambda t: t.zone_hints)

    def route(self, node: str = "", zone: str = "", traffic: Traffic = Traffic.INTERNAL) -> Route:
        """From the node of that name in that zone; without a name from one with no endpoint and no hint."""
        why = not_proxied(self._service, self.family, traffic)
        if why:
            return Route(Outcome.NOT_PROXIED, why=why)
        if not self._ready and not self._last_resort:
            return Route(Outcome.REJECT)
        spec = self._service.spec
        affinity = (
            spec.session_affinity_config.client_ip.timeout_seconds
            if spec.session_affinity == "ClientIP"
            else None
        )
        if policy(self._service, traffic) == "Local":
            return self._local(node, affinity)
        return self._cluster(node, zone, affinity)

    def _local(self, node: str, affinity: int | None) -> Route:
        """Hints play no part here; the last resort is chosen by what this node has."""
        ready, going = self._ready_on.get(node, ()), self._last_resort_on.get(node, ())
        if not node or not (ready or going):
            return Route(Outcome.DROP, local=True)
        return Route(Outcome.FORWARD, ready or going, terminating=not ready, local=True, affinity=affinity)

    def _cluster(self, node: str, zone: str, affinity: int | None) -> Route:
        if not self._ready:
            return Route(Outcome.FORWARD, self._last_resort, terminating=True, affinity=affinity)
        for topology, hinted in (
            (Topology.SAME_NODE, self._for_node.get(node)),
            (Topology.SAME_ZONE, self._for_zone.get(zone)),
        ):
            if hinted:
                return Route(Outcome.FORWARD, hinted, topology=topology, affinity=affinity)
        return Route(Outcome.FORWARD, self._ready, affinity=affinity)


def policy(service: Service, traffic: Traffic) -> str:
    """The traffic policy that binds: ``Cluster`` or ``Local``."""
    spec = service.spec
    return spec.internal_traffic_policy if traffic is Traffic.INTERNAL else spec.external_traffic_policy


def not_proxied(service: Service, family: str, traffic: Traffic = Traffic.INTERNAL) -> str:
    """Why kube-proxy has no rule for a Service; ``""`` where it has.

    A manifest without a cluster IP passes: the API server gives it one.
    """
    if service.spec.type == "ExternalName":
        return "an ExternalName is but an alias in DNS"
    if service.headless:
        return "headless: clients dial the pods themselves"
    if PROXY_NAME_LABEL in service.metadata.labels:
        return f"left to another proxy: {service.metadata.labels[PROXY_NAME_LABEL] or 'unnamed'}"
    if service.families_known and family not in service.families:
        return f"the Service has no {family} address"
    if traffic is Traffic.EXTERNAL and not externally_accessible(service):
        return "reachable from inside only"
    return ""


def externally_accessible(service: Service) -> bool:
    """By a node port, a load balancer or an external IP."""
    return service.spec.type in ("NodePort", "LoadBalancer") or bool(service.spec.external_ips)


# -- the join --------------------------------------------------------------------------------------


def targets(
    service: Service, port: ServicePort, slices: Iterable[EndpointSlice], family: str
) -> tuple[Target, ...]:
    """What kube-proxy of that family knows under a Service port, by address and number.

    Slices of other address types and ports without a name or number are passed over; Service port and
    slice port meet by name and protocol. An address in several slices counts once, see `_precedence`.
    """
    known: dict[tuple[str, int], Target] = {}
    for slice_ in sorted(slices, key=lambda s: s.metadata.name):
        if slice_.address_type != family or (
            HEADLESS_LABEL in slice_.metadata.labels and not service.headless
        ):
            continue
        for number in _numbers(slice_.ports, port):
            for endpoint in slice_.endpoints or ():
                for address in (endpoint.addresses or ())[:1]:  # the first one only
                    found = _target(endpoint, _canonical(address), number)
                    key = (found.address, number)
                    twin = known.get(key)
                    if twin is None or _precedence(found) > _precedence(twin):
                        known[key] = found
    return tuple(target for _, target in sorted(known.items()))


def _numbers(ports: tuple[EndpointPort, ...] | None, port: ServicePort) -> Iterator[int]:
    for candidate in ports or ():
        if (
            candidate.name is not None
            and candidate.port
            and candidate.name == port.name
            and candidate.protocol == port.protocol
        ):
            yield candidate.port


def _precedence(target: Target) -> tuple[bool, bool, bool]:
    """Of twins the living one stands: an address may be given anew before its old pod is gone.

    Among several alike kube-proxy takes the one it happens to see last; here the better one, always.
    """
    return (not target.terminating, target.ready, target.serving)


def _target(endpoint: Endpoint, address: str, number: int) -> Target:
    hints = endpoint.hints
    return Target(
        address=address,
        port=number,
        node=endpoint.node_name or "",
        zone=endpoint.zone or "",
        ready=endpoint.ready,
        serving=endpoint.serving,
        terminating=endpoint.terminating,
        node_hints=_names(hints.for_nodes) if hints else (),
        zone_hints=_names(hints.for_zones) if hints else (),
        ref=endpoint.target_ref,
    )


def _names(hints: tuple[ForZone, ...] | None) -> tuple[str, ...]:
    return tuple(hint.name for hint in hints or ())


def _canonical(address: str) -> str:
    """One spelling for each IPv6 address; those of IPv4 have but one."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


# -- the choice ------------------------------------------------------------------------------------

_Groups = dict[str, tuple[Target, ...]]


def _grouped(members: Iterable[Target], names: Callable[[Target], Iterable[str]]) -> _Groups:
    groups: dict[str, list[Target]] = {}
    for target in members:
        for name in names(target):
            groups.setdefault(name, []).append(target)
    return {name: tuple(group) for name, group in groups.items()}


def _hinted(ready: tuple[Target, ...], hints: Callable[[Target], tuple[str, ...]]) -> _Groups:
    """The ready targets by what they are hinted to; empty unless every one has a hint: then none counts."""
    return _grouped(ready, lambda t: dict.fromkeys(hints(t))) if all(map(hints, ready)) else {}
