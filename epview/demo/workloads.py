"""The status of Deployments, ReplicaSets, StatefulSets and DaemonSets, counted from their pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from epview.demo.clock import rfc3339
from epview.demo.resources import BY_NAME, Json
from epview.demo.store import Store

_RESOURCES: Final = ("replicasets", "deployments", "statefulsets", "daemonsets")
COUNTED: Final = frozenset({"pods", *_RESOURCES})
"""What a count depends on."""


class _Tally:
    def __init__(self) -> None:
        self.total = 0
        self.ready = 0


def count_pods(store: Store) -> None:
    """Bring every workload's status up to date; writes only what changed."""
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for pod in store.objects("pods"):
        for owner in pod["metadata"].get("ownerReferences") or ():
            _count(tallies[owner["uid"]], pod)
    for replica_set in store.objects("replicasets"):
        meta = replica_set["metadata"]
        for owner in meta.get("ownerReferences") or ():
            _add(tallies[owner["uid"]], tallies[meta["uid"]])
    for resource in _RESOURCES:
        for obj in store.objects(resource):
            meta = obj["metadata"]
            status = _status(resource, obj, tallies[meta["uid"]], store, tallies)
            store.put({"kind": BY_NAME[resource].kind, **obj, "status": status})


def _count(tally: _Tally, pod: Json) -> None:
    if pod["metadata"].get("deletionTimestamp") or pod["status"]["phase"] in ("Succeeded", "Failed"):
        return
    tally.total += 1
    conditions = pod["status"].get("conditions") or ()
    tally.ready += any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _add(whole: _Tally, part: _Tally) -> None:
    whole.total += part.total
    whole.ready += part.ready


def _status(resource: str, obj: Json, tally: _Tally, store: Store, tallies: Mapping[str, _Tally]) -> Json:
    generation = obj["metadata"].get("generation", 1)
    if resource == "daemonsets":
        return {
            "currentNumberScheduled": tally.total,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": tally.total,
            "numberReady": tally.ready,
            "observedGeneration": generation,
            "updatedNumberScheduled": tally.total,
            "numberAvailable": tally.ready,
        }
    status: Json = {"observedGeneration": generation, "replicas": tally.total}
    if resource == "replicasets":
        status["fullyLabeledReplicas"] = tally.total
    if tally.ready:
        status |= {"readyReplicas": tally.ready, "availableReplicas": tally.ready}
    if resource == "statefulsets":
        kept = {k: obj["status"][k] for k in ("currentRevision", "updateRevision")}
        status |= {"currentReplicas": tally.total, "updatedReplicas": tally.total, **kept}
        status.setdefault("availableReplicas", 0)
    if resource == "deployments":
        status |= _deployment(obj, tally, store, tallies)
    return {k: v for k, v in status.items() if v or k in ("replicas", "availableReplicas")}


def _deployment(obj: Json, tally: _Tally, store: Store, tallies: Mapping[str, _Tally]) -> Json:
    wanted = obj["spec"]["replicas"]
    revision = obj["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    updated = sum(
        tallies[rs["metadata"]["uid"]].total
        for rs in store.objects("replicasets", obj["metadata"]["namespace"])
        if any(o["uid"] == obj["metadata"]["uid"] for o in rs["metadata"].get("ownerReferences") or ())
        and rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision
    )
    enough = tally.ready >= wanted - wanted // 4
    before = {c["type"]: c for c in obj["status"].get("conditions") or ()}
    now = rfc3339(store.clock())
    return {
        "updatedReplicas": updated,
        "unavailableReplicas": max(0, wanted - tally.ready),
        "conditions": [
            _condition(
                before.get("Available"),
                "Available",
                enough,
                "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
                f"Deployment {'has' if enough else 'does not have'} minimum availability.",
                now,
            )
        ],
    }


def _condition(before: Json | None, kind: str, ok: bool, reason: str, message: str, now: str) -> Json:
    status = "True" if ok else "False"
    if before is not None and before["status"] == status:
        return before
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }
