"""The row of a pod in ``kubectl get pods`` (printers.go ``printPod``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from epview.demo.cells import NONE, age, since
from epview.demo.resources import Json


def pod_cells(pod: Json, now: datetime) -> list[Any]:
    spec, status = pod["spec"], pod.get("status") or {}
    statuses = status.get("containerStatuses") or []
    ready = sum(1 for s in statuses if s.get("ready") and "running" in (s.get("state") or {}))
    ips = status.get("podIPs") or []
    return [
        pod["metadata"]["name"],
        f"{ready}/{len(spec['containers'])}",
        _status(pod),
        _restarts(statuses, now),
        age(pod, now),
        ips[0]["ip"] if ips else NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _gates(pod),
    ]


def pod_row_conditions(pod: Json) -> list[Json]:
    """Finished pods are marked, so that clients may grey them out."""
    phase = (pod.get("status") or {}).get("phase")
    if phase not in ("Succeeded", "Failed"):
        return []
    ended = "completed successfully" if phase == "Succeeded" else "failed"
    message = f"The pod has {ended}."
    return [{"type": "Completed", "status": "True", "reason": phase, "message": message}]


def _status(pod: Json) -> str:
    """The STATUS column: phase, or the reason that says more."""
    status = pod.get("status") or {}
    reason = str(status.get("reason") or status.get("phase") or "")
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    running = False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        if "waiting" in state and state["waiting"].get("reason"):
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            reason = _terminated(state["terminated"])
        elif container.get("ready") and "running" in state:
            running = True
    if reason == "Completed" and running:
        reason = "Running" if _is_ready(pod) else "NotReady"
    if pod["metadata"].get("deletionTimestamp") and status.get("phase") not in ("Succeeded", "Failed"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _terminated(state: Json) -> str:
    if state.get("reason"):
        return str(state["reason"])
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _restarts(statuses: list[Json], now: datetime) -> str:
    count = sum(s.get("restartCount", 0) for s in statuses)
    ends = [((s.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for s in statuses]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({since(last, now)} ago)" if count and last else str(count)


def _gates(pod: Json) -> str:
    gates = pod["spec"].get("readinessGates") or ()
    if not gates:
        return NONE
    true = {c["type"] for c in pod["status"].get("conditions") or () if c["status"] == "True"}
    return f"{sum(gate['conditionType'] in true for gate in gates)}/{len(gates)}"
