"""A pod that turns ready and not ready again and again, as a session sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.builders import INFO, NOW, http_get, pod, projector, put, raised, service

from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import ServiceView

WEB = Key("shop", "web")


def at(made: Projector, seconds: float) -> ServiceView:
    return made.project(NOW + timedelta(seconds=seconds), INFO).services[WEB]


def turning(times: int, every: float, uid: str = "one") -> tuple[Projector, float]:
    """A pod that turned so many times, and the time of its last turn."""
    made = projector([service(), pod("web-0", ips=["10.244.1.9"]), _pod(True, uid)])
    at(made, 0)
    clock = 0.0
    for number in range(times):
        clock += every
        made.apply([put(_pod(bool(number % 2), uid, clock))])
        at(made, clock)
    return made, clock


def _pod(ready: bool, uid: str, clock: float = -3600) -> dict[str, object]:
    probe = http_get(periodSeconds=2)
    return pod(ready=ready, readiness=probe, changed=-clock, metadata={"uid": uid})


@pytest.mark.parametrize(("times", "flaps"), [(3, False), (4, True), (9, True)])
def test_four_turns_within_ten_minutes_are_flapping(times: int, flaps: bool) -> None:
    made, clock = turning(times, 5)
    assert ("EP312" in raised(at(made, clock))) is flaps


def test_slow_turns_are_not() -> None:
    made, clock = turning(6, 250)
    assert "EP312" not in raised(at(made, clock))


def test_it_is_over_ten_minutes_after_the_turns() -> None:
    made, clock = turning(4, 5)  # at 5, 10, 15 and 20
    found = at(made, clock)
    finding = next(f for f in found.findings if f.rule == "EP312")
    assert finding.message == "readiness of pod web-1 turned 4 times since 12:00:05 UTC"
    assert "EP312" in raised(at(made, 604))
    assert made.due is not None
    assert made.due <= NOW + timedelta(seconds=605)
    assert "EP312" not in raised(at(made, 605))


def test_turns_of_two_pods_of_one_name_are_not_added() -> None:
    made, clock = turning(2, 5)
    for number in (1, 2):
        made.apply([put(_pod(number == 1, "another", clock + number))])
        at(made, clock + number)
    assert "EP312" not in raised(at(made, clock + 2))
