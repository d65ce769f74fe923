"""What a scenario builds with: nodes, workloads, pods with a past, and the steps of their lives.

Everything is drawn from one seeded generator and dated by the stage's own ``now``, so two runs with
the same seed and the same times write the same objects.
"""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from epview.demo import kubelet
from epview.demo.recorder import Recorder
from epview.demo.resources import ALPHABET, Json
from epview.demo.shapes import Workload, daemon_set, deployment, metadata, owner, replica_set, stateful_set
from epview.demo.store import Store

Ref = tuple[str, str]  # namespace and name, of a pod where nothing else is said
Script = Iterator[float]  # yields how many seconds to wait


class VanishedError(Exception):
    """Somebody else deleted what a story is about: the story is over."""


class Machine(Struct, frozen=True):
    """A node: its name, address, zone and the first three numbers of its pod addresses.

    One of a ``pool`` takes the pods that are meant for it, and no others.
    """

    name: str
    ip: str
    zone: str
    prefix: str
    pool: str = ""


MACHINES: Final = (
    Machine("node-1", "172.20.0.11", "zone-a", "10.244.1"),
    Machine("node-2", "172.20.0.12", "zone-b", "10.244.2"),
    Machine("node-3", "172.20.0.13", "zone-b", "10.244.3"),
)
RENDERING: Final = (Machine("render-1", "172.20.0.14", "zone-a", "10.244.4", "render"),)
ALL_MACHINES: Final = (*MACHINES, *RENDERING)


class Crew:
    """A workload in the store: its present revision and whom its pods belong to."""

    def __init__(self, workload: Workload, template_hash: str, owner: tuple[str, str, str]) -> None:
        self.workload = workload
        self.template_hash = template_hash
        self.owner = owner  # kind, name and uid of the pods' controller
        self.revision = 1
        self.hired = 0  # pods so far: picks nodes in turn and numbers a StatefulSet


class Stage:
    """A store, the time on stage, and everybody who acts there."""

    def __init__(self, store: Store, seed: int, now: datetime) -> None:
        self.store = store
        self.now = now
        self.recorder = Recorder(store)
        self.crews: dict[Ref, Crew] = {}
        self.stalled: set[Ref] = set()  # Services that the EndpointSlice controller does not get to
        self._random = random.Random(seed)  # noqa: S311 - names and addresses of a demo
        self._next_host = dict.fromkeys((m.name for m in ALL_MACHINES), 3)

    # -- names and addresses ----------------------------------------------------------------------

    def ago(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        return self.now - timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)

    def suffix(self, length: int = 5) -> str:
        return "".join(self._random.choices(ALPHABET, k=length))

    def uid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _address(self, machine: Machine) -> str:
        """The next address of a node that no pod has."""
        used = {kubelet.first_address(pod) for pod in self.store.objects("pods")}
        while True:
            host = self._next_host[machine.name]
            self._next_host[machine.name] = host + 1 if host < 250 else 3
            if (address := f"{machine.prefix}.{host}") not in used:
                return address

    # -- workloads --------------------------------------------------------------------------------

    def hire(self, workload: Workload, created: datetime) -> Crew:
        """Write a workload (and its ReplicaSet); no pods yet."""
        template_hash = self.suffix(9)
        if workload.kind == "DaemonSet":
            obj = daemon_set(workload, created)
        elif workload.kind == "StatefulSet":
            obj = stateful_set(workload, created, template_hash)
        else:
            obj = deployment(workload, created, 1)
        uid = self.store.put(obj).obj["metadata"]["uid"]
        crew = Crew(workload, template_hash, (workload.kind, workload.name, uid))
        self.crews[workload.namespace, workload.name] = crew
        if workload.kind == "Deployment":
            self._new_replica_set(crew, created, uid, workload.replicas)
        return crew

    def _new_replica_set(self, crew: Crew, created: datetime, owner_uid: str, replicas: int) -> None:
        obj = replica_set(crew.workload, crew.template_hash, created, crew.revision, owner_uid)
        obj["spec"]["replicas"] = replicas
        entry = self.store.put(obj)
        crew.owner = ("ReplicaSet", entry.name, entry.obj["metadata"]["uid"])

    def revise(self, crew: Crew) -> str:
        """A new revision of a Deployment, without pods yet. Gives the name of the former ReplicaSet."""
        workload = crew.workload
        found = self.store.get("deployments", workload.namespace, workload.name)
        assert found is not None
        former = crew.owner[1]
        crew.revision += 1
        crew.workload = next_version(workload)
        crew.template_hash = self.suffix(9)
        self._new_replica_set(crew, self.now, found.obj["metadata"]["uid"], 0)
        annotations = {"deployment.kubernetes.io/revision": str(crew.revision)}
        template = crew.workload.template(workload.pod_labels)
        patch = {"metadata": {"annotations": annotations}, "spec": {"template": template}}
        self.store.patch("deployments", workload.namespace, workload.name, patch)
        self._forget_revisions(crew, former)
        return former

    def _forget_revisions(self, crew: Crew, former: str) -> None:
        """revisionHistoryLimit: only the former ReplicaSet stays, empty, beside the present one."""
        for obj in self.store.objects("replicasets", crew.workload.namespace):
            meta = obj["metadata"]
            ours = any(o["name"] == crew.workload.name for o in meta.get("ownerReferences") or ())
            if ours and meta["name"] not in (former, crew.owner[1]):
                self.store.delete("replicasets", crew.workload.namespace, meta["name"])

    def scale(self, crew: Crew, replica_set: str, by: int) -> None:
        """The Deployment changes the size of one of its ReplicaSets, and says so."""
        namespace, name = crew.workload.namespace, crew.workload.name
        found = self.store.get("replicasets", namespace, replica_set)
        owner = self.store.get("deployments", namespace, name)
        if found is None or owner is None:
            return
        size = found.obj["spec"]["replicas"]
        self.store.patch("replicasets", namespace, replica_set, {"spec": {"replicas": size + by}})
        text = f"Scaled {'up' if by > 0 else 'down'} replica set {replica_set} from {size} to {size + by}"
        about = {"kind": "Deployment", **owner.obj}
        self.event(about, "ScalingReplicaSet", text, source="deployment-controller")

    def resize(self, crew: Crew, replicas: int) -> None:
        """Somebody gives a Deployment another size; its pods are still to follow."""
        namespace, name = crew.workload.namespace, crew.workload.name
        found = self.store.get("deployments", namespace, name)
        if found is None:
            raise VanishedError(name)
        by = replicas - found.obj["spec"]["replicas"]
        self.store.patch("deployments", namespace, name, {"spec": {"replicas": replicas}})
        self.scale(crew, crew.owner[1], by)

    # -- pods -------------------------------------------------------------------------------------

    def pods_of(self, crew: Crew) -> list[Ref]:
        wanted = crew.workload.pod_labels.items()
        return [
            (crew.workload.namespace, obj["metadata"]["name"])
            for obj in self.store.objects("pods", crew.workload.namespace)
            if wanted <= (obj["metadata"].get("labels") or {}).items()
        ]

    def pick(self, crew: Crew, count: int = 1) -> list[Ref]:
        """The first of its pods. Raises `VanishedError` where there are not so many."""
        found = self.pods_of(crew)[:count]
        if len(found) < count:
            raise VanishedError(crew.workload.name)
        return found

    def pod(self, ref: Ref) -> Json:
        """The pod as it is now. Raises `VanishedError`."""
        entry = self.store.get("pods", *ref)
        if entry is None:
            raise VanishedError(ref)
        return {"kind": "Pod", **entry.obj}

    def save(self, pod: Json) -> Ref:
        meta = self.store.put(pod).obj["metadata"]
        return meta["namespace"], meta["name"]

    def pending(self, crew: Crew, created: datetime, **spec: Any) -> Json:
        """A pod as its controller creates it; not written yet."""
        workload = crew.workload
        labels = workload.pod_labels
        more = dict(workload.spec) | spec
        if workload.kind == "StatefulSet":
            name = f"{workload.name}-{crew.hired}"
            labels |= {
                "apps.kubernetes.io/pod-index": str(crew.hired),
                "controller-revision-hash": f"{workload.name}-{crew.template_hash}",
                "statefulset.kubernetes.io/pod-name": name,
            }
            more |= {"hostname": name, "subdomain": workload.service_name or workload.name}
        elif workload.kind == "DaemonSet":
            name = f"{workload.name}-{self.suffix()}"
            labels |= {"controller-revision-hash": crew.template_hash, "pod-template-generation": "1"}
        else:
            name = f"{workload.name}-{crew.template_hash}-{self.suffix()}"
            labels |= {"pod-template-hash": crew.template_hash}
        crew.hired += 1
        owners = owner(*crew.owner)
        meta = metadata(
            workload.namespace, name, created, generation=1, labels=labels, ownerReferences=owners
        )
        if workload.kind != "StatefulSet":
            meta["generateName"] = name[:-5]
        meta["uid"] = self.uid()
        body = workload.template(labels)["spec"] | more
        status = {"phase": "Pending", "qosClass": "Burstable"}
        return {"kind": "Pod", "metadata": meta, "spec": body, "status": status}

    def machine(self, crew: Crew) -> Machine:
        pool = [machine for machine in ALL_MACHINES if machine.pool == crew.workload.pool]
        return pool[(crew.hired + len(crew.workload.name)) % len(pool)]

    def placed(self, crew: Crew, created: datetime) -> Json:
        """A pod with a node and an address whose containers are being created; not written yet."""
        machine = self.machine(crew)
        pod = kubelet.schedule(self.pending(crew, created), created, machine.name)
        pod = kubelet.create(pod, created, machine.ip)
        return kubelet.give_address(pod, created + timedelta(seconds=1), self._address(machine))

    def veteran(self, crew: Crew, created: datetime, *, ready: bool = True) -> Json:
        """A pod that has been running for a while; not written yet."""
        pod = kubelet.run(self.placed(crew, created), created + timedelta(seconds=3))
        if not ready:
            return pod
        passed = created + timedelta(seconds=12)
        if any("startupProbe" in spec for spec in pod["spec"]["containers"]):
            pod = kubelet.pass_startup(pod, passed)
        return kubelet.set_ready(pod, passed, True)

    def staff(self, workload: Workload, created: datetime, count: int | None = None) -> list[Ref]:
        """A workload with its pods, all of them ready; ``count`` of them where some are yet to come."""
        crew = self.hire(workload, created)
        total = workload.replicas if count is None else count
        made = [created + timedelta(seconds=2 * index) for index in range(total)]
        return [self.save(self.veteran(crew, at)) for at in made]

    # -- events -----------------------------------------------------------------------------------

    def event(self, about: Json, reason: str, message: str, **more: Any) -> None:
        self.recorder.record(about, reason, message, more.pop("at", self.now), **more)

    def unhealthy(
        self, pod: Json, container: str, tail: str, *, probe: str = "Readiness", **more: Any
    ) -> None:
        """A probe's failure; ``{ip}`` in the tail is the pod's address."""
        text = f"{probe} probe failed: {tail.format(ip=kubelet.first_address(pod))}"
        self.event(pod, "Unhealthy", text, warning=True, container=container, **more)

    # -- steps of a life --------------------------------------------------------------------------

    def arrive(
        self, crew: Crew, *, warm_up: float = 5, ready: bool = True, node: str = "", address: str = ""
    ) -> Generator[float, None, Ref]:
        """A new pod from Pending to ready, with the events of its way; gives its name in the end.

        The node is the next one's turn and the address a free one, unless they are given.
        """
        pod = self.pending(crew, self.now)
        ref = self.save(pod)
        machine = next((m for m in ALL_MACHINES if m.name == node), None) or self.machine(crew)
        yield 1
        pod = self.change(ref, kubelet.schedule, machine.name)
        where = f"Successfully assigned {ref[0]}/{ref[1]} to {machine.name}"
        self.event(pod, "Scheduled", where, source="default-scheduler")
        pod = self.change(ref, kubelet.create, machine.ip)
        yield 1
        self.change(ref, kubelet.give_address, address or self._address(machine))
        yield 1
        pod = self.change(ref, kubelet.run)
        self.started(pod)
        if ready:
            yield from self.warm_up(ref, warm_up)
            self.change(ref, kubelet.set_ready, True)
        return ref

    def warm_up(self, ref: Ref, seconds: float) -> Iterator[float]:
        """The program does not listen yet: its readiness probe is refused until it does."""
        box = self.pod(ref)["spec"]["containers"][0]
        tail = kubelet.refusal(box)
        delay = 1.0
        while tail and delay < seconds:
            yield delay
            seconds -= delay
            self.unhealthy(self.pod(ref), box["name"], tail)
            delay = box["readinessProbe"]["periodSeconds"]
        yield seconds

    def started(self, pod: Json, at: datetime | None = None) -> None:
        for spec in pod["spec"]["containers"]:
            name, at = spec["name"], at or self.now
            text = f'Container image "{spec["image"]}" already present on machine'
            self.event(pod, "Pulled", text, container=name, at=at)
            self.event(pod, "Created", f"Created container: {name}", container=name, at=at)
            self.event(pod, "Started", f"Started container {name}", container=name, at=at)

    def retire(self, ref: Ref, grace: int = 30) -> None:
        """Delete a pod, if it is there: from now on it is terminating, and serves until it is buried."""
        with contextlib.suppress(VanishedError):
            pod = self.change(ref, kubelet.delete, grace)
            for spec in pod["spec"]["containers"]:
                self.event(pod, "Killing", f"Stopping container {spec['name']}", container=spec["name"])

    def bury(self, ref: Ref) -> None:
        self.store.delete("pods", *ref)

    def change(self, ref: Ref, step: Callable[..., Json], *args: Any) -> Json:
        """One kubelet step on a pod as it is now; gives what came of it. Raises `VanishedError`."""
        self.save(step(self.pod(ref), self.now, *args))
        return self.pod(ref)


def next_version(workload: Workload) -> Workload:
    """The same workload with the last number of its image's tag raised by one."""
    first, *others = workload.containers
    head, _, patch = first["image"].rpartition(".")
    image = f"{head}.{int(patch) + 1}"
    return msgspec.structs.replace(workload, containers=(first | {"image": image}, *others))
