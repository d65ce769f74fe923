"""What may be done for how much, counted: guards that no machine's mood can fail."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

import pytest

from benchmarks import inside
from benchmarks.__main__ import main
from benchmarks.inside import INFO, NOW
from benchmarks.objects import event, pod_events
from benchmarks.outside import EPVIEW, FIRST, JUDGED, OTHER, PORT
from benchmarks.processes import Cluster, Screen, environment
from epview.core import projector as projectors
from epview.core import rule as rules
from epview.core.changes import Put
from epview.core.objects import BY_RESOURCE, KINDS
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState
from epview.sources import decode
from epview.sources.decode import decode_watch_line
from epview.tui.feed import MOST, Feed, Inbox

SERVICES = 60
SMALL = inside.cluster(SERVICES)


@pytest.fixture
def counted(monkeypatch):
    """How often a Service is joined (``joins``) and each rule asked, by its id."""
    counts: Counter[str] = Counter()
    join, catalogue = projectors.join, rules.catalogue()

    def counting(*args, **kwargs):
        counts["joins"] += 1
        return join(*args, **kwargs)

    def watched(rule):
        def judge(facts):
            counts[rule.id] += 1
            return rule.judge(facts)

        return replace(rule, judge=judge)

    asked = {id_: watched(rule) for id_, rule in catalogue.items()}
    monkeypatch.setattr(projectors, "join", counting)
    monkeypatch.setattr(rules, "catalogue", lambda: asked)
    return counts


def changed_pods(count=1):
    lines = pod_events(SMALL, count)
    return [Put("Pod", decode_watch_line(BY_RESOURCE["pods"], line).object) for line in lines]


def test_the_made_cluster_is_what_epview_takes_for_mostly_healthy():
    projector = inside.filled(SMALL)
    view = projector.project(NOW, INFO)
    found = Counter(finding.rule for service in view.services.values() for finding in service.findings)
    assert len(view.services) == SERVICES
    assert found == {"EP303": 1, "EP302": 1}
    assert 9_000 <= len(SMALL.pod(0, 0)) <= 12_000


def test_each_object_is_decoded_once(monkeypatch):
    """None takes the forgiving way, on which an object is read again as a tree."""
    again = []
    monkeypatch.setattr(decode, "convert_object", lambda *args: again.append(args))
    for resource, raw in inside.pages(SMALL):
        assert inside.decoded(resource, raw)
    assert changed_pods(20)
    assert not again


def test_one_pod_event_joins_one_service_and_asks_each_rule_once(counted):
    projector = inside.filled(SMALL)
    counted.clear()
    projector.apply(changed_pods())
    view = projector.project(NOW, INFO)
    assert len(view.changed) == 1
    assert counted == {"joins": 1, **dict.fromkeys(rules.catalogue(), 1)}


def test_a_second_view_without_a_change_joins_nothing(counted):
    projector = inside.filled(SMALL)
    view = projector.project(NOW, INFO)
    counted.clear()
    assert projector.project(NOW, INFO) is view
    assert not counted


def test_a_burst_is_judged_once_for_each_service_it_touches(counted):
    """However many events come between two Views."""
    projector = inside.filled(SMALL)
    counted.clear()
    projector.apply(changed_pods(10 * SERVICES))
    projector.project(NOW, INFO)
    assert counted["joins"] == SERVICES


def test_a_first_list_is_judged_once_for_each_service(counted):
    inside.filled(SMALL)
    assert counted["joins"] == SERVICES


class Silent:
    """A source whose changes come by hand."""

    def __init__(self):
        self.put = None

    def start(self, sink):
        self.put = sink

    def stop(self):
        pass

    def info(self):
        return INFO

    def now(self):
        return NOW


def test_a_burst_is_one_view_while_the_last_one_is_not_taken(counted):
    projector, inbox, views = inside.filled(SMALL), Inbox(), []
    feed = Feed(Silent(), inbox=inbox, projector=projector)
    feed._deliver = views.append
    feed._step()
    counted.clear()
    for change in changed_pods(100):
        inbox.put([change])
        feed._step()
    assert len(views) == 1
    assert not counted
    feed.taken()
    feed._step()
    assert len(views) == 2
    assert counted["joins"] == SERVICES


def test_rest_and_rows_out_of_sight_cost_the_terminal_nothing(tmp_path):
    """Bytes for one changed row: the row itself, and none for what happens below the screen."""
    with Cluster(4 * SERVICES, 2, tmp_path) as cluster:
        env = environment(tmp_path, KUBECONFIG=str(cluster.kubeconfig))
        with Screen([*EPVIEW, "-A"], env) as screen:
            screen.wait(JUDGED)
            screen.settle()
            costs = []
            for number, others in enumerate((0, 0, 5)):  # the first makes the column wider, once
                before = len(screen.written)
                for other in range(others):
                    cluster.ask("mark", 4 * SERVICES - 30 - other, PORT + 100 + other)
                cluster.ask("mark", OTHER, PORT + number)
                screen.wait(f"{PORT + number}", after=before)
                screen.settle(0.3)
                costs.append(len(screen.written) - before)
            assert costs[1] == costs[2]
            assert 0 < costs[1] <= 1000
            requests = cluster.ask("requests")
    assert requests == {
        "get version": 1,
        **{f"list {kind.resource}": 1 for kind in KINDS},
        **{f"watch {kind.resource}": 1 for kind in KINDS},
    }


@pytest.mark.parametrize("part", ["commands", "starts", "joins", "storms"])
def test_the_benchmarks_measure(part, monkeypatch, capsys):
    """In a small size: each part gives figures, whatever they are."""
    small = [
        "--services",
        str(2 * SERVICES),
        "--runs",
        "1",
        "--seconds",
        "1",
        "--rate",
        "500",
        "--only",
        part,
    ]
    monkeypatch.setattr(sys, "argv", ["benchmarks", *small])
    main()
    rows = capsys.readouterr().out.splitlines()[1:]
    assert rows
    assert not [row for row in rows if "inf" in row or "nan" in row]


def test_an_event_line_is_what_a_watch_sends():
    line = event("MODIFIED", SMALL.pod(FIRST, 0, restarts=3))
    found = decode_watch_line(BY_RESOURCE["pods"], line).object
    assert found.status.container_statuses[0].restart_count == 3
    assert found.key == (SMALL.namespace(FIRST), SMALL.pod_name(FIRST, 0))


def test_a_storm_never_costs_a_view_more_than_its_share(counted):
    """However many Services change: the rest is left for the next View."""
    of = inside.cluster(4 * MOST, 1)
    projector = inside.filled(of)
    feed, views = Feed(Silent(), inbox=Inbox(), projector=projector), []
    feed._deliver = views.append
    lines = pod_events(of, 4 * MOST)
    projector.apply([Put("Pod", decode_watch_line(BY_RESOURCE["pods"], line).object) for line in lines])
    counted.clear()
    for number in range(4):
        assert feed._dirty
        feed._step()
        feed.taken()
        assert counted["joins"] == (number + 1) * MOST
    assert not feed._dirty


def test_while_lists_come_in_few_are_joined_again_and_then_all_get_their_verdict(counted):
    projector = Projector()
    for resource, raw in inside.pages(SMALL):
        projector.apply(inside.decoded(resource, raw))
        projector.apply([ResourceState(resource=resource, phase=Phase.LISTING)])
        projector.project(NOW, INFO, (), 5)
    assert counted["joins"] <= SERVICES + 5 * len(KINDS)
    counted.clear()
    projector.apply(inside.live())
    view = projector.project(NOW, INFO, (), 5)
    assert counted["joins"] == SERVICES
    assert not any(service.loading for service in view.services.values())
