"""The worlds a demo cluster can serve, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, Protocol

from epview.demo.company import build_company
from epview.demo.logs import Story
from epview.demo.store import Store


class World(Protocol):
    """A world that was built into a store, and goes on living in it. ``story`` writes its pods' logs."""

    story: Story

    @property
    def stalled(self) -> AbstractSet[tuple[str, str]]:
        """The Services (namespace, name) whose slices are not brought up to date just now."""

    @property
    def next_due(self) -> datetime:
        """When something happens next."""

    def step(self, now: datetime) -> datetime:
        """Let everything due until ``now`` happen; gives when the next thing is due."""


SCENARIOS: Final[Mapping[str, Callable[[Store, int], World]]] = {"company": build_company}
