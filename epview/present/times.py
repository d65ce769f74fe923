"""Times inside sentences, told as ages: nobody subtracts clock times at night."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from epview.core.view import Finding
from epview.present import words
from epview.present.frame import Frame
from epview.present.text import clean

_TIME: Final = re.compile(r"(since )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))")
_DEADLINE: Final = re.compile(r"(?:it has )?until \d\d:\d\d:\d\d UTC")


def with_ages(text: str, frame: Frame) -> str:
    """The text with every RFC 3339 time as an age: ``since 2m1s``, ``4s ago``, ``in 30s``."""

    def told(match: re.Match[str]) -> str:
        since, time = match.group(1), datetime.fromisoformat(match.group(2))
        left = (time - frame.now).total_seconds()
        if left >= 1:
            return f"{since or ''}in {words.duration(left)}"
        age = words.age(time, frame.now)
        return f"since {age}" if since else f"{age} ago"

    return _TIME.sub(told, text)


def time_left(until: datetime, frame: Frame) -> str:
    """``2m10s left``, or that nothing is."""
    left = (until - frame.now).total_seconds()
    return f"{words.duration(left)} left" if left >= 1 else "its time is over"


def message(finding: Finding, frame: Frame) -> str:
    """The finding's sentence; a deadline in it counts down."""
    text = with_ages(clean(finding.message), frame)
    return _DEADLINE.sub(time_left(finding.until, frame), text) if finding.until else text
