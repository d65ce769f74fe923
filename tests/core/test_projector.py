"""Verdicts over time: they follow what is seen at once, and do not flicker on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from support.builders import (
    INFO,
    NOW,
    Tree,
    ago,
    controllers_work,
    drop_key,
    http_get,
    pod,
    projector,
    put,
    raised,
    service,
    unhealthy,
)

from epview.core.changes import Change, Drop
from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import Health, ServiceView

WEB = Key("shop", "web")


def at(made: Projector, seconds: float) -> ServiceView:
    return made.project(NOW + timedelta(seconds=seconds), INFO).services[WEB]


def test_what_is_mended_is_well_in_the_very_next_view() -> None:
    broken = pod(ready=False, readiness=http_get())
    event = unhealthy(broken, "Readiness probe failed: HTTP probe failed with statuscode: 503")
    made = projector([service(), broken, event])
    assert at(made, 0).health is Health.ERROR
    mended = [service(), pod(readiness=http_get(), changed=-1)]
    made.apply([put(mended[1]), *controllers_work(mended)])
    assert at(made, 1).health is Health.OK


def test_a_corrected_selector_is_well_in_the_very_next_view() -> None:
    made = projector([service(selector={"app": "wbe"}), pod()])
    assert "EP201" in raised(at(made, 0))
    mended = [service(), pod()]
    made.apply([put(mended[0]), *controllers_work(mended)])
    assert at(made, 0.1).health is Health.OK


# -- on the way ------------------------------------------------------------------------------------

Story = Iterator[tuple[float, list[Tree]]]
"""At so many seconds the cluster holds these Services and pods; its lists follow a second later."""


def container(clock: float, age: float) -> Tree:
    return {"running": {"startedAt": ago(age - clock)}}


def rollout() -> Story:
    """Three pods are replaced one by one: made, started, ready after four seconds, and an old one goes."""
    old = [pod(f"old-{i}", ips=[f"10.244.1.{i + 1}"], readiness=http_get()) for i in range(3)]
    new: list[Tree] = []
    clock = 0.0
    for number in range(3):
        name, ips = f"new-{number}", [f"10.244.2.{number + 1}"]
        made = {"creationTimestamp": ago(-clock)}
        waits = {"waiting": {"reason": "ContainerCreating"}}
        pending = {"running_for": -clock, "changed": -clock, "ready": False, "metadata": made}
        yield clock, [service(), *old, *new, pod(name, ips=(), phase="Pending", state=waits, **pending)]
        started = container(clock + 1, 0)
        yield (
            clock + 1,
            [service(), *old, *new, pod(name, ips=ips, readiness=http_get(), state=started, **pending)],
        )
        ready = pod(name, ips=ips, readiness=http_get(), state=started, changed=-(clock + 5), metadata=made)
        new.append(ready)
        yield clock + 5, [service(), *old, *new]
        last = old.pop()
        gone_by = {"deletionTimestamp": ago(-(clock + 36))}
        leaving = {**last, "metadata": {**last["metadata"], **gone_by}}
        yield clock + 6, [service(), *old, leaving, *new]
        yield clock + 9, [service(), *old, *new]
        clock += 10


def crash_loop() -> Story:
    """Without a readiness probe a container counts as ready whenever it runs, here for two seconds each."""
    clock, restarts = 0.0, 3
    for pause in (5.0, 10.0, 20.0):
        ended = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": ago(-clock)}}
        stopped = {"restarts": restarts, "last_state": ended, "changed": -clock}
        waits = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
        yield clock, [service(), pod(ready=False, state=waits, **stopped)]
        clock += pause
        restarts += 1
        runs = {"restarts": restarts, "last_state": ended, "changed": -clock, "state": container(clock, 0)}
        yield clock, [service(), pod(**runs)]
        clock += 2


def told(story: Story) -> Iterator[tuple[float, Health]]:
    """The health of the Service every half second, while the lists follow the story."""
    steps = list(story)
    made = projector(steps[0][1])
    trees: list[Tree] = steps[0][1]
    events: list[tuple[float, list[Tree], bool]] = [(0.0, trees, False)]
    for time, now in steps[1:]:
        events += [(time, now, False), (time + 1, now, True)]
    events.sort(key=lambda event: event[0])
    for half in range(int(2 * steps[-1][0]) + 20):
        clock = half / 2
        while events and events[0][0] <= clock:
            _, now, lists = events.pop(0)
            made.apply(_lists(made, now) if lists else _objects(trees, now))
            trees = trees if lists else now
        yield clock, at(made, clock).health


def _objects(before: list[Tree], after: list[Tree]) -> list[Change]:
    kept = {drop_key(tree) for tree in after}
    gone = [Drop(t["kind"], drop_key(t)) for t in before if drop_key(t) not in kept]
    return [*gone, *(put(tree) for tree in after)]


def _lists(made: Projector, trees: list[Tree]) -> list[Change]:
    puts = list(controllers_work(trees))
    kept = {p.object.key for p in puts if p.kind == "EndpointSlice"}
    return [*puts, *(Drop("EndpointSlice", key) for key in made.world.slices if key not in kept)]


def test_a_rollout_is_nothing_to_warn_of() -> None:
    assert {health for _, health in told(rollout())} == {Health.OK, Health.INFO}


def test_a_container_that_crashes_again_and_again_is_never_called_well() -> None:
    assert Health.OK not in {health for _, health in told(crash_loop())}


def test_when_much_changes_at_once_what_is_looked_at_comes_first_and_the_rest_in_turn() -> None:
    names = [f"web-{number}" for number in range(9)]

    def own(name: str, restarts: int = 0) -> Tree:
        return pod(name, labels={"app": name}, ips=[f"10.244.1.{name[-1]}"], restarts=restarts)

    trees = [tree for name in names for tree in (service(name), own(name))]
    made, whole = projector(trees), projector(trees)
    made.project(NOW, INFO)
    changes = [put(own(name, restarts=1)) for name in names]
    made.apply(changes)
    whole.apply(changes)
    seen = []
    while made.backlog:
        seen.append({key.name for key in made.project(NOW, INFO, {Key("shop", "web-7")}, 4).changed})
    assert [len(names_) for names_ in seen] == [4, 4, 1]
    assert seen[0] == {"web-7", "web-0", "web-1", "web-2"}
    assert made.project(NOW, INFO).services == whole.project(NOW, INFO).services


def test_what_was_never_judged_does_not_wait() -> None:
    trees = [tree for n in range(9) for tree in (service(f"web-{n}"), pod(f"web-{n}"))]
    made = projector(trees)
    assert len(made.project(NOW, INFO, (), 4).changed) == 9
    assert not made.backlog
