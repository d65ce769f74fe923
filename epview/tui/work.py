"""Work beside the event loop's own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode


def in_place_of_the_last(node: DOMNode, group: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``work``; what the group is still at is given up.

    A function, no coroutine: one that is given up before it began would be a coroutine never awaited.
    """
    run: Any = node.run_worker
    run(work, group=group, exclusive=True)
