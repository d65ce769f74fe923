"""Whose is this address? Everything that owns or lists an IP, a port or a name.

Nothing is looked up: the answer is what the API objects say, and what could not be seen is part of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from epview.core import controllers
from epview.core.objects import Endpoints, EndpointSlice, Key, Pod, Service
from epview.core.world import World

NEEDED: Final = ("services", "endpoints", "endpointslices", "pods", "nodes")
"""Without these an address may have an owner that is not seen."""


class Question(Struct, frozen=True):
    """An address or a name, and the port after it, if there was one."""

    host: str
    port: int | None = None

    @property
    def is_address(self) -> bool:
        return _address(self.host) is not None


class Owner(Struct, frozen=True):
    """One thing the address belongs to: what it ``is``, the object (``Pod/shop/web-1``), and details.

    ``services`` are the Services that lead there.
    """

    what: str
    object: str
    details: tuple[str, ...] = ()
    services: tuple[Key, ...] = ()


def parse(text: str) -> Question:
    """``10.244.1.7``, ``10.244.1.7:8080``, ``[fd00::1]:80``, ``web.shop.svc:80``, a URL.

    Raises `ValueError` with a sentence for what is none of them.
    """
    rest = text.strip().partition("://")[2] or text.strip()
    rest = rest.partition("/")[0].rpartition("@")[2]
    if _address(rest) is not None:
        return Question(str(_address(rest)))
    host, colon, port = rest.rpartition(":")
    if not colon:
        host, port = rest, ""
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    host = host.rstrip(".").lower()
    if not host or any(sign in host for sign in " \t,;[]"):
        raise ValueError(f"{text!r} is neither an address nor a name.")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ValueError(f"{port!r} is no port: expected 1 to 65535.")
    address = _address(host)
    return Question(str(address) if address else host, int(port) if port else None)


def owners(world: World, question: Question) -> list[Owner]:
    """Whom it belongs to, the nearest first: pods, Services, nodes, hand-written lists, names."""
    found = [
        *_pods(world, question),
        *_services(world, question),
        *_nodes(world, question),
        *_lists(world, question),
        *_names(world, question),
    ]
    return list(dict.fromkeys(found))


def unseen(world: World, namespaces: tuple[str, ...] | None) -> list[str]:
    """Resources that are not completely known in the scope: the owner may be among them."""
    scope = namespaces or ("",)
    return [r for r in NEEDED if not all(world.sees(r, "" if r == "nodes" else n) for n in scope)]


# -- pods ------------------------------------------------------------------------------------------


def _pods(world: World, question: Question) -> Iterator[Owner]:
    for pod in world.pods.values():
        if pod.finished or question.host not in pod.ips:
            continue
        container = _container(pod, question.port)
        if pod.spec.host_network and question.port is not None and not container:
            continue
        network = " on the host's network" if pod.spec.host_network else ""
        yield Owner(
            what=f"pod{network}",
            object=f"Pod/{pod.key}",
            details=tuple(filter(None, (f"node {pod.spec.node_name}", container, _state(pod)))),
            services=_leading_to(world, pod, question.port),
        )


def _container(pod: Pod, port: int | None) -> str:
    """Which container declares the port; declaring is voluntary, so silence proves nothing."""
    for container in controllers.port_containers(pod):
        for declared in container.ports:
            if declared.container_port == port:
                name = f" ({declared.name})" if declared.name else ""
                return f"container {container.name}{name}"
    return ""


def _state(pod: Pod) -> str:
    if pod.terminating:
        return "terminating"
    return "ready" if pod.ready else "not ready"


def _leading_to(world: World, pod: Pod, port: int | None) -> tuple[Key, ...]:
    """The Services that select the pod, and of these the ones that send to the port."""
    keys = sorted(world.services_of(pod.key))
    if port is None:
        return tuple(keys)
    return tuple(
        key
        for key in keys
        if any(controllers.find_port(pod, p) == port for p in world.services[key].spec.ports)
    )


# -- Services and nodes ----------------------------------------------------------------------------


def _services(world: World, question: Question) -> Iterator[Owner]:
    for key, service in world.services.items():
        what = _role(service, question.host)
        if not what:
            continue
        ports = [p for p in service.spec.ports if question.port in (None, p.port, p.node_port)]
        if question.port is not None and not ports:
            told = ", ".join(str(p.port) for p in service.spec.ports) or "none"
            yield Owner(what, f"Service/{key}", (f"has no port {question.port}, only {told}",), (key,))
            continue
        details = tuple(f"port {p.name or p.port} → {p.target}" for p in ports)
        yield Owner(what, f"Service/{key}", details, (key,))


def _role(service: Service, host: str) -> str:
    spec = service.spec
    if host in (spec.cluster_ip, *spec.cluster_ips):
        return "cluster IP"
    if host in spec.external_ips:
        return "external IP"
    if any(host in (ingress.ip, ingress.hostname) for ingress in service.status.load_balancer.ingress):
        return "load balancer"
    return ""


def _nodes(world: World, question: Question) -> Iterator[Owner]:
    for key, node in world.nodes.items():
        if question.host not in (key.name, *(a.address for a in node.status.addresses)):
            continue
        behind = [
            (service_key, port)
            for service_key, service in sorted(world.services.items())
            for port in service.spec.ports
            if question.port is not None and port.node_port == question.port
        ]
        details = tuple(
            f"node port of {service_key}, port {port.name or port.port}" for service_key, port in behind
        )
        yield Owner("node", f"Node/{key.name}", details, tuple(service_key for service_key, _ in behind))


# -- lists and names -------------------------------------------------------------------------------


def _lists(world: World, question: Question) -> Iterator[Owner]:
    """Endpoints and slices that list the address although no pod of this cluster has it."""
    if world.addresses.pods_at(question.host):
        return
    for key, endpoints in world.endpoints.items():
        if _listed(endpoints, question):
            yield Owner("listed by hand", f"Endpoints/{key}", (), _of(world, key))
    for key, slice_ in world.slices.items():
        if _sliced(slice_, question):
            service = Key(key.namespace, slice_.service_name)
            manager = (f"kept by {slice_.managed_by}",) if slice_.managed_by else ()
            yield Owner("listed", f"EndpointSlice/{key}", manager, _of(world, service))


def _of(world: World, key: Key) -> tuple[Key, ...]:
    return (key,) if key in world.services else ()


def _listed(endpoints: Endpoints, question: Question) -> bool:
    return any(
        question.host == address.ip
        and (question.port is None or any(port.port == question.port for port in subset.ports or ()))
        for subset in endpoints.subsets or ()
        for address in (*(subset.addresses or ()), *(subset.not_ready_addresses or ()))
    )


def _sliced(slice_: EndpointSlice, question: Question) -> bool:
    fits = question.port is None or any(port.port == question.port for port in slice_.ports or ())
    return fits and any(question.host in (e.addresses or ()) for e in slice_.endpoints or ())


def _names(world: World, question: Question) -> Iterator[Owner]:
    """``web.shop``, ``web.shop.svc.cluster.local``, ``web-0.web.shop.svc``; and what aliases point at."""
    if question.is_address:
        return
    parts = question.host.split(".")
    for at in range(min(2, len(parts))):  # a Service, or a pod of a headless one
        rest = parts[at:]
        if len(rest) >= 2 and (len(rest) == 2 or rest[2] == "svc"):
            key = Key(rest[1], rest[0])
            if key in world.services:
                pod = Key(key.namespace, parts[0])
                named = at and pod in world.pods
                yield (
                    Owner("name of a pod", f"Pod/{pod}", (), (key,))
                    if named
                    else Owner("name", f"Service/{key}", (f"type {world.services[key].spec.type}",), (key,))
                )
    for key, service in world.services.items():
        if service.spec.external_name.rstrip(".").lower() == question.host:
            yield Owner("target of an alias", f"Service/{key}", ("type ExternalName",), (key,))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
