"""The few words on time that sentences of the core need. Everything else of the kind is `present`'s."""

from __future__ import annotations

from datetime import UTC, datetime


def span(first: datetime | None, last: datetime | None) -> str:
    """How long something went on, as kubectl prints durations: ``2m4s``, ``3h12m``; ``0s`` if unknown."""
    seconds = int((last - first).total_seconds()) if first and last else 0
    return duration(seconds)


def duration(seconds: float) -> str:
    """``45s``, ``2m4s``, ``3h12m``, ``5d``; the second unit only where it still matters."""
    total = max(0, int(seconds))
    days, rest = divmod(total, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d{hours}h" if days < 8 and hours else f"{days}d"
    if hours:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    if minutes:
        return f"{minutes}m{rest}s" if rest and minutes < 10 else f"{minutes}m"
    return f"{rest}s"


def clock(time: datetime | None) -> str:
    """``23:48:12 UTC``"""
    return f"{time.astimezone(UTC):%H:%M:%S} UTC" if time else "unknown"
