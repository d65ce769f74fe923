"""The world: what has been seen of the cluster, in tables and indexes.

Contract
- Tables are keyed by (namespace, name). Two objects of one name never coexist: a newer uid replaces.
- Per object the world follows the order of the changes it is given; it promises nothing across kinds.
- `apply` costs what a change touches, never the size of the cluster, and returns the Services whose
  verdict may differ now. After any order of the same final objects, every query answers the same.
- Events are kept while the object they speak of lives, also after the server expired them: an event
  that goes is no sign that its cause went.
- Nothing here knows time or threads: the owner serialises calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from epview.core.addresses import Addresses
from epview.core.aliases import Aliases
from epview.core.changes import Change, Drop, Put, Relist
from epview.core.groups import PodGroup, PodGroups, discard
from epview.core.nodes import Nodes
from epview.core.objects import (
    Endpoints,
    EndpointSlice,
    Event,
    Key,
    Namespace,
    NetworkPolicy,
    Node,
    Object,
    Pod,
    Service,
    Workload,
)
from epview.core.view import Phase, ResourceState
from epview.core.workloads import Workloads

EVENTS_PER_OBJECT: Final = 40
"""Kept for one object: the kubelet's spam filter lets 25 through before it slows down."""

CONTAINER_SPECS: Final = 20_000
"""Distinct container specs remembered for sharing."""


class World:
    """Tables (`services`, `endpoints`, …) to read, `apply` to change, queries to ask."""

    def __init__(self) -> None:
        self.services: dict[Key, Service] = {}
        self.endpoints: dict[Key, Endpoints] = {}
        self.slices: dict[Key, EndpointSlice] = {}
        self.pods: dict[Key, Pod] = {}
        self.events: dict[Key, Event] = {}
        self.nodes: dict[Key, Node] = {}
        self.namespaces: dict[Key, Namespace] = {}
        self.network_policies: dict[Key, NetworkPolicy] = {}
        self.states: dict[tuple[str, str], ResourceState] = {}

        self._slices_of: defaultdict[Key, dict[Key, EndpointSlice]] = defaultdict(dict)
        self._events_of: defaultdict[str, dict[Key, Event]] = defaultdict(dict)
        self._services_in: defaultdict[str, set[Key]] = defaultdict(set)
        self._policies_in: defaultdict[str, set[Key]] = defaultdict(set)
        self._pods_on: defaultdict[str, dict[Key, Pod]] = defaultdict(dict)
        self._pods_under: defaultdict[Key, set[Key]] = defaultdict(set)  # a Service named as their subdomain
        self._groups = PodGroups()
        self.addresses = Addresses(self.services, self.endpoints, self._slices_of)
        self.workloads = Workloads()
        self.places = Nodes(self.services)
        self._aliases = Aliases()
        self._pod_of_uid: dict[str, Key] = {}
        self._service_of_uid: dict[str, Key] = {}
        self._containers: dict[Any, Any] = {}

        self._tables: dict[str, dict[Key, Any]] = {
            "Service": self.services,
            "Endpoints": self.endpoints,
            "EndpointSlice": self.slices,
            "Pod": self.pods,
            "Event": self.events,
            "Node": self.nodes,
            "Namespace": self.namespaces,
            "NetworkPolicy": self.network_policies,
            **self.workloads.tables,
        }
        # one line a kind: what an object that came, changed or went does to the indexes
        self._index: dict[str, Callable[[Any, Any], set[Key]]] = {
            "Service": self._index_service,
            "Endpoints": self._index_endpoints,
            "EndpointSlice": self._index_slice,
            "Pod": self._index_pod,
            "Event": self._index_event,
            "Node": self._index_node,
            "Namespace": self._index_namespace,
            "NetworkPolicy": self._index_network_policy,
            **dict.fromkeys(self.workloads.tables, self._index_workload),
        }

    # -- changes ------------------------------------------------------------------------------

    def apply(self, change: Change) -> set[Key]:
        """Take one change; the Services (existing or just gone) whose verdict it may alter."""
        match change:
            case Put(kind, obj):
                return self._put(kind, obj)
            case Drop(kind, key, uid):
                return self._drop(kind, key, uid)
            case Relist(kind, namespace, objects):
                return self._relist(kind, namespace, objects)
            case _:
                return self._set_state(change)

    def _put(self, kind: str, obj: Object) -> set[Key]:
        table = self._tables[kind]
        old = table.get(obj.key)
        self._slim(obj)
        table[obj.key] = obj
        return self._index[kind](old, obj)

    def _drop(self, kind: str, key: Key, uid: str) -> set[Key]:
        table = self._tables[kind]
        old = table.get(key)
        if old is None or (uid and old.metadata.uid and old.metadata.uid != uid):
            return set()
        del table[key]
        return self._index[kind](old, None)

    def _relist(self, kind: str, namespace: str, objects: Iterable[Object]) -> set[Key]:
        touched: set[Key] = set()
        fresh = {obj.key: obj for obj in objects}
        table = self._tables[kind]
        gone = [k for k in table if k not in fresh and (not namespace or k.namespace == namespace)]
        for key in gone:
            touched |= self._drop(kind, key, "")
        for key, obj in fresh.items():
            old = table.get(key)
            if old is None or old.metadata.resource_version != obj.metadata.resource_version or old != obj:
                touched |= self._put(kind, obj)
        return touched

    def _set_state(self, state: ResourceState) -> set[Key]:
        key = (state.resource, state.namespace)
        old = self.states.get(key)
        self.states[key] = state
        if old is not None and old.phase == state.phase:
            return set()
        self.addresses.version += state.resource == "services"
        touched = set(self._services_in[state.namespace] if state.namespace else self.services)
        return touched | self._groups.unmatched if state.resource == "pods" else touched

    # -- queries ------------------------------------------------------------------------------

    def pods_of(self, service: Key) -> list[Pod]:
        """The pods that match the Service's selector, in any phase, by name."""
        pods = [pod for group in self._groups.selected_by(service) for pod in group.pods.values()]
        pods.sort(key=lambda pod: pod.metadata.name)
        return pods

    def services_of(self, pod: Key) -> set[Key]:
        """The Services whose selector matches the pod."""
        group = self._groups.of_pod(pod)
        return set(group.services) if group else set()

    def slices_of(self, service: Key) -> list[EndpointSlice]:
        """The EndpointSlices labelled with the Service's name, by name."""
        return sorted(self._slices_of.get(service, {}).values(), key=lambda s: s.metadata.name)

    def events_of(self, uid: str) -> list[Event]:
        """The events about the object with that uid, newest first."""
        events = self._events_of.get(uid)
        return sorted(events.values(), key=_event_time, reverse=True) if events else []

    def node(self, name: str) -> Node | None:
        return self.nodes.get(Key("", name))

    def policies_in(self, namespace: str) -> list[NetworkPolicy]:
        """The NetworkPolicies of a namespace, by name."""
        return [self.network_policies[key] for key in sorted(self._policies_in.get(namespace, ()))]

    def groups_in(self, namespace: str) -> Iterator[PodGroup]:
        """The pods of a namespace, grouped by identical labels; empty groups do not exist."""
        return self._groups.within(namespace)

    def namespaces_matching(self, selector: dict[str, str]) -> Iterator[tuple[str, PodGroup]]:
        """Groups of any namespace that match a whole selector: for "the pods are over there"."""
        return self._groups.matching(selector)

    def state_of(self, resource: str, namespace: str) -> ResourceState | None:
        """The state that covers a namespace: its own, else that of the all-namespaces stream."""
        return self.states.get((resource, namespace)) or self.states.get((resource, ""))

    def sees(self, resource: str, namespace: str = "") -> bool:
        """The resource is completely known for the namespace (perhaps as of a while ago)."""
        state = self.state_of(resource, namespace)
        return state is not None and state.usable

    def follows(self, resource: str, namespace: str = "") -> bool:
        """As `sees`, and the stream is open: what is missing is missing now."""
        state = self.state_of(resource, namespace)
        return state is not None and state.phase in (Phase.LIVE, Phase.POLLING)

    # -- indexes: Services and pods -----------------------------------------------------------

    def _index_service(self, old: Service | None, new: Service | None) -> set[Key]:
        key = (new or old).key  # type: ignore[union-attr]
        if old and old.metadata.uid:
            self._service_of_uid.pop(old.metadata.uid, None)
            if new is None or new.metadata.uid != old.metadata.uid:
                self._events_of.pop(old.metadata.uid, None)
        if new and new.metadata.uid:
            self._service_of_uid[new.metadata.uid] = key
        if new is None:
            discard(self._services_in, key.namespace, key)
        else:
            self._services_in[key.namespace].add(key)
        served = new is not None and new.spec.type != "ExternalName"
        self._groups.select(key, new.selector if new and served else {})
        self.places.of_service(old, new)
        touched = {key} | self.addresses.of_service(old, new) | self._aliases.of_service(old, new)
        if old is None or new is None:
            touched |= self._services_of_all(self._pods_under.get(key, ()))
        return touched

    def _index_pod(self, old: Pod | None, new: Pod | None) -> set[Key]:
        key = (new or old).key  # type: ignore[union-attr]
        touched = self.addresses.of_pod(old, new) | self.services_of(key)
        touched |= self._services_of_all(self.addresses.sharing(old, new))
        self._forget_pod_places(old, new)
        if new is None:
            self._groups.leave(key)
            return touched | self._groups.unmatched
        moved = self._groups.place(new)
        self._pod_of_uid[new.metadata.uid] = key
        if new.spec.node_name:
            self._pods_on[new.spec.node_name][key] = new
        if new.spec.subdomain:
            self._pods_under[Key(key.namespace, new.spec.subdomain)].add(key)
        touched |= self.services_of(key)
        if moved or old is None or (old.finished, old.terminating) != (new.finished, new.terminating):
            state = self.state_of("pods", key.namespace)
            if state is None or state.settled:  # else each pod of a first list would touch all of them
                touched |= self._groups.unmatched
        return touched

    def _forget_pod_places(self, old: Pod | None, new: Pod | None) -> None:
        if old is None:
            return
        if new is None or old.spec.node_name != new.spec.node_name:
            on = self._pods_on.get(old.spec.node_name)
            if on:
                on.pop(old.key, None)
        if new is None or old.spec.subdomain != new.spec.subdomain:
            discard(self._pods_under, Key(old.key.namespace, old.spec.subdomain), old.key)
        if new is None or old.metadata.uid != new.metadata.uid:
            self._pod_of_uid.pop(old.metadata.uid, None)
            self._events_of.pop(old.metadata.uid, None)

    def _services_of_all(self, pods: Iterable[Key]) -> set[Key]:
        return {service for pod in pods for service in self.services_of(pod)}

    def _slim(self, obj: Object) -> None:
        """Share the container specs that a workload and its pods have in common: they are most of a pod."""
        match obj:
            case Pod(spec=spec):
                pass
            case Workload():
                spec = obj.spec.template.spec
            case _:
                return
        if len(self._containers) > CONTAINER_SPECS:
            self._containers.clear()  # of workloads long gone; the living ones come back by themselves
        for name in ("containers", "init_containers"):
            value = getattr(spec, name)
            if value:
                msgspec.structs.force_setattr(spec, name, self._containers.setdefault(value, value))

    # -- indexes: the other kinds -------------------------------------------------------

    def _index_endpoints(self, old: Endpoints | None, new: Endpoints | None) -> set[Key]:
        key = (new or old).key  # type: ignore[union-attr]
        return {key} | self.addresses.of_lists(key)

    def _index_slice(self, old: EndpointSlice | None, new: EndpointSlice | None) -> set[Key]:
        touched: set[Key] = set()
        if old is not None:
            service = Key(old.key.namespace, old.service_name)
            members = self._slices_of.get(service)
            if members is not None:
                members.pop(old.key, None)
                if not members:
                    del self._slices_of[service]
            touched.add(service)
        if new is not None:
            service = Key(new.key.namespace, new.service_name)
            self._slices_of[service][new.key] = new
            touched.add(service)
        for service in tuple(touched):
            touched |= self.addresses.of_lists(service)
        return touched

    def _index_event(self, old: Event | None, new: Event | None) -> set[Key]:
        if new is None:
            if old and not self._lives(old.involved_object.uid):
                self._events_of.pop(old.involved_object.uid, None)
            return set()  # expired on the server: of a living object, what it told still stands
        uid = new.involved_object.uid
        if not uid:
            return set()
        about = self._events_of[uid]
        about[new.key] = new
        if len(about) > EVENTS_PER_OBJECT:
            del about[min(about, key=lambda k: _event_time(about[k]))]
        if new.involved_object.kind == "Pod":
            pod = self._pod_of_uid.get(uid)
            return self.services_of(pod) if pod else set()
        if new.involved_object.kind == "Endpoints":
            return {Key(new.involved_object.namespace, new.involved_object.name)} & self.services.keys()
        service = self._service_of_uid.get(uid)
        if service is None and self.workloads.by_uid(uid) is not None:
            return self._unmatched_in(new.involved_object.namespace)
        return {service} if service else set()

    def _lives(self, uid: str) -> bool:
        return (
            uid in self._pod_of_uid or uid in self._service_of_uid or self.workloads.by_uid(uid) is not None
        )

    def _index_node(self, old: Node | None, new: Node | None) -> set[Key]:
        if old is not None and new is not None and _same_but_version(old, new):
            return set()  # a heartbeat
        name = (new or old).metadata.name  # type: ignore[union-attr]
        touched = self.addresses.of_node(old, new) | self.places.of_node(old, new)
        for pod in self._pods_on.get(name, ()):
            touched |= self.services_of(pod)
            touched |= self.addresses.naming(pod)
        return touched

    def _index_namespace(self, old: Namespace | None, new: Namespace | None) -> set[Key]:
        """A namespace that goes takes its pods with it: selectors that match none are judged by that."""
        return self._unmatched_in((new or old).metadata.name)  # type: ignore[union-attr]

    def _index_network_policy(self, old: NetworkPolicy | None, new: NetworkPolicy | None) -> set[Key]:
        key = (new or old).key  # type: ignore[union-attr]
        namespace = key.namespace
        if new is None:
            discard(self._policies_in, namespace, key)
        else:
            self._policies_in[namespace].add(key)
        same = old is not None and new is not None and old.spec == new.spec
        return set() if same else set(self._services_in.get(namespace, ()))

    def _index_workload(self, old: Workload | None, new: Workload | None) -> set[Key]:
        """Selectors that match no pod may match the pods that a workload would make."""
        if old is not None and (new is None or new.metadata.uid != old.metadata.uid):
            self._events_of.pop(old.metadata.uid, None)
        if not self.workloads.note(old, new):
            return set()
        return self._unmatched_in((new or old).key.namespace)  # type: ignore[union-attr]

    def _unmatched_in(self, namespace: str) -> set[Key]:
        return {key for key in self._groups.unmatched if key.namespace == namespace}


def _event_time(event: Event) -> str:
    """Sortable: RFC 3339 in UTC, then the name, so that equal times have one order."""
    seen = event.last_seen
    return f"{seen.isoformat() if seen else ''} {event.metadata.name}"


def _same_but_version(old: Node, new: Node) -> bool:
    return (old.spec, old.status, old.zone) == (new.spec, new.status, new.zone)
