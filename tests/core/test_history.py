"""What a session remembers of what it has seen change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.builders import (
    INFO,
    NOW,
    Tree,
    ago,
    changes,
    drop_key,
    endpoint_slice,
    endpoints,
    node,
    pod,
    projector,
    put,
    service,
    states,
    unhealthy,
)

from epview.core.changes import Change, Drop, Relist
from epview.core.history import TURNS_KEPT
from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState

WEB = Key("shop", "web")
OTHER = service("other", "stage")
BEHIND_OTHER = pod("other-1", "stage", labels={"app": "other"}, ips=["10.244.9.9"])
UID = "Pod/shop/web-1"


def seen(*later: Change, made: Projector | None = None) -> Projector:
    """A small world at NOW, then these changes ten seconds later."""
    made = made or projector([service(), pod(), OTHER, BEHIND_OTHER])
    made.project(NOW, INFO)
    made.apply(later)
    made.project(NOW + timedelta(seconds=10), INFO)
    return made


def moved(*later: Change) -> set[str]:
    made = seen(*later)
    times = {key.name: made.history.changed(key) for key in made.world.services}
    assert set(times.values()) <= {None, NOW + timedelta(seconds=10)}
    return {name for name, time in times.items() if time}


def state(phase: Phase, resource: str = "pods") -> ResourceState:
    return ResourceState(resource=resource, phase=phase)


def test_a_first_list_is_no_change() -> None:
    assert moved() == set()


def test_the_first_list_of_one_kind_is_no_change_when_another_was_there_before() -> None:
    made = projector([service()], blind=["pods"])
    made.project(NOW, INFO)
    made.apply([put(pod()), state(Phase.LIVE)])
    made.project(NOW, INFO)
    assert made.history.changed(WEB) is None


@pytest.mark.parametrize(
    "change",
    [
        put(service(ports=[{"name": "http", "port": 81, "targetPort": 8080}])),
        put(endpoints(ready=["10.244.1.1"])),
        put(endpoint_slice("web-x")),
        put(pod("web-2")),
        put(pod(ready=False)),
        put(pod(ips=["10.244.1.9"])),
        put(pod(labels={"app": "web", "tier": "x"})),
        put(pod(metadata={"deletionTimestamp": ago(0)})),
        put(pod(phase="Failed")),
        Drop("Pod", Key("shop", "web-1")),
        Relist("Pod", "", (put(BEHIND_OTHER).object,)),
        Relist("Pod", "shop", (put(pod(ready=False)).object,)),
    ],
    ids=lambda change: f"{type(change).__name__} {change.kind}",
)
def test_what_decides_who_is_listed_is_a_change(change: Change) -> None:
    assert moved(change) == {"web"}


@pytest.mark.parametrize(
    "change",
    [
        put(pod(restarts=4)),
        put(unhealthy(pod(), "Readiness probe failed: x")),
        put(node(zone="z1")),
        Relist("Pod", "", (put(pod()).object, put(BEHIND_OTHER).object)),
        Relist("Pod", "nowhere", ()),
        put(service("more")),
    ],
    ids=lambda change: f"{type(change).__name__} {change.kind}",
)
def test_what_does_not_is_none(change: Change) -> None:
    assert moved(change) <= {"more"}


def test_a_broken_stream_that_flows_again_is_a_change_to_all() -> None:
    assert moved(state(Phase.STALE), state(Phase.LIVE)) == {"web", "other"}
    assert moved(state(Phase.STALE, "nodes"), state(Phase.LIVE, "nodes")) == set()


def test_a_service_that_goes_is_forgotten() -> None:
    made = seen(put(pod("web-2")))
    made.apply([Drop("Service", WEB)])
    made.project(NOW, INFO)
    made.apply([put(service())])
    assert made.history.changed(WEB) is None


# -- turns -----------------------------------------------------------------------------------------


def flip(ready: bool, seconds: float | None = None, uid: str = UID) -> Change:
    """The pod with a Ready condition; without ``seconds`` it shows an hour-old time."""
    return put(pod(ready=ready, changed=3600 if seconds is None else seconds, metadata={"uid": uid}))


def turned(*later: Change) -> list[float]:
    return [(NOW - time).total_seconds() for time in seen(*later).history.turns(UID)]


def test_a_turn_is_dated_by_the_condition() -> None:
    assert turned(flip(False, 40), flip(True, 20), flip(True, 20)) == [40, 20]


def test_or_by_when_it_was_seen() -> None:
    assert turned(flip(False), flip(True)) == [-10, -10]


def test_a_list_after_a_pause_shows_a_turn_too() -> None:
    assert turned(Relist("Pod", "", (flip(False, 30).object,))) == [30]  # type: ignore[union-attr]


def test_a_pod_that_comes_has_not_turned() -> None:
    assert turned(put(pod("web-2", ready=False))) == []


@pytest.mark.parametrize(
    "end",
    [
        flip(False, 5, uid="another"),
        Drop("Pod", drop_key(pod()), UID),
        Relist("Pod", "", ()),
    ],
    ids=["replaced", "gone", "gone unseen"],
)
def test_a_pod_that_goes_takes_its_turns_with_it(end: Change) -> None:
    assert turned(flip(False, 40), end) == []


def test_turns_are_bounded() -> None:
    times = [flip(bool(i % 2), 100 - i) for i in range(60)]
    assert len(turned(*times)) == TURNS_KEPT


def test_turns_in_a_first_list_are_none() -> None:
    made = Projector()
    trees: list[Tree] = [service(), pod()]
    made.apply([c for c in changes(trees) if not isinstance(c, ResourceState)])
    made.apply([flip(False, 40), *states()])
    made.project(NOW, INFO)
    assert made.history.turns(UID) == ()
