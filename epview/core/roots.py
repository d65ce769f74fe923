"""The workload at the root of a pod: its Deployment rather than the ReplicaSet of the day.

Read from the pod's controller reference and the labels that the workload controllers set, so that it
works without the right to read workloads; where these are seen, their own word counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from epview.core.objects import Key, Pod
from epview.core.world import World

HASH_LABELS: Final = {
    "pod-template-hash": "Deployment",  # pkg/controller/deployment
    "rollouts-pod-template-hash": "Rollout",  # Argo Rollouts
}
REVISION_LABELS: Final = (*HASH_LABELS, "controller-revision-hash")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_CRONJOB_RUN: Final = re.compile(r"(.+)-\d+")


class Root(NamedTuple):
    """A workload by kind and name, in the pod's namespace; a pod that nobody controls is its own root."""

    kind: str
    name: str

    def ref(self, namespace: str) -> str:
        """``Deployment/shop/web``: how findings name it."""
        return f"{self.kind}/{namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def root_of(world: World, pod: Pod) -> Root:
    owner = next((o for o in pod.metadata.owner_references if o.controller), None)
    if owner is None:
        return Root("Pod", pod.key.name)
    if owner.kind == "Job" and (run := _CRONJOB_RUN.fullmatch(owner.name)):
        return Root("CronJob", run[1])
    if owner.kind != "ReplicaSet":
        return Root(owner.kind, owner.name)
    revision = world.workloads.by_uid(owner.uid)
    if revision is not None:
        above = next((o for o in revision.metadata.owner_references if o.controller), None)
        return Root(above.kind, above.name) if above else Root(owner.kind, owner.name)
    for label, kind in HASH_LABELS.items():
        suffix = f"-{pod.metadata.labels.get(label, '')}"
        if suffix != "-" and owner.name.endswith(suffix):
            return Root(kind, owner.name.removesuffix(suffix))
    return Root(owner.kind, owner.name)


def by_root(world: World, pods: Iterable[Pod]) -> dict[Root, list[Pod]]:
    """The pods of each root, roots in order of kind and name."""
    found: dict[Root, list[Pod]] = {}
    for pod in pods:
        found.setdefault(root_of(world, pod), []).append(pod)
    return dict(sorted(found.items()))


def revisions(pods: Iterable[Pod]) -> list[tuple[str, list[Pod]]]:
    """The pods of one workload by the template they were made from, the latest one last.

    The latest is the one with the youngest pod: a roll-back makes pods of an old revision anew.
    """
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        if revision := revision_of(pod):
            found.setdefault(revision, []).append(pod)
    return sorted(found.items(), key=lambda entry: (youngest(entry[1]), entry[0]))


def rolling_out(roots: Mapping[Root, Iterable[Pod]]) -> frozenset[Key]:
    """The pods of the latest revisions whose forerunners still serve."""
    found = [revisions(pods) for pods in roots.values()]
    return frozenset(
        pod.key
        for *former, latest in filter(None, found)
        if any(pod.ready for _, pods in former for pod in pods)
        for pod in latest[1]
    )


def youngest(pods: Iterable[Pod]) -> datetime:
    """When the last of them was created."""
    return max((pod.metadata.creation_timestamp or _EARLIEST for pod in pods), default=_EARLIEST)


def revision_of(pod: Pod) -> str:
    """The hash of the template the pod was made from; ``""`` where nobody labelled it so."""
    return next((pod.metadata.labels[key] for key in REVISION_LABELS if key in pod.metadata.labels), "")
