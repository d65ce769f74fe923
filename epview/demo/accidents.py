"""What goes wrong around the pods, and is mended: edits, sizes, nodes, controllers, networks.

Each is a story for ever: calm for a while (``first``, later ``rest``), trouble for a while (``lasts``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from epview.demo import kubelet
from epview.demo.clock import rfc3339
from epview.demo.resources import Json
from epview.demo.stage import Crew, Machine, Ref, Stage, VanishedError

NO_PORT: Final = (
    "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 node(s) didn't have free ports for the"
    " requested pod ports. preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling,"
    " 3 No preemption victims found for incoming pod."
)
_UNREACHABLE: Final = "node.kubernetes.io/unreachable"


def edits(
    stage: Stage,
    resource: str,
    ref: Ref,
    wrong: Json,
    right: Json,
    *,
    first: float,
    lasts: float,
    rest: float,
) -> Iterator[float]:
    """Somebody edits an object, and takes it back: two merge patches in turn, for as long as it is there."""
    yield first
    with contextlib.suppress(KeyError):
        while True:
            stage.store.patch(resource, *ref, wrong)
            yield lasts
            stage.store.patch(resource, *ref, right)
            yield rest


# -- sizes ---------------------------------------------------------------------------------------


def nights(stage: Stage, crew: Crew, *, first: float, lasts: float, rest: float) -> Iterator[float]:
    """A Deployment is scaled to 0 when nobody works, and back in the morning."""
    yield first
    while True:
        pods = stage.pick(crew, crew.workload.replicas)
        stage.resize(crew, 0)
        for ref in pods:
            stage.retire(ref)
        yield 3
        for ref in pods:
            stage.bury(ref)
        yield lasts
        stage.resize(crew, len(pods))
        for steps in zip(*(stage.arrive(crew, warm_up=4) for _ in pods), strict=True):  # all at once
            yield max(steps)
        yield rest


def crowding(stage: Stage, crew: Crew, *, first: float, lasts: float, rest: float) -> Iterator[float]:
    """One pod more is asked for than there are nodes with its host port free."""
    yield first
    while True:
        size = crew.workload.replicas
        stage.resize(crew, size + 1)
        ref = stage.save(kubelet.refuse(stage.pending(crew, stage.now), stage.now, NO_PORT))
        for _ in range(int(lasts // 20)):
            pod = stage.pod(ref)
            stage.event(pod, "FailedScheduling", NO_PORT, warning=True, source="default-scheduler")
            yield 20
        stage.resize(crew, size)
        stage.bury(ref)
        yield rest


# -- nodes ---------------------------------------------------------------------------------------


def outages(stage: Stage, machine: Machine, *, first: float, lasts: float, rest: float) -> Iterator[float]:
    """A node falls silent and comes back; then it is cordoned for a look at it, and uncordoned."""
    yield first
    while True:
        known = _node(stage, machine)
        taints = known["spec"].get("taints") or []
        since = rfc3339(stage.now)
        silent = [{"key": _UNREACHABLE, "effect": effect, "timeAdded": since} for effect in _EFFECTS]
        _set_node(stage, machine, {"taints": [*taints, *silent]}, _silent(known, stage.now))
        for ref in _pods_on(stage, machine):
            pod = stage.change(ref, kubelet.lose)
            stage.event(pod, "NodeNotReady", "Node is not ready", warning=True, source="node-controller")
        yield lasts
        _set_node(stage, machine, {"taints": taints}, _speaking(known, stage.now))
        for ref in _pods_on(stage, machine):
            stage.change(ref, kubelet.find)
        yield rest / 3
        cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
        _set_node(stage, machine, {"unschedulable": True, "taints": [*taints, cordon]})
        yield rest / 3
        _set_node(stage, machine, {"unschedulable": None, "taints": taints})
        yield rest / 3


_EFFECTS: Final = ("NoSchedule", "NoExecute")


def _node(stage: Stage, machine: Machine) -> Json:
    found = stage.store.get("nodes", "", machine.name)
    if found is None:
        raise VanishedError(machine.name)
    return found.obj


def _set_node(stage: Stage, machine: Machine, spec: Json, conditions: Sequence[Json] = ()) -> None:
    status = {"status": {"conditions": list(conditions)}} if conditions else {}
    stage.store.patch("nodes", "", machine.name, {"spec": spec, **status})


def _silent(node: Json, at: datetime) -> list[Json]:
    """What the node lifecycle controller writes into the conditions that nobody renews."""
    unknown = {
        "status": "Unknown",
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
        "lastTransitionTime": rfc3339(at),
    }
    return [condition | unknown for condition in node["status"]["conditions"]]


def _speaking(node: Json, at: datetime) -> list[Json]:
    """The conditions as they were before the silence, renewed."""
    fresh = {"lastHeartbeatTime": rfc3339(at), "lastTransitionTime": rfc3339(at)}
    return [condition | fresh for condition in node["status"]["conditions"]]


def _pods_on(stage: Stage, machine: Machine) -> list[Ref]:
    return [
        (pod["metadata"]["namespace"], pod["metadata"]["name"])
        for pod in stage.store.objects("pods")
        if pod["spec"].get("nodeName") == machine.name
    ]


# -- controllers and networks --------------------------------------------------------------------


def stalls(stage: Stage, crew: Crew, *, first: float, lasts: float, rest: float) -> Iterator[float]:
    """A pod is replaced while the EndpointSlice controller cannot write: kube-proxy follows the old list."""
    service = (crew.workload.namespace, crew.workload.name)
    yield first
    while True:
        (old,) = stage.pick(crew)
        stage.stalled.add(service)
        try:
            yield from _replaced(stage, crew, old)
            yield from _complaints(stage, service, lasts)
        finally:
            stage.stalled.discard(service)
        yield rest


def _complaints(stage: Stage, service: Ref, lasts: float) -> Iterator[float]:
    """The controller tries again, after ever longer pauses."""
    namespace, name = service
    found = stage.store.get("services", namespace, name)
    slices = [s["metadata"] for s in stage.store.objects("endpointslices", namespace)]
    late = next((meta["name"] for meta in slices if meta.get("generateName") == f"{name}-"), None)
    if found is None or late is None:
        raise VanishedError(name)
    which = f"Service {namespace}/{name}"
    why = f"failed to update {late} EndpointSlice for {which}: etcdserver: request timed out"
    text = f"Error updating Endpoint Slices for {which}: {why}"
    pause, end = 5.0, lasts
    while end > 0:
        stage.event(
            {"kind": "Service", **found.obj},
            "FailedToUpdateEndpointSlices",
            text,
            warning=True,
            source="endpoint-slice-controller",
        )
        yield min(pause, end)
        end -= pause
        pause *= 2


def twins(stage: Stage, crew: Crew, *, first: float, lasts: float, rest: float) -> Iterator[float]:
    """The network plug-in gives a new pod an address that is in use; a second replacement gets its own."""
    yield first
    while True:
        kept, old = stage.pick(crew, 2)
        taken = kubelet.first_address(stage.pod(kept))
        node = stage.pod(kept)["spec"]["nodeName"]
        yield from _replaced(stage, crew, old, node=node, address=taken)
        yield lasts
        new = next(ref for ref in stage.pick(crew, 2) if ref != kept)
        yield from _replaced(stage, crew, new)
        yield rest


def _replaced(stage: Stage, crew: Crew, old: Ref, **place: Any) -> Iterator[float]:
    stage.retire(old)
    yield from stage.arrive(crew, warm_up=4, **place)
    stage.bury(old)
