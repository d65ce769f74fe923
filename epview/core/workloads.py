"""What makes pods: workloads by namespace and by owner, and which Services a change to one concerns.

Part of the `World`, which tells it of each change. A ReplicaSet of a Deployment is no workload of its own:
it is one revision of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from epview.core.groups import discard
from epview.core.objects import BY_KIND, Key, ReplicaSet, Workload

WORKLOADS: Final = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
RESOURCES: Final = tuple(BY_KIND[kind].resource for kind in WORKLOADS)


class Workloads:
    """All workloads, in one table for each kind (``tables``)."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Workload]] = {kind: {} for kind in WORKLOADS}
        self._by_uid: dict[str, Workload] = {}
        self._in: defaultdict[str, set[str]] = defaultdict(set)
        self._owned: defaultdict[str, set[str]] = defaultdict(set)

    # -- queries ------------------------------------------------------------------------------

    def by_uid(self, uid: str) -> Workload | None:
        return self._by_uid.get(uid)

    def within(self, namespace: str) -> Iterator[Workload]:
        """The workloads of a namespace, each revision of a Deployment left out; by kind and name."""
        found = (self._by_uid[uid] for uid in self._in.get(namespace, ()))
        roots = [workload for workload in found if not self._is_revision(workload)]
        yield from sorted(roots, key=lambda workload: (workload.kind, workload.key))

    def matching(self, namespace: str, selector: Mapping[str, str]) -> Iterator[Workload]:
        """Those whose template bears the labels that the selector asks for."""
        for workload in self.within(namespace):
            labels = workload.template_labels
            if all(labels.get(key) == value for key, value in selector.items()):
                yield workload

    def revisions(self, workload: Workload) -> Iterator[Workload]:
        """The ReplicaSets of a Deployment, by name."""
        owned = (self._by_uid[uid] for uid in self._owned.get(_uid(workload), ()))
        yield from sorted(owned, key=lambda revision: revision.key)

    def _is_revision(self, workload: Workload) -> bool:
        return isinstance(workload, ReplicaSet) and any(
            owner.controller for owner in workload.metadata.owner_references
        )

    # -- changes ------------------------------------------------------------------------------

    def note(self, old: Workload | None, new: Workload | None) -> bool:
        """A workload came, changed or went; whether a verdict may rest on what changed."""
        if old is not None:
            self._forget(old)
        if new is not None:
            uid = _uid(new)
            self._by_uid[uid] = new
            self._in[new.key.namespace].add(uid)
            for owner in new.metadata.owner_references:
                self._owned[owner.uid].add(uid)
        return old is None or new is None or _facts(old) != _facts(new)

    def _forget(self, old: Workload) -> None:
        uid = _uid(old)
        self._by_uid.pop(uid, None)
        discard(self._in, old.key.namespace, uid)
        for owner in old.metadata.owner_references:
            discard(self._owned, owner.uid, uid)


def _uid(workload: Workload) -> str:
    """Its uid; a manifest bears none, and its name is as good there."""
    return workload.metadata.uid or f"{workload.kind}/{workload.key}"


def _facts(workload: Workload) -> tuple[object, ...]:
    return (
        workload.wanted,
        workload.existing,
        workload.template_labels,
        workload.spec,
        workload.status.conditions,
    )
