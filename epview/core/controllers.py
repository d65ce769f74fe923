"""What the endpoint, endpointslice and mirroring controllers would write.

Reproduces kube-controller-manager's behaviour (measured on 1.37): which pods count, how ports
resolve, how subsets are repacked, how slices are grouped. Used to judge whether the real objects
agree, to answer "what if", to judge manifests, and to run the demo's own controllers.

Sources: pkg/controller/endpoint/endpoints_controller.go, staging endpointslice/reconciler.go and
utils.go, pkg/controller/endpointslicemirroring/reconciler.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from epview.core.objects import (
    SKIP_MIRROR_LABEL,
    Container,
    ContainerPort,
    Endpoint,
    EndpointAddress,
    EndpointConditions,
    EndpointHints,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    ForZone,
    Node,
    ObjectReference,
    Pod,
    Service,
    ServicePort,
    ip_family,
)

MAX_ENDPOINTS_ADDRESSES: Final = 1000  # beyond it Endpoints is truncated and annotated
MAX_ENDPOINTS_PER_SLICE: Final = 100  # --max-endpoints-per-slice
MAX_MIRRORED_PER_SUBSET: Final = 1000  # --mirroring-max-endpoints-per-subset

Ports = tuple[EndpointPort, ...]


class SliceGroup(Struct, frozen=True):
    """The payload of one EndpointSlice; ``ports`` is None for a placeholder without endpoints."""

    address_type: str
    ports: Ports | None
    endpoints: tuple[Endpoint, ...]


class Expected(Struct, frozen=True):
    """What both controllers would write for one Service with a selector."""

    subsets: tuple[EndpointSubset, ...] = ()
    truncated: bool = False
    slices: tuple[SliceGroup, ...] = ()


def expected(service: Service, pods: Iterable[Pod], nodes: Mapping[str, Node] | None = None) -> Expected:
    """The Endpoints subsets and EndpointSlices that ``pods`` (those matching the selector) lead to.

    ``nodes`` by name; None means that Nodes are not visible: then every node counts as existing and
    zones stay empty. Services of type ExternalName or without a selector are not reconciled.
    """
    if not reconciled(service):
        return Expected()
    listed = list(pods)
    subsets, truncated = _truncate(_subsets(service, listed))
    return Expected(subsets=subsets, truncated=truncated, slices=tuple(_slices(service, listed, nodes)))


def reconciled(service: Service) -> bool:
    """Whether the controllers write anything for this Service."""
    return bool(service.selector) and service.spec.type != "ExternalName"


# -- which pods, which address, which port ---------------------------------------------------------


def counts(pod: Pod, *, include_terminating: bool) -> bool:
    """ShouldPodBeInEndpoints: not finished, with an IP, and not terminating unless asked for."""
    return not pod.finished and bool(pod.ips) and (include_terminating or not pod.terminating)


def find_port(pod: Pod, port: ServicePort) -> int | None:
    """The number a Service port resolves to in this pod; None when its name is not found.

    A number is taken as it is: containerPort is informational. A name is looked up with its
    protocol over the containers, then over the restartable init containers (since 1.32).
    """
    target = port.target
    if isinstance(target, int):
        return target
    for container in port_containers(pod):
        for container_port in container.ports:
            if container_port.name == target and container_port.protocol == port.protocol:
                return container_port.container_port
    return None


def declared_ports(pod: Pod) -> Iterator[ContainerPort]:
    """All ports the name look-up considers, in its order."""
    for container in port_containers(pod):
        yield from container.ports


def port_containers(pod: Pod) -> tuple[Container, ...]:
    spec = pod.spec
    return spec.containers + spec.sidecars if spec.init_containers else spec.containers


def endpoint_ports(service: Service, pod: Pod) -> Ports:
    """The ports of this pod's endpoint: those of the Service that resolve, under the Service's names."""
    return tuple(
        EndpointPort(name=port.name, port=number, protocol=port.protocol, app_protocol=port.app_protocol)
        for port in service.spec.ports
        if (number := find_port(pod, port)) is not None
    )


def ready_addresses(service: Service, pods: Sequence[Pod]) -> Iterator[tuple[str, Ports]]:
    """Each address that the slice controller would list as ready, with its ports, in every family.

    What of `expected` decides where traffic goes, at a fraction of the cost: for comparing many Services.
    Every Node counts as existing.
    """
    publish = service.spec.publish_not_ready_addresses
    families = _families(service, pods)
    fixed = _fixed_ports(service)
    of_specs: dict[tuple[int, int], Ports] = {}  # pods of one workload share them, see `World`
    for pod in pods:
        if not counts(pod, include_terminating=publish) or not (publish or pod.ready):
            continue
        ports = fixed
        if ports is None:
            specs = id(pod.spec.containers), id(pod.spec.init_containers)
            ports = of_specs.get(specs) or of_specs.setdefault(specs, endpoint_ports(service, pod))
        for family in families:
            ip = next((ip for ip in pod.ips if ip_family(ip) == family), None)
            if ip is not None:
                yield ip, ports


def _fixed_ports(service: Service) -> Ports | None:
    """The ports of every pod alike, where the Service names none of them; None where each pod may differ."""
    if any(isinstance(port.target, str) for port in service.spec.ports):
        return None
    return tuple(
        EndpointPort(
            name=port.name, port=int(port.target), protocol=port.protocol, app_protocol=port.app_protocol
        )
        for port in service.spec.ports
    )


def _families(service: Service, pods: Sequence[Pod]) -> tuple[str, ...]:
    """The Service's; a manifest leaves them to the cluster, which then is of the kind its pods are."""
    if service.families_known:
        return service.families
    first = next((ip_family(ip) for pod in pods for ip in pod.ips), None)
    return (first,) if first else service.families


def _hostname(service: Service, pod: Pod) -> str:
    same = pod.spec.subdomain == service.key.name and pod.key.namespace == service.key.namespace
    return pod.spec.hostname if same else ""


def _target_ref(pod: Pod) -> ObjectReference:
    key = pod.key
    return ObjectReference(kind="Pod", namespace=key.namespace, name=key.name, uid=pod.metadata.uid)


# -- Endpoints -------------------------------------------------------------------------------------


def _subsets(service: Service, pods: Sequence[Pod]) -> tuple[EndpointSubset, ...]:
    publish = service.spec.publish_not_ready_addresses
    family = _families(service, pods)[0]
    listed: list[_Listed] = []
    for pod in pods:
        ip = next((ip for ip in pod.ips if ip_family(ip) == family), None)
        if ip is None or not counts(pod, include_terminating=publish):
            continue
        address = EndpointAddress(
            ip=ip,
            hostname=_hostname(service, pod),
            node_name=pod.spec.node_name or None,
            target_ref=_target_ref(pod),
        )
        # a pod in which no port resolves is in no subset, though it is in a slice
        ports = endpoint_ports(service, pod) if service.spec.ports else (None,)
        listed += [_Listed(port, address, publish or pod.ready) for port in ports]
    return _repack(listed)


class _Listed(NamedTuple):
    """One address under one port, None for no port; ``subset`` is the place of a subset by hand."""

    port: EndpointPort | None
    address: EndpointAddress
    ready: bool
    subset: int = 0


_AddressKey = tuple[str, str]  # IP and the uid of the target: two pods may share an IP


def _repack(listed: Iterable[_Listed]) -> tuple[EndpointSubset, ...]:
    """RepackSubsets: ports that lead to the very same addresses in the same state share a subset.

    So a port that two pods resolve differently stands in two subsets, and one they have in common in
    a third, which lists both addresses (measured). Of an address listed twice the first one stands,
    and under one port not ready beats ready. Ports are compared as Go compares them: appProtocol is
    a pointer, so those of two subsets stay two ports.
    """
    first: dict[_AddressKey, EndpointAddress] = {}
    by_port: dict[tuple[EndpointPort | None, int], dict[_AddressKey, bool]] = {}
    for port, address, ready, subset in listed:
        key = (address.ip, address.target_ref.uid if address.target_ref else "")
        first.setdefault(key, address)
        apart = subset if port is not None and port.app_protocol is not None else 0
        states = by_port.setdefault((port, apart), {})
        states[key] = ready and states.get(key, True)
    groups: dict[tuple[tuple[_AddressKey, bool], ...], list[EndpointPort]] = {}
    for (port, _), states in by_port.items():
        members = groups.setdefault(tuple(sorted(states.items())), [])
        if port is not None:
            members.append(port)
    return tuple(
        _subset([(first[key], ready) for key, ready in states], ports) for states, ports in groups.items()
    )


def _subset(addresses: Sequence[tuple[EndpointAddress, bool]], ports: list[EndpointPort]) -> EndpointSubset:
    return EndpointSubset(
        addresses=tuple(address for address, ready in addresses if ready) or None,
        not_ready_addresses=tuple(address for address, ready in addresses if not ready) or None,
        ports=tuple(sorted(ports, key=_port_order)) or None,
    )


def _port_order(port: EndpointPort) -> tuple[int, str, str]:
    return (port.port or 0, port.protocol or "", port.name or "")


def _truncate(subsets: tuple[EndpointSubset, ...]) -> tuple[tuple[EndpointSubset, ...], bool]:
    """At most 1,000 addresses in all, ready ones first (the controller's own proportions vary)."""
    ready = sum(len(s.addresses or ()) for s in subsets)
    total = ready + sum(len(s.not_ready_addresses or ()) for s in subsets)
    if total <= MAX_ENDPOINTS_ADDRESSES:
        return subsets, False
    room_ready = min(ready, MAX_ENDPOINTS_ADDRESSES)
    room_not_ready = MAX_ENDPOINTS_ADDRESSES - room_ready
    kept = []
    for subset in subsets:
        addresses = (subset.addresses or ())[:room_ready]
        not_ready = (subset.not_ready_addresses or ())[:room_not_ready]
        room_ready -= len(addresses)
        room_not_ready -= len(not_ready)
        if addresses or not_ready:
            kept.append(
                EndpointSubset(
                    addresses=addresses or None, not_ready_addresses=not_ready or None, ports=subset.ports
                )
            )
    return tuple(kept), True


# -- EndpointSlices --------------------------------------------------------------------------------


def _slices(service: Service, pods: Sequence[Pod], nodes: Mapping[str, Node] | None) -> Iterator[SliceGroup]:
    for family in _families(service, pods):
        groups: dict[Ports, list[Endpoint]] = {}
        for pod in pods:
            addresses = tuple(ip for ip in pod.ips if ip_family(ip) == family)
            if (
                not addresses
                or not counts(pod, include_terminating=True)
                or _node_missing(service, pod, nodes)
            ):
                continue
            endpoint = _endpoint(service, pod, addresses, nodes)
            groups.setdefault(endpoint_ports(service, pod), []).append(endpoint)
        if not groups:
            yield SliceGroup(family, None, ())
        for ports, endpoints in groups.items():
            for start in range(0, len(endpoints), MAX_ENDPOINTS_PER_SLICE):
                yield SliceGroup(family, ports, tuple(endpoints[start : start + MAX_ENDPOINTS_PER_SLICE]))


def _node_missing(service: Service, pod: Pod, nodes: Mapping[str, Node] | None) -> bool:
    """The slice controller skips a pod whose Node it does not know, unless unready ones are published."""
    if nodes is None or service.spec.publish_not_ready_addresses:
        return False
    return pod.spec.node_name not in nodes


def _endpoint(
    service: Service, pod: Pod, addresses: tuple[str, ...], nodes: Mapping[str, Node] | None
) -> Endpoint:
    serving = pod.ready
    ready = service.spec.publish_not_ready_addresses or (serving and not pod.terminating)
    node = (nodes or {}).get(pod.spec.node_name)
    zone = node.zone if node else ""
    return Endpoint(
        addresses=addresses,
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=pod.terminating),
        hostname=_hostname(service, pod) or None,
        node_name=pod.spec.node_name or None,
        zone=zone or None,
        target_ref=_target_ref(pod),
        hints=_hints(service, pod, zone) if ready else None,
    )


def _hints(service: Service, pod: Pod, zone: str) -> EndpointHints | None:
    """trafficDistribution: each ready endpoint is hinted to its own zone (and node)."""
    wish = service.spec.traffic_distribution
    if wish not in ("PreferClose", "PreferSameZone", "PreferSameNode"):
        return None
    zones = (ForZone(name=zone),) if zone else None
    same_node = wish == "PreferSameNode" and pod.spec.node_name
    nodes = (ForZone(name=pod.spec.node_name),) if same_node else None
    return EndpointHints(for_zones=zones, for_nodes=nodes) if zones or nodes else None


# -- mirroring -------------------------------------------------------------------------------------


def mirrored(endpoints: Endpoints) -> tuple[SliceGroup, ...]:
    """The slices the mirroring controller makes of hand-written Endpoints; see `not_mirrored_because`.

    Subsets are repacked first. At most 1,000 valid addresses of each are taken, into one slice for each
    family; mirrored endpoints carry only ``ready``, and of several with the same address, hostname and
    target name one is left. Ports with one name and two numbers or protocols, which Endpoints may have,
    are refused in a slice: nothing is written for those addresses.
    """
    groups: dict[tuple[str, Ports], dict[tuple[str, ...], Endpoint]] = {}
    for subset in _repack(_listed_by_hand(endpoints)):
        ports = subset.ports or ()
        marked = [(a, True) for a in subset.addresses or ()]
        marked += [(a, False) for a in subset.not_ready_addresses or ()]
        valid = [(_valid_ip(address.ip), address, ready) for address, ready in marked]
        for ip, address, ready in [v for v in valid if v[0]][:MAX_MIRRORED_PER_SUBSET]:
            ref = address.target_ref or ObjectReference()
            same = (ip, address.hostname, ref.namespace, ref.name)
            groups.setdefault((ip_family(ip), ports), {})[same] = _mirror(ip, address, ready=ready)
    return tuple(
        SliceGroup(family, ports, tuple(members.values())[:MAX_MIRRORED_PER_SUBSET])
        for (family, ports), members in groups.items()
        if len({port.name or "" for port in ports}) == len(ports)
    )


def _listed_by_hand(endpoints: Endpoints) -> Iterator[_Listed]:
    for number, subset in enumerate(endpoints.subsets or ()):
        for port in subset.ports or (None,):
            yield from (_Listed(port, a, True, number) for a in subset.addresses or ())
            yield from (_Listed(port, a, False, number) for a in subset.not_ready_addresses or ())


def _valid_ip(text: str) -> str:
    """The address in its usual form, ``""`` for what is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _mirror(ip: str, address: EndpointAddress, *, ready: bool) -> Endpoint:
    return Endpoint(
        addresses=(ip,),
        conditions=EndpointConditions(ready=ready),
        hostname=address.hostname or None,
        node_name=address.node_name,
        target_ref=address.target_ref,
    )


def not_mirrored_because(service: Service | None, endpoints: Endpoints) -> str:
    """Why the mirroring controller leaves these Endpoints alone; ``""`` when it mirrors them."""
    if endpoints.metadata.labels.get(SKIP_MIRROR_LABEL) == "true":
        return f"label {SKIP_MIRROR_LABEL}=true"
    if endpoints.metadata.annotations.leader is not None:
        return "a leader-election annotation keeps them from being mirrored"
    if service is None:
        return "there is no Service of that name"
    if service.selector:
        return "the Service has a selector"
    return ""
