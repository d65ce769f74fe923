"""What a kubelet and a scheduler do to a pod object, one step a function.

Each takes a pod as stored, returns a new one, and leaves the old untouched. The shapes follow
kubernetes pkg/kubelet/status/generate.go and pkg/kubelet/kubelet_pods.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Concatenate, Final, ParamSpec

import msgspec

from epview.demo.clock import rfc3339
from epview.demo.resources import Json

_P = ParamSpec("_P")
_ORDER: Final = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode

Step = Callable[Concatenate[Json, datetime, _P], None]


def _step(change: Step[_P]) -> Callable[Concatenate[Json, datetime, _P], Json]:
    """Make a function that changes a pod in place one that returns a changed copy."""

    def changed(pod: Json, at: datetime, /, *args: _P.args, **kwargs: _P.kwargs) -> Json:
        fresh: Json = {"kind": "Pod", **_decode(_encode(pod))}  # a copy, much faster than deepcopy
        change(fresh, at, *args, **kwargs)
        return fresh

    changed.__doc__ = change.__doc__
    changed.__name__ = change.__name__
    return changed


# -- scheduling ----------------------------------------------------------------------------------


@_step
def schedule(pod: Json, at: datetime, node: str) -> None:
    """The scheduler's binding."""
    pod["spec"]["nodeName"] = node
    _condition(pod, at, "PodScheduled", ok=True)


@_step
def refuse(pod: Json, at: datetime, message: str) -> None:
    """The scheduler found no node."""
    _condition(pod, at, "PodScheduled", ok=False, reason="Unschedulable", message=message)


@_step
def create(pod: Json, at: datetime, host_ip: str) -> None:
    """The kubelet accepted the pod: no address yet, containers being created."""
    status = pod["status"]
    status |= {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}], "startTime": rfc3339(at)}
    status["containerStatuses"] = [
        {
            "name": c["name"],
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
            "ready": False,
            "restartCount": 0,
            "image": c["image"],
            "imageID": "",
            "started": False,
        }
        for c in pod["spec"]["containers"]
    ]
    _condition(pod, at, "PodReadyToStartContainers", ok=False)
    _condition(pod, at, "Initialized", ok=True)
    _judge(pod, at)


@_step
def give_address(pod: Json, at: datetime, ip: str) -> None:
    """The sandbox is up: the pod has its address."""
    pod["status"] |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    _condition(pod, at, "PodReadyToStartContainers", ok=True)


# -- containers ----------------------------------------------------------------------------------


@_step
def run(pod: Json, at: datetime, name: str = "") -> None:
    """Containers (all, or one) run; ready at once only where there is no probe to pass."""
    pod["status"]["phase"] = "Running"
    for status, spec in _pairs(pod, name):
        _started(pod, status, spec, at)
    _judge(pod, at)


def _started(pod: Json, status: Json, spec: Json, at: datetime) -> None:
    status["state"] = {"running": {"startedAt": rfc3339(at)}}
    status["containerID"] = f"containerd://{_digest(pod, status)}"
    status["imageID"] = f"{spec['image'].rpartition(':')[0]}@sha256:{_digest(pod, spec['image'])}"
    status["started"] = "startupProbe" not in spec
    status["ready"] = status["started"] and "readinessProbe" not in spec


@_step
def pass_startup(pod: Json, at: datetime, name: str = "") -> None:
    for status, spec in _pairs(pod, name):
        status["started"] = True
        status["ready"] = "readinessProbe" not in spec
    _judge(pod, at)


@_step
def set_ready(pod: Json, at: datetime, ready: bool, name: str = "") -> None:
    """The readiness probe crossed its threshold."""
    for status, _ in _pairs(pod, name):
        status["ready"] = ready
    _judge(pod, at)


@_step
def wait(pod: Json, at: datetime, reason: str, message: str = "", name: str = "") -> None:
    """A container cannot start: ``ImagePullBackOff``, ``CrashLoopBackOff``, …"""
    for status, _ in _pairs(pod, name):
        status["state"] = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
        status |= {"ready": False, "started": False}
    _judge(pod, at)


@_step
def die(pod: Json, at: datetime, reason: str, exit_code: int, name: str = "") -> None:
    """A container ended; the next `run` or `wait` shows what comes of it."""
    for status, _ in _pairs(pod, name):
        running = status["state"].get("running") or {}
        status["state"] = {
            "terminated": {
                "exitCode": exit_code,
                "reason": reason,
                "startedAt": running.get("startedAt", rfc3339(at)),
                "finishedAt": rfc3339(at),
                "containerID": status.get("containerID", ""),
            }
        }
        status |= {"ready": False, "started": False}
    _judge(pod, at)


@_step
def back_off(pod: Json, at: datetime, seconds: int, name: str = "") -> None:
    """A container that died waits for its next start: one restart more on its account."""
    meta = pod["metadata"]
    ident = f"{meta['name']}_{meta['namespace']}({meta.get('uid', '')})"
    for status, _ in _pairs(pod, name):
        text = f"back-off {_go_duration(seconds)} restarting failed container={status['name']} pod={ident}"
        status["lastState"] = status["state"]
        status["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
        status["restartCount"] += 1
    _judge(pod, at)


@_step
def revive(pod: Json, at: datetime, name: str = "") -> None:
    """A container that died runs again at once: one restart more on its account."""
    for status, spec in _pairs(pod, name):
        status["lastState"] = status["state"]
        status["restartCount"] += 1
        _started(pod, status, spec, at)
    _judge(pod, at)


@_step
def restart(pod: Json, at: datetime, reason: str, exit_code: int, ended: datetime, count: int) -> None:
    """History: all containers were restarted ``count`` times, last because of ``reason``."""
    for status, _ in _pairs(pod, ""):
        begun = rfc3339(ended - timedelta(minutes=4))
        last = {"exitCode": exit_code, "reason": reason, "startedAt": begun, "finishedAt": rfc3339(ended)}
        status["lastState"] = {"terminated": last | {"containerID": status.get("containerID", "")}}
        status["restartCount"] = count
    _judge(pod, at)


# -- the end -------------------------------------------------------------------------------------


@_step
def delete(pod: Json, at: datetime, grace: int) -> None:
    """Somebody asked for its deletion: it goes on serving until the kubelet is done with it."""
    pod["metadata"]["deletionTimestamp"] = rfc3339(at + timedelta(seconds=grace))
    pod["metadata"]["deletionGracePeriodSeconds"] = grace


@_step
def finish(pod: Json, at: datetime, begun: datetime) -> None:
    """A pod that was meant to end, and did."""
    for status, _ in _pairs(pod, ""):
        ended = {"exitCode": 0, "reason": "Completed"}
        times = {"startedAt": rfc3339(begun), "finishedAt": rfc3339(at)}
        status["state"] = {"terminated": ended | times}
        status |= {"ready": False, "started": False}
    pod["status"]["phase"] = "Succeeded"
    for kind in ("Ready", "ContainersReady"):
        _condition(pod, at, kind, ok=False, reason="PodCompleted")


# -- what others say of a pod --------------------------------------------------------------------


@_step
def lose(pod: Json, at: datetime) -> None:
    """Its node is silent: the node lifecycle controller turns Ready, and Ready alone (no reason)."""
    ready = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
    ready |= {"status": "False", "lastTransitionTime": rfc3339(at)}


@_step
def find(pod: Json, at: datetime) -> None:
    """Its node speaks again: the kubelet tells what it knows of the pod."""
    _judge(pod, at)


@_step
def open_gate(pod: Json, at: datetime, gate: str) -> None:
    """The controller that owns a readiness gate lets the pod through."""
    _condition(pod, at, gate, ok=True)
    _judge(pod, at)


# -- conditions ----------------------------------------------------------------------------------


def _judge(pod: Json, at: datetime) -> None:
    """ContainersReady and Ready, from the containers and the readiness gates."""
    unready = [s["name"] for s in pod["status"]["containerStatuses"] if not s["ready"]]
    reason = message = ""
    if unready:
        reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    _condition(pod, at, "ContainersReady", ok=not unready, reason=reason, message=message)
    for gate in pod["spec"].get("readinessGates") or ():
        kind = gate["conditionType"]
        found = next((c for c in pod["status"]["conditions"] if c["type"] == kind), None)
        if not unready and (found is None or found["status"] != "True"):
            reason = "ReadinessGatesNotReady"
            message = f'corresponding condition of pod readiness gate "{kind}" does not exist.'
    _condition(pod, at, "Ready", ok=not reason, reason=reason, message=message)


def _condition(pod: Json, at: datetime, kind: str, *, ok: bool, reason: str = "", message: str = "") -> None:
    conditions: list[Json] = pod["status"].setdefault("conditions", [])
    found = next((c for c in conditions if c["type"] == kind), None)
    wanted = "True" if ok else "False"
    moved = rfc3339(at) if found is None or found["status"] != wanted else found["lastTransitionTime"]
    fresh: Json = {"type": kind, "status": wanted, "lastProbeTime": None, "lastTransitionTime": moved}
    fresh |= {k: v for k, v in (("reason", reason), ("message", message)) if v}
    others = [c for c in conditions if c["type"] != kind]
    conditions[:] = sorted([*others, fresh], key=_position)


def _position(condition: Json) -> int:
    kind = condition["type"]
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _pairs(pod: Json, name: str) -> list[tuple[Json, Json]]:
    """Status and spec of each container, or of the one named."""
    specs = {c["name"]: c for c in pod["spec"]["containers"]}
    statuses = pod["status"]["containerStatuses"]
    return [(s, specs[s["name"]]) for s in statuses if name in ("", s["name"])]


def _digest(pod: Json, what: Any) -> str:
    if isinstance(what, dict):
        what = f"{pod['metadata'].get('uid')}/{what['name']}/{what['restartCount']}"
    return hashlib.sha256(str(what).encode()).hexdigest()


def refusal(container: Json) -> str:
    """What the kubelet says of the readiness probe while nothing listens; ``""`` for probes without a port.

    ``{ip}`` stands for the pod's address.
    """
    probe = container.get("readinessProbe") or {}
    asked = probe.get("httpGet") or probe.get("tcpSocket")
    if not asked:
        return ""
    named = {port.get("name"): port["containerPort"] for port in container.get("ports") or ()}
    where = f"{{ip}}:{named.get(asked['port'], asked['port'])}"
    refused = f"dial tcp {where}: connect: connection refused"
    return f'Get "http://{where}{asked["path"]}": {refused}' if "path" in asked else refused


def _go_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def first_address(pod: Json) -> str:
    return str(pod["status"].get("podIP", ""))
