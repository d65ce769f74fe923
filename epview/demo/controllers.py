"""The endpoint, endpointslice and mirroring controllers, acting on the store.

What the objects must contain is computed by `epview.core.controllers`; here stands what surrounds
it: which Services are touched by a write, metadata, owners, names kept over updates, and what the
real controllers leave alone (Services without a selector, foreign slices, skip-mirror, leader
election). Nothing runs by itself: a write marks Services, `run` reconciles the marked ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Final
from zlib import crc32

import msgspec

from epview.core.controllers import SliceGroup, expected, mirrored, not_mirrored_because, reconciled
from epview.core.objects import (
    ENDPOINTS_MANAGED_BY_LABEL,
    MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SERVICE_NAME_LABEL,
    SLICE_CONTROLLER,
    Endpoints,
    Node,
    Pod,
    Service,
)
from epview.demo.clock import rfc3339
from epview.demo.derived import (
    TRIGGER,
    best_match,
    labels_from,
    mirror_metadata,
    payload,
    plain,
    same_owner,
    slice_metadata,
)
from epview.demo.resources import ALPHABET, Json, Resource
from epview.demo.store import Event, Store

OVER_CAPACITY: Final = "endpoints.kubernetes.io/over-capacity"
_WATCHED: Final = ("services", "pods", "nodes", "endpoints", "endpointslices")

ServiceKey = tuple[str, str]


class Controllers:
    """Listens to a store from the moment it is made; `run` brings the derived objects up to date.

    Services that are ``stalled`` keep the slices they have, until they are so no longer.
    """

    def __init__(self, store: Store) -> None:
        self.stalled: AbstractSet[ServiceKey] = frozenset()
        self._store = store
        self._waiting: dict[ServiceKey, str] = {}  # stalled with work to do → the first trigger of it
        self._dirty: set[ServiceKey] = set()
        self._seen: dict[ServiceKey, dict[str, str]] = {}  # pod → when its readiness last changed
        self._slice_names: dict[ServiceKey, set[str]] = {}  # by the Service they are labelled with
        self._paused = False
        store.listen(self._note)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While many objects are written: look at them all once, afterwards."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False
            for resource in ("services", "endpoints"):
                self._dirty |= {_key(obj) for obj in self._store.objects(resource)}

    def run(self) -> None:
        """Reconcile until nothing is left to do (the slices follow the Endpoints they mirror)."""
        self._dirty |= self._waiting.keys() - self.stalled
        while self._dirty:
            self._round()

    def _round(self) -> None:
        dirty, self._dirty = self._dirty, set()
        nodes = {n["metadata"]["name"]: msgspec.convert(n, Node) for n in self._store.objects("nodes")}
        pods = _Pods(self._store)
        for namespace, name in sorted(dirty):
            self._reconcile(namespace, name, pods, nodes)

    # -- what a write touches ---------------------------------------------------------------------

    def _note(self, resource: Resource, event: Event) -> None:
        if resource.name not in _WATCHED:
            return
        if resource.name == "endpointslices":
            self._index(event)
        if self._paused:
            return
        self._dirty.update(self._touched(resource.name, event))

    def _index(self, event: Event) -> None:
        entry = event.entry
        if event.before is not None:
            former = (entry.namespace, event.before.labels.get(SERVICE_NAME_LABEL, ""))
            self._slice_names.get(former, set()).discard(entry.name)
        if event.type != "DELETED":
            key = (entry.namespace, entry.labels.get(SERVICE_NAME_LABEL, ""))
            self._slice_names.setdefault(key, set()).add(entry.name)

    def _touched(self, resource: str, event: Event) -> Iterable[ServiceKey]:
        entry = event.entry
        if resource in ("services", "endpoints"):
            return [(entry.namespace, entry.name)]
        if resource == "endpointslices":  # only what somebody else did to a slice asks for work
            ours = entry.labels.get(MANAGED_BY_LABEL) in (SLICE_CONTROLLER, MIRRORING_CONTROLLER)
            service = entry.labels.get(SERVICE_NAME_LABEL, "")
            return [(entry.namespace, service)] if ours and event.type == "DELETED" else []
        if resource == "nodes" and event.type == "MODIFIED":
            before = event.before.labels if event.before else {}
            if before == entry.labels:
                return []
        states = [state for state in (event.before, entry) if state is not None]
        return [
            _key(service)
            for service in self._store.objects("services", None if resource == "nodes" else entry.namespace)
            if resource == "nodes" or any(_selects(service, state.labels) for state in states)
        ]

    # -- one Service ------------------------------------------------------------------------------

    def _reconcile(self, namespace: str, name: str, pods: _Pods, nodes: Mapping[str, Node]) -> None:
        entry = self._store.get("services", namespace, name)
        if entry is None:
            self._collect(namespace, name)
            return
        service = msgspec.convert(entry.obj, Service)
        if reconciled(service):
            chosen = pods.matching(namespace, service.selector)
            wanted = expected(service, chosen, nodes)
            known = (namespace, name) in self._seen
            trigger = self._trigger(entry.obj, chosen)
            subsets = [plain(subset) for subset in wanted.subsets]
            self._write_endpoints(entry.obj, subsets, trigger, truncated=wanted.truncated)
            if (namespace, name) in self.stalled:
                self._waiting[namespace, name] = self._waiting.get((namespace, name)) or trigger
                return
            meta = slice_metadata(entry.obj, self._waiting.pop((namespace, name), trigger))
            if not known:  # a world that begins in the middle: its slices are as old as their Service
                meta["creationTimestamp"] = entry.obj["metadata"]["creationTimestamp"]
            self._write_slices(namespace, name, SLICE_CONTROLLER, wanted.slices, meta)
        self._mirror(namespace, name, service)

    def _trigger(self, service: Json, pods: Iterable[Pod]) -> str:
        """The change that asks for a write: the earliest new readiness change; ``""`` for none known.

        A pod that vanished leaves no time behind, so the annotation goes (endpointslice
        trigger_time_tracker.go). Of a Service never seen before only the latest change is of interest.
        """
        key = _key(service)
        before = self._seen.get(key)
        times = {pod.key.name: _ready_since(pod) for pod in pods}
        self._seen[key] = times
        if before is None:
            return max([*times.values(), str(service["metadata"]["creationTimestamp"])])
        return min((at for pod, at in times.items() if at and before.get(pod) != at), default="")

    def _collect(self, namespace: str, name: str) -> None:
        """The Service is gone: its Endpoints follow, and the slices of both controllers."""
        self._seen.pop((namespace, name), None)
        self._waiting.pop((namespace, name), None)
        found = self._store.get("endpoints", namespace, name)
        if found is not None and found.labels.get(ENDPOINTS_MANAGED_BY_LABEL):
            self._store.delete("endpoints", namespace, name)
        for owned in self._slices(namespace, name, SLICE_CONTROLLER, MIRRORING_CONTROLLER):
            self._store.delete("endpointslices", namespace, owned["metadata"]["name"])

    def _write_endpoints(self, service: Json, subsets: list[Json], trigger: str, *, truncated: bool) -> None:
        meta = service["metadata"]
        labels = labels_from(service, {ENDPOINTS_MANAGED_BY_LABEL: "endpoint-controller"})
        found = self._store.get("endpoints", meta["namespace"], meta["name"])
        old = found.obj if found else {"metadata": {}}
        annotations = {
            k: v
            for k, v in (old["metadata"].get("annotations") or {}).items()
            if k not in (TRIGGER, OVER_CAPACITY)
        }
        if truncated:
            annotations[OVER_CAPACITY] = "truncated"
        elif old.get("subsets", []) == subsets and (old["metadata"].get("labels") or {}) == labels and found:
            return
        annotations |= {TRIGGER: trigger} if trigger else {}
        obj: Json = {
            "kind": "Endpoints",
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "creationTimestamp": old["metadata"].get("creationTimestamp", meta["creationTimestamp"]),
                "labels": labels,
            }
            | ({"annotations": annotations} if annotations else {}),
        }
        if subsets:
            obj["subsets"] = subsets
        self._store.put(obj)

    def _mirror(self, namespace: str, name: str, service: Service) -> None:
        found = self._store.get("endpoints", namespace, name)
        groups: Sequence[SliceGroup] = ()
        meta: Json = {}
        if found is not None:
            endpoints = msgspec.convert(found.obj, Endpoints)
            if not not_mirrored_because(service, endpoints):
                groups = mirrored(endpoints)
                meta = mirror_metadata(found.obj)
                meta["creationTimestamp"] = found.obj["metadata"]["creationTimestamp"]
        self._write_slices(namespace, name, MIRRORING_CONTROLLER, groups, meta)

    # -- slices -----------------------------------------------------------------------------------

    def _slices(self, namespace: str, service: str, *managers: str) -> list[Json]:
        names = sorted(self._slice_names.get((namespace, service), ()))
        entries = [self._store.get("endpointslices", namespace, name) for name in names]
        return [e.obj for e in entries if e is not None and e.labels.get(MANAGED_BY_LABEL) in managers]

    def _write_slices(
        self, namespace: str, service: str, manager: str, groups: Sequence[SliceGroup], meta: Json
    ) -> None:
        """Bring one manager's slices of a Service to ``groups``, reusing the names that are there."""
        existing = self._slices(namespace, service, manager)
        for group in groups:
            body = payload(group)
            reused = best_match(existing, body)
            if reused is not None:
                existing.remove(reused)
                if all(reused.get(k) == v for k, v in body.items()) and same_owner(reused, meta):
                    continue
            name = reused["metadata"]["name"] if reused else self._new_name(namespace, service, manager)
            head = {
                "name": name,
                "generateName": f"{service}-",
                "namespace": namespace,
                "generation": 1,
                **meta,
            }
            self._store.put({"kind": "EndpointSlice", "metadata": head, **body})
        for left in existing:
            self._store.delete("endpointslices", namespace, left["metadata"]["name"])

    def _new_name(self, namespace: str, service: str, manager: str) -> str:
        """``service-x7k2p``: as random as the real ones, but the same in every run."""
        for attempt in range(1000):
            number = crc32(f"{namespace}/{service}/{manager}/{attempt}".encode())
            suffix = ""
            for _ in range(5):
                number, digit = divmod(number, len(ALPHABET))
                suffix += ALPHABET[digit]
            name = f"{service[:57]}-{suffix}"
            if self._store.get("endpointslices", namespace, name) is None:
                return name
        raise RuntimeError(f"no free slice name for {namespace}/{service}")


class _Pods:
    """The pods of a round, decoded once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_namespace: dict[str, list[Pod]] = {}

    def matching(self, namespace: str, selector: Mapping[str, str]) -> list[Pod]:
        pods = self._by_namespace.get(namespace)
        if pods is None:
            pods = [msgspec.convert(obj, Pod) for obj in self._store.objects("pods", namespace)]
            self._by_namespace[namespace] = pods
        wanted = selector.items()
        return [pod for pod in pods if wanted <= pod.metadata.labels.items()]


def _key(obj: Json) -> ServiceKey:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _ready_since(pod: Pod) -> str:
    condition = pod.condition("Ready")
    at = condition.last_transition_time if condition else None
    return rfc3339(at) if at else ""


def _selects(service: Json, labels: Mapping[str, str]) -> bool:
    selector = (service.get("spec") or {}).get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()
