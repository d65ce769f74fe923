"""A point in time that remembers when its answers will change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)


def later(time: datetime, seconds: float) -> datetime:
    """``time`` plus ``seconds`` (may be negative), held within what a datetime can say.

    Probe settings are any 32-bit numbers, and people do write 2147483647 for "never".
    """
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        return _LATEST if seconds > 0 else _EARLIEST


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
        due = later(since, seconds)
        if due <= self.now:
            return True
        if self.recheck_at is None or due < self.recheck_at:
            self.recheck_at = due
        return False
