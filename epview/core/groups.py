"""Pods that carry the same labels, held together."""

from __future__ import annotations

from epview.core.objects import Key, Pod

LabelSet = frozenset[tuple[str, str]]


class PodGroup:
    """Pods of one namespace with identical labels, and the Services whose selector they match.

    Pods of one ReplicaSet share one group, so that selectors are matched once per label set and the
    labels are held in memory once.
    """

    __slots__ = ("labels", "namespace", "pods", "services")

    def __init__(self, namespace: str, labels: dict[str, str]) -> None:
        self.namespace = namespace
        self.labels = labels
        self.pods: dict[Key, Pod] = {}
        self.services: set[Key] = set()

    def matches(self, selector: dict[str, str]) -> bool:
        return all(self.labels.get(key) == value for key, value in selector.items())
