"""Pods that carry the same labels, held together, and which Services select them.

Pods of one ReplicaSet share one group, so that selectors are matched once per label set and the labels
are held in memory once. Part of the `World`, which tells it of each change to pods and Services.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from epview.core.objects import Key, Pod

LabelSet = frozenset[tuple[str, str]]
Pair = tuple[str, str, str]
"""Namespace, label key, label value."""


class PodGroup:
    """Pods of one namespace with identical labels, and the Services whose selector they match."""

    __slots__ = ("labels", "namespace", "pods", "services")

    def __init__(self, namespace: str, labels: dict[str, str]) -> None:
        self.namespace = namespace
        self.labels = labels
        self.pods: dict[Key, Pod] = {}
        self.services: set[Key] = set()

    def matches(self, selector: Mapping[str, str]) -> bool:
        return all(self.labels.get(key) == value for key, value in selector.items())


class PodGroups:
    """The groups of all namespaces; empty ones do not exist.

    ``unmatched`` are the Services whose selector matches no pod at all: any pod may be their near miss.
    """

    def __init__(self) -> None:
        self.unmatched: set[Key] = set()
        self._groups: dict[tuple[str, LabelSet], PodGroup] = {}
        self._of_pod: dict[Key, PodGroup] = {}
        self._by_pair: defaultdict[Pair, set[PodGroup]] = defaultdict(set)
        self._in: defaultdict[str, set[PodGroup]] = defaultdict(set)
        self._of_service: defaultdict[Key, set[PodGroup]] = defaultdict(set)
        self._selectors: dict[Key, Mapping[str, str]] = {}
        self._services_by_pair: defaultdict[Pair, set[Key]] = defaultdict(set)

    # -- queries ------------------------------------------------------------------------------

    def selected_by(self, service: Key) -> Iterator[PodGroup]:
        return iter(self._of_service.get(service, ()))

    def of_pod(self, pod: Key) -> PodGroup | None:
        return self._of_pod.get(pod)

    def within(self, namespace: str) -> Iterator[PodGroup]:
        return iter(self._in.get(namespace, ()))

    def matching(self, selector: Mapping[str, str]) -> Iterator[tuple[str, PodGroup]]:
        """Groups of any namespace that match a whole selector."""
        for namespace, groups in self._in.items():
            for group in groups:
                if group.matches(selector):
                    yield namespace, group

    # -- changes ------------------------------------------------------------------------------

    def select(self, service: Key, selector: Mapping[str, str]) -> None:
        """From now on the Service selects so; ``{}`` selects nothing."""
        if self._selectors.get(service, {}) == selector:
            return
        self._deselect(service)
        if not selector:
            return
        self._selectors[service] = selector
        pairs = [(service.namespace, k, v) for k, v in selector.items()]
        self._services_by_pair[min(pairs)].add(service)
        for group in min((self._by_pair.get(pair, set()) for pair in pairs), key=len):
            if group.matches(selector):
                group.services.add(service)
                self._of_service[service].add(group)
        self._note_match(service)

    def _deselect(self, service: Key) -> None:
        selector = self._selectors.pop(service, {})
        if selector:
            pair = min((service.namespace, k, v) for k, v in selector.items())
            discard(self._services_by_pair, pair, service)
        for group in self._of_service.pop(service, ()):
            group.services.discard(service)
        self.unmatched.discard(service)

    def _note_match(self, service: Key) -> None:
        if self._of_service.get(service):
            self.unmatched.discard(service)
        else:
            self.unmatched.add(service)

    def place(self, pod: Pod) -> bool:
        """The pod came or changed; whether it stands in another group now. It is given the group's labels."""
        key, labels = pod.key, pod.metadata.labels
        before = self._of_pod.get(key)
        home = self._groups.get((key.namespace, frozenset(labels.items()))) or self._make(
            key.namespace, labels
        )
        msgspec.structs.force_setattr(pod.metadata, "labels", home.labels)  # one dict for the whole group
        moved = home is not before
        if moved:
            self.leave(key)
        home.pods[key] = pod
        self._of_pod[key] = home
        for service in home.services:
            self._note_match(service)
        return moved

    def _make(self, namespace: str, labels: Mapping[str, str]) -> PodGroup:
        group = PodGroup(namespace, dict(labels))
        self._groups[(namespace, frozenset(labels.items()))] = group
        self._in[namespace].add(group)
        for k, v in labels.items():
            pair = (namespace, k, v)
            self._by_pair[pair].add(group)
            for service in self._services_by_pair.get(pair, ()):
                if group.matches(self._selectors[service]):
                    group.services.add(service)
                    self._of_service[service].add(group)
        return group

    def leave(self, pod: Key) -> None:
        """The pod is gone, or stands elsewhere."""
        group = self._of_pod.pop(pod, None)
        if group is None:
            return
        group.pods.pop(pod, None)
        if group.pods:
            return
        del self._groups[(group.namespace, frozenset(group.labels.items()))]
        discard(self._in, group.namespace, group)
        for k, v in group.labels.items():
            discard(self._by_pair, (group.namespace, k, v), group)
        for service in group.services:
            discard(self._of_service, service, group)
            self._note_match(service)


def discard(index: dict[Any, set[Any]], key: object, value: object) -> None:
    """Take a value out of an index of sets, and the set with it once it is empty."""
    members = index.get(key)
    if members is not None:
        members.discard(value)
        if not members:
            del index[key]
