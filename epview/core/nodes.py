"""Which nodes take ordinary pods, in which zones, and whose verdict hangs on that.

Part of the `World`, which tells it of each change to Services and Nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from epview.core.objects import Key, Node, Service


class Nodes:
    """The schedulable nodes (`Node.schedulable`), and the Services with a traffic policy Local.

    The ``of_…`` methods take a change; that of a Node returns the Services it touches.
    """

    def __init__(self, services: Mapping[Key, Service]) -> None:
        self._services = services
        self._zone_of: dict[str, str] = {}
        self._zones: Counter[str] = Counter()
        self._local: set[Key] = set()

    @property
    def schedulable(self) -> Mapping[str, str]:
        """The zone of each schedulable node, ``""`` where it has none."""
        return self._zone_of

    @property
    def several(self) -> bool:
        return len(self._zone_of) > 1

    @property
    def several_zones(self) -> bool:
        return len(self._zones) > 1

    def of_service(self, old: Service | None, new: Service | None) -> None:
        key = (new or old).key  # type: ignore[union-attr]
        spec = new.spec if new else None
        if spec and "Local" in (spec.internal_traffic_policy, spec.external_traffic_policy):
            self._local.add(key)
        else:
            self._local.discard(key)

    def of_node(self, old: Node | None, new: Node | None) -> set[Key]:
        """A policy Local is judged by every node; every Service by whether there are several at all."""
        before, spread = (old.schedulable if old else False), (self.several, self.several_zones)
        if old and before:
            self._forget(old)
        if new and new.schedulable:
            self._zone_of[new.metadata.name] = new.zone
            self._zones.update([new.zone] if new.zone else [])
        if spread != (self.several, self.several_zones):
            return set(self._services)
        return set() if before == (new.schedulable if new else False) else set(self._local)

    def _forget(self, old: Node) -> None:
        del self._zone_of[old.metadata.name]
        if old.zone:
            self._zones[old.zone] -= 1
            if not self._zones[old.zone]:
                del self._zones[old.zone]
