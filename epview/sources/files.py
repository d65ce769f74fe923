"""Manifests and dumps as a source: complete at once, never changing.

Objects with a uid come from a cluster: the files are taken as what it held. Without any uid they are
manifests, and what the controllers would make of them (Endpoints, EndpointSlices, the pods of workloads)
is added, so that the same rules can judge them. What the files cannot tell is a gap, never a clear verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from epview.core import controllers
from epview.core.changes import Change, Put
from epview.core.objects import (
    BY_KIND,
    KINDS,
    MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SERVICE_NAME_LABEL,
    SLICE_CONTROLLER,
    Endpoints,
    EndpointSlice,
    EndpointsMeta,
    Event,
    Key,
    Object,
    ObjectMeta,
    Pod,
    Service,
    Workload,
    WrittenMeta,
)
from epview.core.view import Phase, ResourceState, SourceInfo
from epview.core.world import World
from epview.sources.decode import clean_text, clean_tree, convert_object, redact
from epview.sources.manifests import STDIN, place_name, read
from epview.sources.planning import (
    Template,
    is_hook,
    may_make_pods,
    planned_pods,
    template_by_shape,
    template_of,
)
from epview.sources.source import Place, Sink, SourceError


class FileSource:
    """Implements `Source` for files. Raises `SourceError` (kind ``usage``) on construction.

    ``now``: judge as of that time; None takes the newest time the objects carry, else the clock's.
    ``namespace``: where objects belong that name none, as for kubectl. ``skipped`` counts objects of kinds
    that epview does not read, by kind; ``repeated`` tells of objects that stand twice: the last one counts.
    """

    def __init__(self, paths: Sequence[str], now: datetime | None = None, namespace: str = "default") -> None:
        self.skipped: Counter[str] = Counter()
        self.repeated: list[str] = []
        self._namespace = namespace
        self._paths = tuple(paths)
        self._raw: dict[tuple[str, Key], dict[str, Any]] = {}
        self._objects: dict[tuple[str, Key], Object] = {}
        self._places: dict[tuple[str, Key], Place] = {}
        self._templates: list[Template] = []  # of kinds that are known by their shape alone
        self._makers: set[str] = set()  # kinds of operators, which may make pods that no file shows
        for place, tree in read(paths):
            self._take(place, tree)
        if not self._objects:
            found = f" ({_listed(self.skipped)})" if self.skipped else ""
            raise SourceError(
                f"{', '.join(map(place_name, paths))}: no object that epview reads{found}.",
                "It reads Services, Endpoints, EndpointSlices, Pods, Events and workloads.",
                kind="usage",
            )
        self._dumped = any(obj.metadata.uid for obj in self._objects.values())
        if not self._dumped:
            self._complete()
            self._add_controllers_work()
        self._planned = not self._dumped and self._plan()
        self._now = now or max(_times(self._objects.values()), default=datetime.now(UTC))

    # -- Source -------------------------------------------------------------------------------

    def start(self, sink: Sink) -> None:
        changes: list[Change] = list(self._puts())
        sink([*changes, *self._states()])

    def stop(self) -> None:
        """Nothing runs."""

    def retry(self) -> None:
        """Nothing to try again."""

    def info(self) -> SourceInfo:
        return SourceInfo(kind="files", context=", ".join(map(place_name, self._paths)))

    def now(self) -> datetime:
        return self._now

    def default_namespace(self) -> str:
        """The namespace of the Services, where they share one: so a bare name finds them."""
        namespaces = {service.key.namespace for service in self._of(Service)}
        return namespaces.pop() if len(namespaces) == 1 else "default"

    def get(self, kind: str, key: Key) -> dict[str, Any]:
        tree = self._raw.get((kind, key))
        if tree is None:
            raise SourceError(f"The files hold no {kind} {key}.", kind="usage")
        return redact(tree)

    def place(self, kind: str, key: Key) -> Place | None:
        """Where the object stands; None for what no file holds."""
        place = self._places.get((kind, key))
        return None if place is None or place.file.partition("/")[0] == STDIN else place

    def remarks(self) -> Iterator[str]:
        """What was left out and what stands twice, in sentences."""
        if self.skipped:
            yield f"left out what it does not read: {_listed(self.skipped)}."
        if self.repeated:
            more = f", and {len(self.repeated) - 5} more" if len(self.repeated) > 5 else ""
            yield f"stands twice, the last one counts: {', '.join(self.repeated[:5])}{more}."

    # -- reading ------------------------------------------------------------------------------

    def _take(self, place: Place, tree: dict[str, Any]) -> None:
        named = tree.get("kind")
        kind = BY_KIND.get(named) if isinstance(named, str) else None
        version = tree.get("apiVersion")  # the items of a typed list bear none
        if kind is None or version not in (None, kind.version):
            if template := template_by_shape(tree, self._namespace):
                self._templates.append(template)
                return
            if may_make_pods(tree):
                self._makers.add(clean_text(str(named)))
            other = f" ({version})" if kind else ""  # a Service of Knative is another thing
            self.skipped[clean_text(f"{named or 'without kind'}{other}")] += 1
            return
        if is_hook(tree):
            self.skipped[f"{kind.kind} (hook)"] += 1
            return
        metadata = tree.get("metadata")
        if kind.namespaced and isinstance(metadata, dict) and not _text(metadata.get("namespace")):
            tree = {**tree, "metadata": {**metadata, "namespace": self._namespace}}
        try:
            cleaned = clean_tree(tree)
            obj = convert_object(kind, cleaned)
        except RecursionError:
            raise SourceError(f"{place} holds a {kind.kind} nested too deeply.", kind="usage") from None
        if obj is None or not obj.metadata.name:
            raise SourceError(
                f"{place} holds a {kind.kind} without a name.",
                "Each object needs metadata.name.",
                kind="usage",
            )
        named_by = (kind.kind, obj.key)
        if (before := self._places.get(named_by)) is not None:
            self.repeated.append(f"{kind.kind} {obj.key} ({before} and {place})")
        self._places[named_by] = place
        self._raw[named_by] = cleaned
        self._objects[named_by] = obj

    def _of(self, kind: type[Any]) -> Iterator[Any]:
        return (obj for obj in self._objects.values() if isinstance(obj, kind))

    def _puts(self) -> Iterator[Put]:
        """The objects of the kinds that are watched in a cluster too."""
        return (Put(kind, obj) for (kind, _), obj in self._objects.items() if BY_KIND[kind] in KINDS)

    # -- what the files cannot tell -----------------------------------------------------------

    def _states(self) -> list[ResourceState]:
        counts = Counter(kind for kind, _ in self._objects)
        missing = self._missing()
        phases = self._phases(missing)
        return [
            ResourceState(
                resource=kind.resource,
                phase=phases.get(kind.resource, Phase.LIVE),
                loaded=counts[kind.kind],
                total=counts[kind.kind],
                message=missing.get(kind.resource, ""),
            )
            for kind in KINDS
        ]

    def _missing(self) -> dict[str, str]:
        """Resources that were left out of the dump, told by what the rest of it presupposes.

        Of manifests: what may make pods that they do not show.
        """
        if self._planned:
            makers = ", ".join(sorted(self._makers))
            return {"pods": f"{makers} may make pods that the files do not show."} if makers else {}
        served = [s for s in self._of(Service) if controllers.reconciled(s)]
        missing = {}
        if served and not any(self._of(Endpoints)):
            missing["endpoints"] = "The files hold no Endpoints, though their Services would have some."
        if served and not any(self._of(EndpointSlice)):
            missing["endpointslices"] = (
                "The files hold no EndpointSlices, though their Services would have some."
            )
        pods = list(self._of(Pod))
        unlisted = "endpoints" in missing and "endpointslices" in missing
        if not pods and served and (not self._dumped or unlisted or self._names_pods(served)):
            missing["pods"] = "The files hold no Pods."
        return missing

    def _phases(self, missing: Mapping[str, str]) -> dict[str, Phase]:
        """What is not LIVE: missing from a dump, or not there yet where manifests tell what will be."""
        phases = dict.fromkeys(missing, Phase.FAILED)
        if self._planned:
            phases |= dict.fromkeys(("pods", "endpoints", "endpointslices", "events"), Phase.PLANNED)
        return phases

    def _names_pods(self, served: Iterable[Service]) -> bool:
        """Whether the controllers list pods for a Service; frozen Endpoints name pods that may be gone."""
        keys = {service.key for service in served}
        slices = (s for s in self._of(EndpointSlice) if Key(s.key.namespace, s.service_name) in keys)
        refs = [e.target_ref for s in slices for e in s.endpoints or ()]
        refs += [
            address.target_ref
            for endpoints in self._of(Endpoints)
            if endpoints.key in keys
            for subset in endpoints.subsets or ()
            for address in (*(subset.addresses or ()), *(subset.not_ready_addresses or ()))
        ]
        return any(ref is not None and ref.kind == "Pod" for ref in refs)

    # -- manifests ----------------------------------------------------------------------------

    def _plan(self) -> bool:
        """Add the pods that would be, once all is applied; whether no more than that is known of pods."""
        if any(pod.status.phase for pod in self._of(Pod)):
            return False
        templates = [t for obj in self._objects.values() if (t := template_of(obj)) is not None]
        taken = [pod.key for pod in self._of(Pod)]
        for pod in planned_pods([*templates, *self._templates], taken):
            self._objects[("Pod", pod.key)] = pod
        return any(True for _ in self._of(Pod)) or any(True for _ in self._of(Workload))

    def _complete(self) -> None:
        """What the API server would fill in, as far as it matters: identities, and names of slice ports."""
        for (kind, key), obj in self._objects.items():
            match obj:
                case Pod():
                    meta = structs.replace(obj.metadata, uid=_uid(kind, key))
                    obj = structs.replace(obj, metadata=meta)
                case Event(involved_object=about):
                    of = Key(about.namespace or key.namespace, about.name)
                    obj = structs.replace(
                        obj, involved_object=structs.replace(about, uid=about.uid or _uid(about.kind, of))
                    )
                case EndpointSlice(ports=ports) if ports:
                    named = tuple(structs.replace(port, name=port.name or "") for port in ports)
                    obj = structs.replace(obj, ports=named)
            self._objects[(kind, key)] = obj

    def _add_controllers_work(self) -> None:
        """What the endpoint, endpointslice and mirroring controllers would add to these manifests."""
        world = World()
        for put in self._puts():
            world.apply(put)
        added: list[tuple[str, Object]] = []
        for key, service in world.services.items():
            endpoints = world.endpoints.get(key)
            pods = world.pods_of(key)
            if controllers.reconciled(service) and any(pod.status.phase for pod in pods):
                added += _made(service, controllers.expected(service, pods))
            elif endpoints is None or world.slices_of(key):
                continue
            elif not controllers.not_mirrored_because(service, endpoints):
                added += _slices(key, controllers.mirrored(endpoints), MIRRORING_CONTROLLER)
        for kind, obj in added:
            self._objects.setdefault((kind, obj.key), obj)


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _uid(kind: str, key: Key) -> str:
    return f"{kind}/{key}"


def _made(service: Service, expected: controllers.Expected) -> Iterator[tuple[str, Object]]:
    meta = EndpointsMeta(name=service.key.name, namespace=service.key.namespace)
    yield "Endpoints", Endpoints(metadata=meta, subsets=expected.subsets or None)
    yield from _slices(service.key, expected.slices, SLICE_CONTROLLER)


def _slices(
    service: Key, groups: Iterable[controllers.SliceGroup], manager: str
) -> Iterator[tuple[str, Object]]:
    labels = {SERVICE_NAME_LABEL: service.name, MANAGED_BY_LABEL: manager}
    for number, group in enumerate(groups):
        meta = WrittenMeta(name=f"{service.name}-{number}", namespace=service.namespace, labels=labels)
        yield (
            "EndpointSlice",
            EndpointSlice(
                metadata=meta,
                address_type=group.address_type,
                endpoints=group.endpoints or None,
                ports=group.ports or None,
            ),
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def _times(objects: Iterable[Object]) -> Iterator[datetime]:
    """Every time the objects tell: the newest is when a dump was taken, at the earliest."""
    for obj in objects:
        meta: ObjectMeta = obj.metadata
        if meta.creation_timestamp:
            yield meta.creation_timestamp
        if isinstance(obj, Pod):
            yield from (c.last_transition_time for c in obj.status.conditions if c.last_transition_time)
        last_seen = getattr(obj, "last_seen", None)
        if last_seen:
            yield last_seen
