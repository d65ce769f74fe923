"""How the share of ready addresses moved lately: a few numbers a Service, and little bars of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from epview.core.objects import Key
from epview.core.view import ServiceView

SPAN: Final = timedelta(minutes=4)
CELLS: Final = 4  # one a minute
_KEPT: Final = 64  # changes kept of one Service; a flapping one must not grow


class Trends:
    """The ready share of each Service at its changes. A Service that never changed has no bars."""

    def __init__(self) -> None:
        self._points: dict[Key, deque[tuple[datetime, float]]] = {}

    def record(self, services: Mapping[Key, ServiceView], changed: Iterable[Key], now: datetime) -> None:
        """Take in what a View says has changed; Services that are gone are forgotten."""
        for key in changed:
            view = services.get(key)
            if view is None:
                self._points.pop(key, None)
            elif not view.loading:
                self._add(view, now)

    def _add(self, view: ServiceView, now: datetime) -> None:
        total = view.ready + view.not_ready
        share = view.ready / total if total else 0.0
        points = self._points.setdefault(view.key, deque(maxlen=_KEPT))
        if not points or points[-1][1] != share:
            points.append((now, share))

    def bars(self, key: Key, now: datetime, glyphs: str) -> str:
        """One bar a minute, oldest first; ``""`` where the share did not move within the span."""
        points = self._points.get(key)
        if points is None or len(points) < 2 or points[-1][0] < now - SPAN:
            return ""
        step = SPAN / CELLS
        levels = (self._lowest(points, now - SPAN + step * cell, step) for cell in range(CELLS))
        return "".join(glyphs[round(level * (len(glyphs) - 1))] for level in levels)

    @staticmethod
    def _lowest(points: Iterable[tuple[datetime, float]], start: datetime, step: timedelta) -> float:
        """The worst share in force between ``start`` and ``start + step``: a dip must not hide."""
        before = [share for when, share in points if when <= start]
        within = [share for when, share in points if start < when <= start + step]
        carried = before[-1:] or [share for _, share in points][:1]
        return min(carried + within)
