"""Waiting for a source once: complete, refused, or late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from support.builders import INFO, NOW, changes, pod, service, states

from epview.core.changes import Change
from epview.core.objects import KINDS, Key
from epview.core.view import Phase, ResourceState
from epview.sources.gather import gather
from epview.sources.source import Sink, SourceError


class Told:
    """A source that says what it is given, at once."""

    def __init__(self, *batches: Sequence[Change]) -> None:
        self.batches = batches
        self.stopped = 0

    def start(self, sink: Sink) -> None:
        for batch in self.batches:
            sink(batch)

    def stop(self) -> None:
        self.stopped += 1

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked for")


def test_everything_that_can_be_had_at_once() -> None:
    told = changes([service(), pod()])
    source = Told(states(phase=Phase.LISTING, blind=["pods"]), told)
    seen: list[int] = []
    projector = gather(source, 5, lambda now: seen.append(len(now)))
    assert projector.project(NOW, INFO).services[Key("shop", "web")].health == "ok"
    assert source.stopped == 1
    assert seen == [len(KINDS), len(KINDS)]


def test_without_services_there_is_nothing_to_judge() -> None:
    refused = ResourceState(resource="services", phase=Phase.FORBIDDEN, message="services is forbidden.")
    source = Told([*states(), refused])
    with pytest.raises(SourceError, match=r"services is forbidden\. Ask for get, list and watch") as caught:
        gather(source, 5)
    assert caught.value.kind == "cluster"
    assert source.stopped == 1


def test_too_late_names_what_is_missing() -> None:
    source = Told(states(["pods"], Phase.LISTING))
    with pytest.raises(SourceError, match=r"within 0\.01 s \(still waiting for pods\)"):
        gather(source, 0.01)
    assert source.stopped == 1


def test_what_is_forbidden_is_not_waited_for() -> None:
    source = Told(changes([service(), pod()], blind=["events", "nodes"]))
    found = gather(source, 5).project(NOW, INFO).services[Key("shop", "web")]
    assert found.gaps == ("events",)
