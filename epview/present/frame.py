"""What may be known besides a value itself when it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from epview.core.objects import Key
from epview.present.glyphs import UNICODE, Glyphs
from epview.present.trend import Trends


@dataclass(frozen=True, slots=True)
class Frame:
    """The time, the signs, what happened lately, and which Services are pinned."""

    now: datetime
    glyphs: Glyphs = UNICODE
    trends: Trends = field(default_factory=Trends)
    pins: frozenset[Key] = frozenset()
