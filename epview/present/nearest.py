"""What a person may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like ``name``; ``""`` where none is near."""
    found = difflib.get_close_matches(name, list(dict.fromkeys(known)), 1, 0.6)
    return found[0] if found else ""
