from datetime import UTC, datetime, timedelta

import pytest

from epview.core.objects import Key
from epview.core.view import BackedBy, Backend, BackendState, Finding, Health, PortView, ServiceView, Severity
from epview.present import words
from epview.present.columns import BACKENDS, SERVICES, Column, address_order, visible
from epview.present.frame import Frame
from epview.present.glyphs import ASCII
from epview.present.text import Span

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
FRAME = Frame(NOW)


def view(**more):
    return ServiceView(key=Key("shop", "web"), **more)


def cell(name, row, frame=FRAME, columns=SERVICES):
    return next(column for column in columns if column.id == name).cell(row, frame)


@pytest.mark.parametrize("width", range(20, 220, 7))
def test_columns_fit_into_any_width(width):
    wanted = {column.id: 30 for column in SERVICES}
    chosen = visible(SERVICES, width, wanted)
    assert chosen[-1][0].id == "why"
    total = sum(cells for _, cells in chosen) + 2 * (len(chosen) - 1)
    least = sum(column.width for column in SERVICES if not column.drop and not column.wide) + 2 * 4
    assert total == width or total <= max(width, least)


def test_columns_go_by_importance_and_wide_ones_come_last():
    wanted = {"why": 40, "service": 20, "ports": 14}

    def names(width):
        return [column.id for column, _ in visible(SERVICES, width, wanted)]

    assert "type" not in names(100)
    assert "ports" in names(130)
    assert {"clusterip", "age"} <= set(names(190))
    assert names(64) == ["namespace", "status", "service", "ready", "why"]


def test_words_beside_a_sign_go_before_a_column_does():
    columns = [
        Column("status", "STATUS", lambda r, _: Span(r), None, 1, 9, short="cut"),
        Column("name", "NAME", lambda r, _: Span(r), None, 6, 20, drop=1),
    ]
    assert [(c.id, w) for c, w in visible(columns, 16, {"status": 7, "name": 10})] == [
        ("status", 1),
        ("name", 10),
    ]


def test_ports_say_the_first_and_how_many_more():
    ports = [
        PortView(name="http-port", port=80, protocol="TCP", target_port=8080),
        PortView(name="admin-port", port=9090, protocol="TCP", target_port=9090),
    ]
    assert words.ports_within(ports, 40) == "http-port 80→8080, admin-port 9090"
    assert words.ports_within(ports, 20) == "http-port 80→8080 +1"
    assert words.ports_within(ports, 14) == "80→8080 +1"
    assert words.ports_within(ports[:1], 12) == "80→8080"
    assert words.ports_within([], 12) == ""


def test_why_does_not_repeat_what_ready_says():
    finding = Finding(
        rule="EP303", severity=Severity.WARNING, message="1 of 3 not ready: readiness answers 503"
    )
    assert cell("why", view(headline=finding)).text == "readiness answers 503"


def test_at_120_cells_the_cause_has_the_most_room():
    wanted = {"why": 90, "service": 16, "ports": 44, "ready": 10}
    one = [column for column in SERVICES if column.id != "namespace"]
    widths = {column.id: width for column, width in visible(one, 117, wanted)}
    assert widths["why"] >= 45
    assert {"type", "backedby", "ports"} <= set(widths)


def test_status_has_a_sign_and_a_word():
    assert cell("status", view(health=Health.ERROR)).text == "✗ error"
    assert cell("status", view(health=Health.OK), Frame(NOW, ASCII)).text == "o ok"
    assert cell("status", view(health=Health.OK, loading=True)).text == "◌ loading"


def test_no_health_is_claimed_while_loading():
    loading = view(health=Health.ERROR, loading=True, ready=0, not_ready=2)
    assert cell("why", loading).text == "waiting for the lists it depends on"
    assert cell("ready", loading).role == "muted"


def test_why_says_what_cannot_be_seen():
    finding = Finding(rule="EP301", severity=Severity.ERROR, message="no pod is ready")
    assert cell("why", view(headline=finding, gaps=("events",))).text == "no pod is ready (cannot see events)"
    assert cell("why", view(gaps=("events", "nodes"))).text == "cannot see events and nodes"


def test_why_of_a_healthy_one_says_what_stands_behind_it():
    manual = Backend(address="192.168.1.100", ports=(), state=BackendState.READY)
    text = cell("why", view(backed_by=BackedBy.MANUAL, health=Health.OK, backends=(manual,))).text
    assert text == "manual Endpoints → 192.168.1.100"
    external = view(backed_by=BackedBy.EXTERNAL, external_name="db.example.com", health=Health.OK)
    assert cell("why", external).text == "DNS alias of db.example.com"


def test_ready_counts_and_shows_how_it_moved():
    frame = Frame(NOW)
    services = {Key("shop", "web"): view(ready=3)}
    frame.trends.record(services, services, NOW - timedelta(minutes=3))
    assert cell("ready", services[Key("shop", "web")], frame).text == "3/3"
    services = {Key("shop", "web"): view(ready=1, not_ready=2)}
    frame.trends.record(services, services, NOW - timedelta(seconds=30))
    assert cell("ready", services[Key("shop", "web")], frame).text == "1/3 ███▃"
    assert (
        cell("ready", services[Key("shop", "web")], Frame(NOW + timedelta(hours=1), trends=frame.trends)).text
        == "1/3"
    )


def test_addresses_sort_as_numbers():
    addresses = ["10.244.10.1", "fd00::2", "10.244.2.9", ""]
    assert sorted(addresses, key=address_order) == ["", "10.244.2.9", "10.244.10.1", "fd00::2"]


def test_a_terminating_address_says_whether_it_still_serves():
    leaving = Backend(address="1.2.3.4", ports=(), state=BackendState.SERVING, pod="web-1")
    assert cell("state", leaving, columns=BACKENDS).text == "terminating"
    assert cell("probe", leaving, columns=BACKENDS).text == "still serving until it goes"


def test_an_address_by_hand_says_so():
    backend = Backend(address="1.2.3.4", ports=(), state=BackendState.READY)
    assert cell("pod", backend, columns=BACKENDS).text == "no pod (address by hand)"


def test_ready_of_very_many_is_a_share_that_fits():
    assert cell("ready", view(ready=98, not_ready=1, backed_by=BackedBy.SELECTOR)).text == "98/99"
    assert cell("ready", view(ready=1000, not_ready=12, backed_by=BackedBy.SELECTOR)).text == "98%"
    assert cell("ready", view(ready=250, backed_by=BackedBy.SELECTOR)).text == "100%"
