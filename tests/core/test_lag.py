"""Who is late, and who is only on the way: lists that follow the pods after a while, or never."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders import (
    INFO,
    NOW,
    Tree,
    ago,
    changes,
    controllers_work,
    drop_key,
    http_get,
    pod,
    projector,
    put,
    raised,
    service,
    states,
)

from epview.core.changes import Change, Drop, Put
from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState, ServiceView, Severity

WEB = Key("shop", "web")
LAG = {"EP601", "EP603", "EP901"}
LISTS = ("Endpoints", "EndpointSlice")


def second_pod(**how: object) -> Tree:
    return pod("web-2", ips=["10.244.1.2"], **how)  # type: ignore[arg-type]


def lists(trees: Sequence[Tree], *kinds: str) -> list[Put]:
    return [made for made in controllers_work(trees) if made.kind in (kinds or LISTS)]


def at(made: Projector, seconds: float) -> ServiceView:
    return made.project(NOW + timedelta(seconds=seconds), INFO).services[WEB]


def late(view: ServiceView) -> set[str]:
    return raised(view) & LAG


BEFORE = [service(), pod(), second_pod(ready=False, readiness=http_get())]
AFTER = [service(), pod(), second_pod(changed=0, readiness=http_get())]


def watched() -> Projector:
    """A healthy Service that has been watched for a while; its second pod has just become ready."""
    made = projector(BEFORE)
    at(made, -60)
    made.apply([put(AFTER[2])])
    return made


def test_a_pod_that_becomes_ready_is_not_late_at_once() -> None:
    made = watched()
    assert late(at(made, 0)) == set()
    assert late(at(made, 9)) == set()
    assert made.due == NOW + timedelta(seconds=10)
    assert late(at(made, 10)) == {"EP901"}
    made.apply(lists(AFTER))
    assert late(at(made, 11)) == set()


def test_one_list_may_follow_before_the_other() -> None:
    made = watched()
    made.apply(lists(AFTER, "Endpoints"))
    assert late(at(made, 1)) == set()
    made.apply(lists(AFTER, "EndpointSlice"))
    assert late(at(made, 8)) == set()
    assert late(at(made, 3600)) == set()


def test_a_list_that_stays_behind_is_late() -> None:
    made = watched()
    made.apply(lists(AFTER, "Endpoints"))
    at(made, 1)
    assert late(at(made, 10.5)) == set()
    found = at(made, 11)
    assert late(found) == {"EP601", "EP901"}
    assert found.headline is not None
    assert found.headline.message == (
        "pod web-2, ready since 12:00:00 UTC, is in no EndpointSlice and gets no traffic"
    )
    assert found.headline.severity is Severity.WARNING


def test_what_happens_besides_in_a_pod_does_not_put_it_off() -> None:
    made = watched()
    at(made, 0)
    for second in range(1, 10):
        made.apply([put(second_pod(changed=0, readiness=http_get(), restarts=second))])
        assert late(at(made, second)) == set()
    assert late(at(made, 10)) == {"EP901"}


def test_a_label_that_changes_has_no_time_but_is_seen() -> None:
    stray = pod("web-2", ips=["10.244.1.2"], labels={"app": "other"})
    made = projector([service(), pod(), stray])
    at(made, 0)
    made.apply([put(second_pod())])
    assert late(at(made, 5)) == set()
    assert late(at(made, 14)) == set()
    assert late(at(made, 15)) == {"EP901"}


def test_so_has_a_pod_that_is_gone() -> None:
    both = [service(), pod(), second_pod()]
    made = projector(both)
    at(made, 0)
    made.apply([Drop("Pod", drop_key(both[2]))])
    assert late(at(made, 5)) == set()
    assert late(at(made, 15)) == {"EP901"}
    made.apply(lists(both[:2]))
    assert late(at(made, 16)) == set()


def test_a_service_without_any_list_is_cut_off_after_two_minutes() -> None:
    made = projector([service(), pod()], controlled=False)
    at(made, 0)
    made.apply([put(pod(ready=False)), put(pod(changed=0))])
    assert at(made, 5).health.value == "ok"
    assert at(made, 60).health.value == "warning"
    assert at(made, 124).health.value == "warning"
    assert at(made, 125).health.value == "error"


# -- streams ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [Phase.STALE, Phase.POLLING])
@pytest.mark.parametrize("resource", ["pods", "endpoints", "endpointslices"])
def test_nobody_is_late_by_old_data(resource: str, phase: Phase) -> None:
    made = watched()
    made.apply([*lists(AFTER, "EndpointSlice"), *states([resource], phase)])
    found = at(made, 300)
    assert late(found) == set()
    assert "EP901" in found.unknown_rules
    assert found.health.value == "ok"  # of what is seen nothing is wrong, and no more is claimed


def test_what_a_stream_missed_gets_its_time() -> None:
    made = watched()
    made.apply(states(["endpoints", "endpointslices"], Phase.STALE))
    at(made, 100)
    made.apply(states())
    assert late(at(made, 200)) == set()
    assert late(at(made, 209)) == set()
    assert late(at(made, 210)) == {"EP901"}


def test_without_endpoints_in_the_cluster_the_slices_decide() -> None:
    gone = ResourceState(resource="endpoints", phase=Phase.GONE)
    made = Projector()
    made.apply([c for c in changes(AFTER, controlled=False) if isinstance(c, Put)])
    made.apply([*lists(AFTER, "EndpointSlice"), *states(), gone])
    found = at(made, 300)
    assert late(found) == set()
    assert not LAG & set(found.unknown_rules)


# -- controllers that work -------------------------------------------------------------------------

pods = st.builds(
    pod,
    st.sampled_from(["web-1", "web-2", "web-3"]),
    ips=st.sampled_from([["10.244.1.1"], ["10.244.1.2"], ["10.244.1.3"]]),
    ready=st.booleans(),
    labels=st.sampled_from([{"app": "web"}, {"app": "web"}, {"app": "other"}]),
    changed=st.just(3600),
    phase=st.sampled_from(["Running", "Running", "Failed"]),
    metadata=st.sampled_from([{}, {}, {"deletionTimestamp": ago(-30)}]),
)
services = st.builds(
    service,
    ports=st.sampled_from(
        [
            [{"name": "http", "port": 80, "targetPort": 8080}],
            [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "x", "port": 81, "targetPort": 81}],
        ]
    ),
    publishNotReadyAddresses=st.booleans(),
)
step = st.tuples(st.one_of(services, pods, pods), st.integers(0, 4), st.integers(0, 4), st.integers(1, 8))


@settings(derandomize=True, deadline=None, max_examples=120, database=None)
@given(st.lists(step, min_size=4, max_size=12))
def test_lists_that_follow_within_seconds_are_never_late(steps: list[tuple[Tree, int, int, int]]) -> None:
    """Each change reaches each list a few seconds later, and the next one may come before that."""
    now = {("Service", "web"): service()} | {("Pod", f"web-{i}"): pod(f"web-{i}") for i in (1,)}
    made = projector(list(now.values()))
    at(made, -1)
    queue: list[tuple[int, str]] = []
    clock = 0
    for tree, first, second, pause in [*steps, (service(), 0, 0, 30)]:
        now[(tree["kind"], tree["metadata"]["name"])] = tree
        made.apply([put(tree)])
        queue += [(clock + first, "Endpoints"), (clock + second, "EndpointSlice")]
        for _ in range(pause):
            due = {kind for time, kind in queue if time <= clock}
            queue = [(time, kind) for time, kind in queue if time > clock]
            made.apply(_written(made, lists(list(now.values()), *due)) if due else [])
            assert late(at(made, clock)) == set()
            clock += 1
    assert not queue


def _written(made: Projector, puts: Sequence[Put]) -> list[Change]:
    """As a watch tells it: the slices that are no more go."""
    kept = {p.object.key for p in puts if p.kind == "EndpointSlice"}
    sliced = any(p.kind == "EndpointSlice" for p in puts)
    gone = [key for key in made.world.slices if key not in kept] if sliced else []
    return [*puts, *(Drop("EndpointSlice", key) for key in gone)]
