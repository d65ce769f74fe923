"""What happens on the stage: the recurring stories of single pods and Deployments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from epview.demo import kubelet
from epview.demo.stage import Crew, Ref, Stage

NOT_SERVING: Final = 'service unhealthy (responded with "NOT_SERVING")'
TIMED_OUT: Final = (
    'Get "http://{ip}:8080/PATH": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
)
NO_ROOM: Final = (
    "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient memory. preemption:"
    " 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found"
    " for incoming pod."
)
_PERIOD: Final = 10  # seconds, of the probes that have no period of their own


def rollouts(stage: Stage, crew: Crew, *, first: float, rest: float) -> Iterator[float]:
    """Rolling updates, one after another: a new pod comes up, an old one drains and goes."""
    yield first
    while True:
        old = stage.pods_of(crew)
        former = stage.revise(crew)
        for ref in old:
            stage.scale(crew, crew.owner[1], +1)
            yield from stage.arrive(crew, warm_up=4)
            yield 1
            stage.scale(crew, former, -1)
            stage.retire(ref)
            yield 5
            stage.bury(ref)
        yield rest


def replacements(stage: Stage, crew: Crew, *, every: float, first: float) -> Iterator[float]:
    """Somebody kills a pod; the ReplicaSet replaces it at once."""
    yield first
    while True:
        if not (pods := stage.pods_of(crew)):
            return
        stage.retire(victim := pods[0])
        yield from stage.arrive(crew, warm_up=6)
        stage.bury(victim)
        yield every


def handovers(
    stage: Stage, crew: Crew, old: Ref, *, warm_up: float, grace: int, rest: float
) -> Iterator[float]:
    """One pod only: it serves, terminating, until its successor is ready.

    It begins in the middle: ``old`` is terminating, and its successor the only other pod.
    """
    new = next(ref for ref in stage.pods_of(crew) if ref != old)
    yield from stage.warm_up(new, warm_up)
    stage.change(new, kubelet.set_ready, True)
    while True:
        yield 6
        stage.bury(old)
        yield rest
        old = new
        stage.retire(old, grace)
        new = yield from stage.arrive(crew, warm_up=warm_up)


# -- readiness -----------------------------------------------------------------------------------


def fell_ill(stage: Stage, ref: Ref, begun: datetime, tail: str, *, count: int) -> None:
    """A past: the pod's readiness probe has been failing since ``begun``."""
    crossed = begun + timedelta(seconds=2 * _PERIOD)  # the third failure in a row
    pod = stage.pod(ref)
    pod = kubelet.set_ready(pod, crossed, False)
    stage.save(pod)
    name = pod["spec"]["containers"][0]["name"]
    stage.unhealthy(
        pod, name, tail, count=count, first=begun, at=begun + timedelta(seconds=_PERIOD * (count - 1))
    )


def illness(stage: Stage, ref: Ref, tail: str, *, ill: float, well: float, first: float) -> Iterator[float]:
    """The probe of a pod that `fell_ill` goes on failing; it recovers, and falls ill again."""
    yield first
    while True:
        yield from _fail(stage, ref, tail, int(ill // _PERIOD))
        stage.change(ref, kubelet.set_ready, True)
        yield well
        yield from _fail(stage, ref, tail, 2)
        stage.change(ref, kubelet.set_ready, False)


def _fail(stage: Stage, ref: Ref, tail: str, times: int) -> Iterator[float]:
    for _ in range(times):
        pod = stage.pod(ref)
        stage.unhealthy(pod, pod["spec"]["containers"][0]["name"], tail)
        yield _PERIOD


def flapping(stage: Stage, ref: Ref, tail: str) -> Iterator[float]:
    """Ready for some seconds, then not, for ever."""
    while True:
        yield 4
        pod = stage.change(ref, kubelet.set_ready, False)
        stage.unhealthy(pod, pod["spec"]["containers"][0]["name"], tail)
        yield 4
        stage.change(ref, kubelet.set_ready, True)


def failing(stage: Stage, ref: Ref, tail: str, *, first: float) -> Iterator[float]:
    """The probe of a pod that `fell_ill` goes on failing, and nothing mends it."""
    yield first
    while True:
        yield from _fail(stage, ref, tail, 1)


# -- starting ------------------------------------------------------------------------------------


def slow_starts(stage: Stage, crew: Crew, ref: Ref, *, lasts: float) -> Iterator[float]:
    """A pod whose startup probe takes its time; once it is up, it is replaced, and it begins again."""
    yield 9
    while True:
        name = crew.workload.containers[0]["name"]
        for _ in range(int(lasts // _PERIOD)):
            stage.unhealthy(stage.pod(ref), name, NOT_SERVING, probe="Startup")
            yield _PERIOD
        stage.change(ref, kubelet.pass_startup)
        yield 2
        stage.change(ref, kubelet.set_ready, True)
        yield 30
        stage.retire(ref)
        old, ref = ref, (yield from stage.arrive(crew, ready=False))
        stage.bury(old)
        yield _PERIOD


def unschedulable(stage: Stage, ref: Ref, since: datetime) -> Iterator[float]:
    """The scheduler tries again and again."""
    pod = stage.pod(ref)
    told = {"warning": True, "source": "default-scheduler"}
    stage.event(pod, "FailedScheduling", NO_ROOM, count=3, first=since, at=stage.ago(50), **told)
    yield 15
    while True:
        stage.event(pod, "FailedScheduling", NO_ROOM, **told)
        yield 60


# -- containers that do not run ------------------------------------------------------------------


def backing_off(stage: Stage, ref: Ref, *, count: int = 1, first: datetime | None = None) -> None:
    """The kubelet's event about a container that it will start again later."""
    pod = stage.pod(ref)
    name, meta = pod["spec"]["containers"][0]["name"], pod["metadata"]
    where = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
    text = f"Back-off restarting failed container {name} in pod {where}"
    stage.event(pod, "BackOff", text, warning=True, container=name, count=count, first=first)


def crash_loop(stage: Stage, ref: Ref, *, pause: float, lives: float) -> Iterator[float]:
    """Starts, eats its memory, is killed, waits."""
    yield pause
    while True:
        pod = stage.change(ref, kubelet.run)
        name = pod["spec"]["containers"][0]["name"]
        stage.event(pod, "Started", f"Started container {name}", container=name)
        yield lives
        stage.change(ref, kubelet.die, "OOMKilled", 137)
        yield 2
        stage.change(ref, kubelet.back_off, 300)
        backing_off(stage, ref)
        yield pause


def kills(stage: Stage, ref: Ref, tail: str, *, first: float, every: float, restarts: int) -> Iterator[float]:
    """The liveness probe fails now and then, and the kubelet restarts the container.

    ``restarts`` of them have been before; the last was ``every`` - ``first`` seconds ago. They are far
    enough apart for the kubelet to forget its back-off.
    """
    ended = stage.ago(every - first)
    pod = kubelet.restart(stage.pod(ref), ended, "Error", 137, ended, restarts)
    pod = kubelet.run(pod, ended + timedelta(seconds=1))
    stage.save(kubelet.set_ready(pod, ended + timedelta(seconds=12), True))
    name = pod["spec"]["containers"][0]["name"]
    oldest = stage.ago(every * 4 - first)
    stage.unhealthy(pod, name, tail, probe="Liveness", count=12, first=oldest, at=ended)
    _killing(stage, ref, count=4, first=oldest, at=ended)
    yield first - 2 * _PERIOD
    while True:
        for _ in range(2):
            stage.unhealthy(stage.pod(ref), name, tail, probe="Liveness")
            yield _PERIOD
        stage.unhealthy(stage.pod(ref), name, tail, probe="Liveness")
        _killing(stage, ref)
        stage.change(ref, kubelet.die, "Error", 137)
        yield 1
        stage.started(stage.change(ref, kubelet.revive))
        yield 10
        stage.change(ref, kubelet.set_ready, True)
        yield every - 2 * _PERIOD - 11


def _killing(stage: Stage, ref: Ref, **more: Any) -> None:
    pod = stage.pod(ref)
    name = pod["spec"]["containers"][0]["name"]
    text = f"Container {name} failed liveness probe, will be restarted"
    stage.event(pod, "Killing", text, container=name, **more)


def failures(stage: Stage, ref: Ref, *, first: float, every: float) -> Iterator[float]:
    """The program ends by itself now and then, and is started again at once."""
    yield first
    while True:
        stage.change(ref, kubelet.die, "Error", 1)
        yield 1
        stage.started(stage.change(ref, kubelet.revive))
        yield 9
        stage.change(ref, kubelet.set_ready, True)
        yield every - 10


# -- doors that others open ----------------------------------------------------------------------


def gates(stage: Stage, crew: Crew, gate: str, *, first: float, waits: float, rest: float) -> Iterator[float]:
    """A pod is replaced, and the load balancer takes its time until it lets the new one in."""
    yield first
    while True:
        (old,) = stage.pick(crew)
        stage.retire(old)
        new = yield from stage.arrive(crew, warm_up=4)
        stage.bury(old)
        yield waits
        stage.change(new, kubelet.open_gate, gate)
        yield rest


def bad_image(stage: Stage, ref: Ref, *, first: float) -> Iterator[float]:
    """The registry does not know the tag: ErrImagePull and ImagePullBackOff take turns."""
    pod = stage.pod(ref)
    spec = pod["spec"]["containers"][0]
    image, name = spec["image"], spec["name"]
    unresolved = f'failed to resolve reference "{image}": {image}: not found'
    why = f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": {unresolved}'
    waits = f'Back-off pulling image "{image}": ErrImagePull: {why}'
    failed = f'Failed to pull image "{image}": {why}'
    begun = stage.ago(minutes=16)
    stage.save(kubelet.wait(pod, stage.ago(30), "ImagePullBackOff", waits))
    told = {"warning": True, "container": name}
    stage.event(
        pod, "Pulling", f'Pulling image "{image}"', container=name, count=5, first=begun, at=stage.ago(160)
    )
    stage.event(pod, "Failed", failed, count=5, first=begun, at=stage.ago(159), **told)
    stage.event(pod, "Failed", "Error: ErrImagePull", count=5, first=begun, at=stage.ago(159), **told)
    backs = f'Back-off pulling image "{image}"'
    stage.event(pod, "BackOff", backs, container=name, count=7, first=begun, at=stage.ago(5))
    stage.event(pod, "Failed", "Error: ImagePullBackOff", count=2, first=begun, at=stage.ago(5), **told)
    yield first
    while True:
        stage.change(ref, kubelet.wait, "ErrImagePull", why)
        stage.event(pod, "Failed", "Error: ErrImagePull", **told)
        yield 12
        stage.change(ref, kubelet.wait, "ImagePullBackOff", waits)
        stage.event(pod, "BackOff", backs, container=name)
        yield 45
