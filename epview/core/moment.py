"""A point in time that remembers when its answers will change."""

from __future__ import annotations

from datetime import datetime, timedelta


class Moment:
    """``now`` for one judgement, and the earliest later time at which the judgement may differ.

    Code that compares ages asks the Moment instead of subtracting times itself; ``recheck_at`` then
    tells when to judge again although no object changed. All times are aware datetimes in UTC.
    """

    __slots__ = ("now", "recheck_at")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.recheck_at: datetime | None = None

    def older(self, since: datetime | None, seconds: float) -> bool:
        """True once ``since`` lies at least ``seconds`` back. An unknown time counts as long ago."""
        if since is None:
            return True
        due = since + timedelta(seconds=seconds)
        if due <= self.now:
            return True
        if self.recheck_at is None or due < self.recheck_at:
            self.recheck_at = due
        return False

    def age(self, since: datetime | None) -> float:
        """Seconds since ``since``, never negative (clocks differ); 0 where the time is unknown."""
        return max(0.0, (self.now - since).total_seconds()) if since else 0.0
