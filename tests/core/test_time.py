"""Verdicts that change because time passes: exactly then, and with no change from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.builders import (
    INFO,
    NOW,
    Tree,
    ago,
    changes,
    endpoints,
    http_get,
    pod,
    projector,
    put,
    service,
)

from epview.core.changes import Drop
from epview.core.moment import Moment, later
from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import ServiceView, Severity, View

WEB = Key("shop", "web")


def at(made: Projector, seconds: float) -> View:
    return made.project(NOW + timedelta(seconds=seconds), INFO)


def web(view: View) -> ServiceView:
    return view.services[WEB]


def told(view: View) -> tuple[str | None, str]:
    found = web(view)
    return (found.headline.rule if found.headline else None, found.health.value)


STARTUP = pod(
    ready=False,
    started=False,
    startup=http_get(periodSeconds=10, failureThreshold=30),
    running_for=0,
    changed=0,
)
UNSCHEDULED = pod(
    ready=False,
    ips=[],
    node="",
    phase="Pending",
    conditions=[
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "no room",
            "lastTransitionTime": ago(0),
        }
    ],
    status={"containerStatuses": [], "startTime": None},
)
GATED = pod(
    spec={"readinessGates": [{"conditionType": "x.example/ok"}]},
    conditions=[
        {"type": "Ready", "status": "False", "lastTransitionTime": ago(600)},
        {"type": "ContainersReady", "status": "True", "lastTransitionTime": ago(0)},
    ],
)


@pytest.mark.parametrize(
    ("trees", "before", "when", "after"),
    [
        ([service(), STARTUP], ("EP304", "warning"), 200, ("EP304", "error")),
        (
            [service(), pod(ready=False, readiness=http_get(), running_for=0, changed=0)],
            ("EP308", "warning"),
            30,
            ("EP303", "error"),
        ),
        (
            [
                service(),
                pod(ready=False, ips=[], phase="Pending", running_for=0, changed=0, state={"waiting": {}}),
            ],
            ("EP308", "warning"),
            120,
            ("EP308", "error"),
        ),
        ([service(), UNSCHEDULED], ("EP307", "warning"), 10, ("EP307", "error")),
        ([service(), GATED], ("EP309", "warning"), 60, ("EP309", "error")),
        (
            [service(selector={}, metadata={"creationTimestamp": ago(0)})],
            ("EP102", "warning"),
            30,
            ("EP102", "error"),
        ),
        ([service(metadata={"creationTimestamp": ago(0)})], ("EP201", "warning"), 30, ("EP201", "error")),
        (
            [service(), pod("x", ips=["10.244.2.2"]), pod(metadata={"deletionTimestamp": ago(0)})],
            ("EP311", "info"),
            60,
            ("EP311", "warning"),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_grace_ends_to_the_second(
    trees: list[Tree], before: tuple[str, str], when: float, after: tuple[str, str]
) -> None:
    made = projector(trees)
    assert told(at(made, 0)) == before
    assert made.due is not None
    same = at(made, when - 1)
    assert told(same) == before
    assert told(at(made, when)) == after
    assert WEB in at(made, when + 1).changed or told(at(made, when + 1)) == after


def test_manual_endpoints_get_ten_seconds_to_be_mirrored() -> None:
    here = endpoints(ready=["192.168.1.1"], creationTimestamp=ago(0))
    made = projector([service(selector={}), here], controlled=False)
    assert told(at(made, 0)) == ("EP101", "info")
    assert told(at(made, 9.9)) == ("EP101", "info")
    assert told(at(made, 10)) == ("EP602", "error")


def test_nothing_changes_where_nothing_is_due() -> None:
    made = projector([service(), pod()])
    first = at(made, 0)
    assert made.due is None
    assert at(made, 3600) is first


def test_endpoints_that_lost_their_service_get_ten_seconds_as_well() -> None:
    """The controllers clean up after a Service that was deleted; that is no finding."""
    made = projector([service(), pod()])
    at(made, 0)
    made.apply([Drop("Service", WEB, "")])
    assert at(made, 1).findings == ()
    assert {f.rule for f in at(made, 11).findings} == {"EP507"}
    made.apply([put(service())])
    assert at(made, 12).findings == ()


def test_a_crash_loop_never_changes_its_severity_between_two_crashes() -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": ago(60), "finishedAt": ago(50)}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    stages: list[dict[str, Any]] = [
        {"state": waiting},
        {"state": {"running": {"startedAt": ago(1)}}},
        {"state": {"running": {"startedAt": ago(20)}}},
        {"state": {"terminated": {"exitCode": 1, "reason": "Error"}}},
        {"state": waiting},
    ]
    made = projector(
        [service(), pod(ready=False, readiness=http_get(), restarts=5, last_state=ended, **stages[0])]
    )
    for stage in stages:
        made.apply([put(pod(ready=False, readiness=http_get(), restarts=5, last_state=ended, **stage))])
        assert told(at(made, 0)) == ("EP306", "error")


def test_time_running_backwards_breaks_nothing() -> None:
    made = projector([service(), STARTUP])
    at(made, 300)
    assert told(at(made, -300))[0] == "EP304"


# -- Moment ----------------------------------------------------------------------------------------


def test_older_remembers_the_earliest_time_of_change() -> None:
    moment = Moment(NOW)
    assert moment.older(NOW - timedelta(seconds=10), 10)
    assert moment.recheck_at is None
    assert not moment.older(NOW - timedelta(seconds=10), 30)
    assert not moment.older(NOW, 5)
    assert not moment.older(NOW, 50)
    assert moment.recheck_at == NOW + timedelta(seconds=5)


def test_an_unknown_time_is_long_ago() -> None:
    assert Moment(NOW).older(None, 1e9)


@pytest.mark.parametrize("seconds", [1e18, -1e18, 2147483647.0 * 2147483647])
def test_no_number_of_seconds_overflows(seconds: float) -> None:
    assert later(NOW, seconds).tzinfo is UTC
    assert Moment(NOW).older(datetime(1, 1, 1, tzinfo=UTC), 0)


def test_probes_that_never_give_up_break_nothing() -> None:
    never = http_get(periodSeconds=2147483647, failureThreshold=2147483647, successThreshold=2147483647)
    pods = [pod(ready=False, readiness=never), pod("x", ready=False, started=False, startup=never)]
    made = Projector()
    made.apply(changes([service(), *pods]))
    assert web(at(made, 0)).headline is not None
    assert Severity.ERROR.rank < Severity.INFO.rank
