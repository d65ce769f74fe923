"""The clockwork of a scenario: scripts that wait and act, each at its own time.

A script is a generator that acts and yields how many seconds to wait. `Life.step` resumes every
script that is due, at its due time and in a fixed order, however late the step comes: the same seed
and the same times give the same objects, whatever the thread's rhythm.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

from epview.demo.logs import Story, story
from epview.demo.resources import Resource
from epview.demo.stage import Ref, Script, Stage, VanishedError
from epview.demo.store import Event
from epview.demo.workloads import COUNTED, count_pods

_FAR: Final = timedelta(days=365)


class Life:
    """Scripts over one stage. ``next_due`` is when the next of them wants to go on."""

    def __init__(self, stage: Stage, scripts: Iterable[Script], story: Story = story) -> None:
        self.stage = stage
        self.story = story
        self._queue: list[tuple[datetime, int, Script]] = []
        self._count = 0  # settles ties: first made, first served
        self._moved = False
        stage.store.listen(self._note)
        for script in (*scripts, _forget_old_events(stage)):
            self._go_on(script)
        count_pods(stage.store)

    @property
    def stalled(self) -> AbstractSet[Ref]:
        return self.stage.stalled

    @property
    def next_due(self) -> datetime:
        return self._queue[0][0] if self._queue else self.stage.now + _FAR

    def step(self, now: datetime) -> datetime:
        """Let everything due until ``now`` happen; gives when the next thing is due."""
        while self._queue and self._queue[0][0] <= now:
            due, _, script = heapq.heappop(self._queue)
            self.stage.now = due
            self._go_on(script)
        if self._moved:
            count_pods(self.stage.store)
            self._moved = False
        return self.next_due

    def _note(self, resource: Resource, _: Event) -> None:
        self._moved |= resource.name in COUNTED

    def _go_on(self, script: Script) -> None:
        try:
            delay = next(script, None)
        except VanishedError:
            return
        if delay is not None:
            self._count += 1
            heapq.heappush(self._queue, (self.stage.now + timedelta(seconds=delay), self._count, script))


def _forget_old_events(stage: Stage) -> Iterator[float]:
    while True:
        yield 60
        stage.recorder.expire(stage.now)
