"""Small texts that all tables share (printers.go ``translateTimestampSince`` and kin)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from epview.demo.clock import parse_time
from epview.demo.resources import Json
from epview.present.words import duration

NONE: Final = "<none>"


def since(text: str | None, now: datetime) -> str:
    return duration((now - parse_time(text)).total_seconds()) if text else "<unknown>"


def age(obj: Json, now: datetime) -> str:
    return since(obj["metadata"].get("creationTimestamp"), now)


def format_labels(labels: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE
