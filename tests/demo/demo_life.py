"""A frozen demo seen with the eyes of the program: each moment of its life, judged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Set as AbstractSet

import msgspec

from epview.core.changes import Drop, Put
from epview.core.objects import BY_RESOURCE, KINDS, Key
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState, SourceInfo, View
from epview.demo.demo import DemoCluster
from epview.demo.resources import Json, Resource
from epview.demo.store import Event

INFO = SourceInfo(kind="demo")


class Watcher:
    """A session beside a frozen demo: everything is listed first, each write follows as it happens."""

    def __init__(self, cluster: DemoCluster) -> None:
        self.cluster = cluster
        self._projector = Projector()
        self._queue: list[Put | Drop] = []
        for kind in KINDS:
            objects = [msgspec.convert(obj, kind.struct) for obj in cluster.store.objects(kind.resource)]
            self._projector.apply(Put(kind.kind, obj) for obj in objects)
            self._projector.apply([ResourceState(resource=kind.resource, phase=Phase.LIVE)])
        cluster.store.listen(self._note)

    def _note(self, resource: Resource, event: Event) -> None:
        kind = BY_RESOURCE[resource.name]
        obj = msgspec.convert(event.entry.obj, kind.struct)
        gone = event.type == "DELETED"
        self._queue.append(Drop(kind.kind, obj.key, obj.metadata.uid) if gone else Put(kind.kind, obj))

    def view(self) -> View:
        """The demo as the program shows it now."""
        self._projector.apply(self._queue)
        self._queue.clear()
        return self._projector.project(self.cluster.clock(), INFO)


class Inspector:
    """Tells from the bare objects, without the program, whether all is well around a Service.

    Well is: what people wrote is as it was in the beginning, each pod that is asked for is there and
    ready, on a node that is ready, with an address of its own, and both lists show just these.
    """

    def __init__(self, cluster: DemoCluster) -> None:
        self._store = cluster.store
        self._written = self._by_people()

    def _by_people(self) -> dict[tuple[str, str, str], Json]:
        return {
            (kind, obj["metadata"]["namespace"], obj["metadata"]["name"]): obj["spec"]
            for kind in ("services", "networkpolicies")
            for obj in self._store.objects(kind)
        }

    def well(self) -> set[Key]:
        """The Services with a selector around which all is well now."""
        edited = self._edited()
        pods = [p for p in self._store.objects("pods") if p["status"]["phase"] not in ("Succeeded", "Failed")]
        ips = Counter(pod["status"].get("podIP") for pod in pods)
        nodes = {node["metadata"]["name"] for node in self._store.objects("nodes") if ready(node)}
        fit = {
            pod["metadata"]["uid"]
            for pod in pods
            if ready(pod)
            and "deletionTimestamp" not in pod["metadata"]
            and pod["spec"]["nodeName"] in nodes
            and ips[pod["status"]["podIP"]] == 1
        }
        by_namespace = defaultdict(list)
        for pod in pods:
            by_namespace[pod["metadata"]["namespace"]].append(pod)
        found = set()
        for service in self._store.objects("services"):
            namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
            selector = (service["spec"].get("selector") or {}).items()
            own = [p for p in by_namespace[namespace] if selector <= p["metadata"]["labels"].items()]
            if (
                selector
                and (namespace, name) not in edited
                and all(pod["metadata"]["uid"] in fit for pod in own)
                and len(own) == self._wanted(namespace, selector) > 0
                and self._listed(namespace, name) == {pod["status"]["podIP"] for pod in own}
            ):
                found.add(Key(namespace, name))
        return found

    def _edited(self) -> set[tuple[str, str]]:
        """Where people have changed something; a policy counts for what it is named after."""
        now = self._by_people()
        changed = [key[1:] for key, spec in self._written.items() if now.get(key) != spec]
        return {place for ns, name in changed for place in ((ns, name), (ns, name.rpartition("-")[2]))}

    def _wanted(self, namespace: str, selector: AbstractSet[tuple[str, str]]) -> int:
        """How many pods the workloads want that carry these labels; a DaemonSet one on each common node."""
        return sum(
            obj["spec"].get("replicas", 3)
            for kind in ("deployments", "statefulsets", "daemonsets")
            for obj in self._store.objects(kind, namespace)
            if selector <= obj["spec"]["template"]["metadata"]["labels"].items()
        )

    def _listed(self, namespace: str, name: str) -> set[str] | None:
        """The ready addresses; None where the two lists differ."""
        entry = self._store.get("endpoints", namespace, name)
        subsets = (entry.obj.get("subsets") if entry else None) or ()
        listed = {a["ip"] for subset in subsets for a in subset.get("addresses") or ()}
        sliced = {
            endpoint["addresses"][0]
            for obj in self._store.objects("endpointslices", namespace)
            if obj["metadata"]["labels"].get("kubernetes.io/service-name") == name
            and obj["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"].endswith(".k8s.io")
            for endpoint in obj["endpoints"] or ()
            if endpoint["conditions"]["ready"]
        }
        return listed if listed == sliced else None


def ready(obj: Json) -> bool:
    """The condition Ready of a pod or a node."""
    conditions = obj["status"].get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
