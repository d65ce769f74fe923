from datetime import UTC, datetime, timedelta

from msgspec import structs

from epview.core.objects import Key
from epview.core.view import (
    BackedBy,
    Backend,
    BackendState,
    Evidence,
    FailingProbe,
    Finding,
    Health,
    Hop,
    HopState,
    PortView,
    ServiceView,
    Severity,
)
from epview.present.details import backend_lines
from epview.present.frame import Frame
from epview.present.preview import preview
from epview.present.service import path_flow, path_lines, title, traffic_line
from epview.present.text import Role, text_of
from epview.present.times import with_ages
from epview.present.why import why, why_within

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
FRAME = Frame(NOW)
PORT = PortView(name="http", port=80, protocol="TCP", target_port=8080)
PROBE = FailingProbe(
    kind="readiness",
    container="api",
    probe="http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3",
    message="HTTP probe failed with statuscode: 503",
    count=14,
    last_seen=NOW - timedelta(seconds=4),
)
BAD = Backend(address="10.244.1.7", ports=(), state=BackendState.NOT_READY, pod="web-1", failing_probe=PROBE,
              since=NOW - timedelta(seconds=124), listed_in=("Endpoints/web",))  # fmt: skip
FINDING = Finding(
    rule="EP303",
    severity=Severity.ERROR,
    message="readiness answers 503",
    evidence=(Evidence("Pod/shop/web-1", "Event", "last 2026-08-01T11:59:56Z"),),
    remedy=("kubectl logs web-1",),
)


def view(**more):
    base = {
        "key": Key("shop", "web"),
        "cluster_ips": ("10.96.0.1",),
        "ports": (PORT,),
        "backed_by": BackedBy.SELECTOR,
        "selector": {"app": "web"},
        "path": (
            Hop(what="DNS", text="web.shop"),
            Hop(what="EndpointSlice", text="0 ready", state=HopState.BROKEN),
            Hop(what="pods", text="1 of 1 not ready", state=HopState.BROKEN),
        ),
        "backends": (BAD,),
        "not_ready": 1,
        "health": Health.ERROR,
        "headline": FINDING,
        "findings": (FINDING,),
    }
    return ServiceView(**(base | more))


def texts(lines):
    return [text_of(each) for each in lines]


def test_the_eye_lands_on_the_first_broken_hop_only():
    lines = path_lines(view(), FRAME, 100)
    assert [text_of(each) for each in lines if any(span.role is Role.BROKEN for span in each)] == [
        "✗ EndpointSlice  0 ready "
    ]
    assert texts(lines)[0] == "✓ DNS            web.shop"
    flowing = path_flow(view(), FRAME, 100)
    assert texts(flowing) == ["✓ DNS web.shop →  ✗ EndpointSlice 0 ready  → ✗ pods 1 of 1 not ready"]


def test_addresses_kept_by_hand_are_a_badge_beside_the_name_whatever_else_is_wrong():
    assert texts(title(view(backed_by=BackedBy.MANUAL), FRAME)[0])[0] == "✗ shop/web manual"
    assert texts(title(view(backed_by=BackedBy.CONTROLLER), FRAME)[0])[0] == "✗ shop/web controller"


def test_what_clients_meet_while_nothing_is_ready():
    assert "answers “connection refused”" in text_of(traffic_line(view()))
    assert "NXDOMAIN" in text_of(traffic_line(view(headless=True, cluster_ips=())))
    serving = Backend(address="1.1.1.1", ports=(), state=BackendState.SERVING)
    assert "1 terminating address still serving" in text_of(traffic_line(view(backends=(serving,))))
    assert traffic_line(view(ready=1)) == ()
    assert traffic_line(view(loading=True)) == ()


def test_the_title_names_the_service_its_address_and_its_verdict():
    left, right = title(view(), FRAME)
    assert texts(left) == ["✗ shop/web", "ClusterIP 10.96.0.1", "backed by selector app=web"]
    assert texts(right) == ["none of 1 ready"]


def test_the_preview_holds_path_cause_address_and_remedy():
    lines = texts(preview(view(), FRAME, 120))
    assert lines[0].startswith("✓ DNS web.shop")
    assert "✗ readiness answers 503" in lines
    assert any(
        "10.244.1.7" in each and "HTTP probe failed with statuscode: 503 ×14" in each for each in lines
    )
    assert lines[-1] == "  try  kubectl logs web-1"


def test_the_probe_stands_next_to_the_address():
    assert texts(backend_lines(BAD, FRAME)) == [
        "✗ 10.244.1.7  web-1  not ready for 2m4s",
        "  readiness of api  http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3",
        "  says  HTTP probe failed with statuscode: 503 ×14, last 4s ago",
        "  listed in  Endpoints/web",
    ]


def test_times_in_evidence_become_ages():
    assert with_ages("since 2026-08-01T11:58:00+00:00, no", FRAME) == "since 2m, no"
    assert with_ages("(14×, last 2026-08-01T11:59:56Z)", FRAME) == "(14×, last 4s ago)"
    assert with_ages("2026-08-01T12:00:30+00:00", FRAME) == "in 30s"


def test_a_deadline_counts_down():
    until = NOW + timedelta(seconds=130)
    starting = Finding(
        rule="EP304",
        severity=Severity.WARNING,
        message="1 of 3 not ready: startup probe has not passed yet (it has until 12:02:10 UTC)",
        in_progress=True,
        until=until,
    )
    later = Frame(NOW + timedelta(seconds=129))
    assert why(view(headline=starting), FRAME).text == "startup probe has not passed yet (2m10s left)"
    assert "(1s left)" in why(view(headline=starting), later).text
    assert "(its time is over)" in why(view(headline=starting), Frame(until)).text


def test_with_little_room_the_preview_keeps_cause_and_remedy():
    many = tuple(structs.replace(BAD, address=f"10.244.1.{n}", pod=f"web-{n}") for n in range(40))
    service = view(headline=FINDING, backends=many)
    for height in (4, 5, 8, 12, 30, 60):
        lines = texts(preview(service, FRAME, 100, height))
        assert len(lines) <= height
        assert "✗ readiness answers 503" in lines
        assert "  try  kubectl logs web-1" in lines


def test_with_room_the_preview_shows_every_address_and_the_evidence():
    service = view(headline=FINDING, backends=(BAD, structs.replace(BAD, address="10.244.1.8")))
    text = "\n".join(texts(preview(service, FRAME, 160, 30)))
    assert "10.244.1.7" in text
    assert "10.244.1.8" in text
    assert "Pod/shop/web-1" in text
    assert "answers “connection refused”" in text


def said(message, width, **more):
    finding = Finding(rule="EP303", severity=Severity.ERROR, message=message, **more.pop("finding", {}))
    return why_within(view(headline=finding, **more), FRAME, width)


def test_of_a_reason_too_long_what_is_least_needed_goes_first():
    probe = "2 of 3 not ready: readiness of container api answers 503 (17× in 2m30s)"
    assert said(probe, 60) == "readiness of container api answers 503 (17× in 2m30s)"
    assert said(probe, 52) == "readiness of container api answers 503"
    assert said(probe, 30) == "readiness of container api an…"
    name = "web-5d9c7b6f4-b1x7k"
    late = f"pod {name}, ready since 11:55:00 UTC, is in no EndpointSlice"
    pods = {"backends": (structs.replace(BAD, pod=name),)}
    assert said(late, 90, **pods) == late
    assert said(late, 50, **pods) == f"pod {name} is in no EndpointSlice"
    assert said(late, 45, **pods) == "pod web-5d9…4-b1x7k is in no EndpointSlice"


def test_several_causes_are_counted_shortly():
    both = "3 of 5: readiness probe, 2 of 5: image pull"
    assert why(view(headline=structs.replace(FINDING, message=both)), FRAME).text == (
        "3× readiness probe, 2× image pull"
    )


def test_the_time_left_and_the_blind_spot_are_never_cut():
    deadline = {"until": NOW + timedelta(seconds=130)}
    starting = "startup probe of search has not passed yet (it has until 12:02:10 UTC)"
    assert said(starting, 40, finding=deadline) == "startup probe of search ha… (2m10s left)"
    well = {"health": Health.INFO, "gaps": ("events",)}
    assert said("word " * 20, 40, **well).endswith("… (cannot see events)")
    assert len(said("word " * 20, 40, **well)) == 40


def test_beside_a_trouble_the_cause_is_worth_more_than_the_blind_spot():
    blind = {"health": Health.ERROR, "gaps": ("events",)}
    assert said("no pod has app=cart-svc", 60, **blind) == "no pod has app=cart-svc (cannot see events)"
    assert said("no pod has app=cart-svc; 3 pods have app=cart", 45, **blind) == (
        "no pod has app=cart-svc; 3 pods have app=cart"
    )
