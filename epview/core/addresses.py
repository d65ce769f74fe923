"""Whose an address is, which Services without selector list it, and which address lists belong to nobody.

Part of the `World`, which tells it of each change to pods, Services, Nodes, Endpoints and slices.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping

from epview.core.nearness import near
from epview.core.objects import Endpoints, EndpointSlice, Key, Node, ObjectReference, Pod, Service

Token = str | Key
"""What a list names: an IP, or a pod by its key."""


class Addresses:
    """Indexes over addresses. The ``of_…`` methods take a change and return the Services it touches.

    ``orphans`` are the names under which Endpoints or slices exist without a Service, in namespaces of
    any visibility; ``version`` grows whenever one of them comes, changes or goes.
    """

    def __init__(
        self,
        services: Mapping[Key, Service],
        endpoints: Mapping[Key, Endpoints],
        slices_of: Mapping[Key, Mapping[Key, EndpointSlice]],
    ) -> None:
        self._services = services
        self._endpoints = endpoints
        self._slices_of = slices_of
        self._pods: dict[str, list[Key]] = {}
        self._cluster_ips: dict[str, list[Key]] = {}
        self._nodes: dict[str, str] = {}
        self._tokens: dict[Key, set[Token]] = {}  # of the Services without selector alone
        self._listers: defaultdict[Token, set[Key]] = defaultdict(set)
        self.orphans: set[Key] = set()
        self.version = 0

    # -- queries ------------------------------------------------------------------------------

    def pods_at(self, ip: str) -> tuple[Key, ...]:
        """Pods with that address, those on the host's network left out; by name."""
        return tuple(self._pods.get(ip, ()))

    def sharing(self, *pods: Pod | None) -> set[Key]:
        """Every pod that has one of the addresses of these, they themselves too."""
        return {key for pod in pods for ip in _pod_ips(pod) for key in self._pods.get(ip, ())}

    def service_at(self, ip: str) -> Key | None:
        """The Service whose cluster IP it is."""
        return next(iter(self._cluster_ips.get(ip, ())), None)

    def node_at(self, ip: str) -> str:
        """The Node of that address, ``""`` for none."""
        return self._nodes.get(ip, "")

    def naming(self, pod: Key) -> set[Key]:
        """The Services without selector whose lists name that pod."""
        return set(self._listers.get(pod, ()))

    # -- changes ------------------------------------------------------------------------------

    def of_pod(self, old: Pod | None, new: Pod | None) -> set[Key]:
        key = (new or old).key  # type: ignore[union-attr]
        before, after = _pod_ips(old), _pod_ips(new)
        _move(self._pods, key, before, after)
        return self._listing({key, *before, *after})

    def of_service(self, old: Service | None, new: Service | None) -> set[Key]:
        key = (new or old).key  # type: ignore[union-attr]
        before, after = _service_ips(old), _service_ips(new)
        _move(self._cluster_ips, key, before, after)
        touched = self._listing({*before, *after}) if before != after else set()
        return touched | self.of_lists(key)

    def of_node(self, old: Node | None, new: Node | None) -> set[Key]:
        before = {a.address for a in old.status.addresses} if old else set()
        after = {a.address for a in new.status.addresses} if new else set()
        for ip in before - after:
            self._nodes.pop(ip, None)
        if new:
            self._nodes.update(dict.fromkeys(after, new.metadata.name))
        return self._listing(before ^ after)

    def of_lists(self, key: Key) -> set[Key]:
        """The Service ``key``, its Endpoints or its slices came, changed or went."""
        service = self._services.get(key)
        manual = service is not None and not service.selector and service.spec.type != "ExternalName"
        before = self._tokens.pop(key, set())
        after = set(self._named(key)) if manual else set()
        if manual:
            self._tokens[key] = after
        for token in before - after:
            self._listers[token].discard(key)
            if not self._listers[token]:
                del self._listers[token]
        for token in after - before:
            self._listers[token].add(key)
        return self._note_orphan(key, is_orphan=service is None and self._exists(key))

    # -- within -------------------------------------------------------------------------------

    def _listing(self, tokens: Iterable[Token]) -> set[Key]:
        return {key for token in tokens for key in self._listers.get(token, ())} if self._listers else set()

    def _exists(self, key: Key) -> bool:
        return key in self._endpoints or bool(self._slices_of.get(key))

    def _named(self, key: Key) -> Iterable[Token]:
        endpoints = self._endpoints.get(key)
        for subset in (endpoints.subsets if endpoints else None) or ():
            for address in (*(subset.addresses or ()), *(subset.not_ready_addresses or ())):
                yield address.ip
                yield from _pod_named(key, address.target_ref)
        for slice_ in self._slices_of.get(key, {}).values():
            for endpoint in slice_.endpoints or ():
                yield from endpoint.addresses or ()
                yield from _pod_named(key, endpoint.target_ref)

    def _note_orphan(self, key: Key, *, is_orphan: bool) -> set[Key]:
        """Whether the lists of that name belong to nobody; touched are Services that may have meant them."""
        if not is_orphan and key not in self.orphans:
            return set()
        self.version += 1
        (self.orphans.add if is_orphan else self.orphans.discard)(key)
        return {
            other
            for other in self._tokens
            if other != key and (other.name == key.name or _near_in(other, key))
        }


def _near_in(other: Key, key: Key) -> bool:
    return other.namespace == key.namespace and near(other.name, key.name)


def _pod_named(service: Key, reference: ObjectReference | None) -> Iterable[Key]:
    if reference is not None and reference.kind == "Pod":
        yield Key(service.namespace, reference.name)


def _pod_ips(pod: Pod | None) -> set[str]:
    return set(pod.ips) if pod and not pod.spec.host_network else set()


def _service_ips(service: Service | None) -> set[str]:
    if service is None:
        return set()
    return {ip for ip in (service.spec.cluster_ip, *service.spec.cluster_ips) if ip and ip != "None"}


def _move(index: dict[str, list[Key]], key: Key, before: set[str], after: set[str]) -> None:
    """Keep an index address → the few that hold it, in order of name."""
    for ip in before - after:
        holders = index.get(ip, [])
        if key in holders:
            holders.remove(key)
        if not holders:
            index.pop(ip, None)
    for ip in after - before:
        holders = index.setdefault(ip, [])
        if key not in holders:
            insort(holders, key)
