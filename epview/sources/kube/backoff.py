"""How long to wait before trying again."""

from __future__ import annotations

import random
from typing import Final

from epview.sources.kube.clock import Clock

BASE: Final = 0.8
CAP: Final = 30.0
HEALTHY_SECONDS: Final = 120.0


class Backoff:
    """client-go's reflector: 0.8 s doubling to 30 s, each made up to twice as long by chance.

    Starts over after two minutes without a failure (`tools/cache/reflector.go`).
    """

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._next = BASE
        self._last = float("-inf")

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        now = self._clock.monotonic()
        if now - self._last > HEALTHY_SECONDS:
            self._next = BASE
        self._last = now
        delay = self._next
        self._next = min(delay * 2, CAP)
        return delay * (1 + self._chance.random())

    def reset(self) -> None:
        self._next = BASE
