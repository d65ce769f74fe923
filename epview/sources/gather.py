"""Wait until a source has told everything it can tell at once: for reports, which judge once."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final

from epview.core.changes import Change
from epview.core.labels import Test, everything
from epview.core.objects import KINDS
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState
from epview.sources.source import Source, SourceError

_GRACE: Final = 0.5  # each request has the same limit, and its failure tells more than ours

Progress = Callable[[Sequence[ResourceState]], None]


def gather(
    source: Source,
    timeout: float | None = None,
    progress: Progress | None = None,
    wanted: Test = everything,
    rules: Container[str] | None = None,
) -> Projector:
    """Start ``source``, take its changes until every resource is settled, and stop it.

    ``timeout`` in seconds; ``progress`` is called with all states whenever one changed; ``wanted``
    tests the labels of the Services to judge; ``rules`` are the ids of those that count (None: all).
    Raises `SourceError` (kind ``cluster``) when nothing at all can be had, naming the cause.
    """
    queue: SimpleQueue[Sequence[Change]] = SimpleQueue()
    projector = Projector(wanted, rules)
    deadline = monotonic() + timeout + _GRACE if timeout else None
    source.start(queue.put)
    try:
        while not settled(projector):
            left = max(0.0, deadline - monotonic()) if deadline else None
            try:
                changes = queue.get(timeout=left)
            except Empty:
                late = ", ".join(s.resource for s in projector.world.states.values() if not s.settled)
                raise SourceError(
                    f"No complete answer within {timeout:g} s (still waiting for {late or 'everything'}).",
                    "Raise --request-timeout, or look at one namespace only.",
                ) from None
            projector.apply(changes)
            if progress is not None and any(isinstance(change, ResourceState) for change in changes):
                progress(tuple(projector.world.states.values()))
    finally:
        source.stop()
    _refuse_nothing(projector)
    return projector


def settled(projector: Projector) -> bool:
    """Every watched resource has been told of, and its first try is over."""
    states = projector.world.states.values()
    return {kind.resource for kind in KINDS} <= {s.resource for s in states} and all(
        s.settled for s in states
    )


def _refuse_nothing(projector: Projector) -> None:
    """Without a single usable list of Services there is nothing to judge."""
    states = [s for s in projector.world.states.values() if s.resource == "services"]
    if any(state.usable for state in states):
        return
    worst = next(iter(states), None)
    message = worst.message if worst and worst.message else "The list of Services cannot be had."
    hint = ""
    if worst is not None and worst.phase is Phase.FORBIDDEN:
        hint = "Ask for get, list and watch on services, or name a namespace you may read with -n."
    raise SourceError(message, hint)
