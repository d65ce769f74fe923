"""Services of type ExternalName that stand for another Service of the cluster.

Part of the `World`: a verdict on an alias depends on the Service it leads to.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from epview.core.objects import Key, Service

MAX_CHAIN: Final = 8
"""Aliases of aliases that are followed."""


def target(service: Service) -> Key | None:
    """The Service an external name stands for: ``db.shop.svc`` under any cluster domain, or None."""
    if service.spec.type != "ExternalName":
        return None
    parts = service.spec.external_name.rstrip(".").lower().split(".")
    return Key(parts[1], parts[0]) if len(parts) >= 3 and parts[2] == "svc" else None


class Aliases:
    """Which aliases lead to a Service."""

    def __init__(self) -> None:
        self._of: defaultdict[Key, set[Key]] = defaultdict(set)

    def of_service(self, old: Service | None, new: Service | None) -> set[Key]:
        """A Service came, changed or went: the aliases that lead to it, over others too."""
        key = (new or old).key  # type: ignore[union-attr]
        before, after = (target(service) if service else None for service in (old, new))
        if before is not None and before != after:
            self._of[before].discard(key)
            if not self._of[before]:
                del self._of[before]
        if after is not None:
            self._of[after].add(key)
        return self._leading_to(key)

    def _leading_to(self, key: Key) -> set[Key]:
        found: set[Key] = set()
        edge = {key}
        for _ in range(MAX_CHAIN):
            edge = {alias for one in edge for alias in self._of.get(one, ())} - found
            if not edge:
                break
            found |= edge
        return found
