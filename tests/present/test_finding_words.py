from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from epview.core.objects import Key
from epview.core.view import (
    BackedBy,
    Backend,
    BackendPort,
    BackendState,
    Evidence,
    Finding,
    Health,
    Phase,
    PortView,
    ResourceState,
    ServiceView,
    Severity,
    SourceInfo,
    View,
)
from epview.present.findings import blocks, findings_lines, in_order, loose_ends, unseen
from epview.present.frame import Frame
from epview.present.text import cell_width, text_of

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
FRAME = Frame(NOW)
CAUSE = Finding(
    rule="EP303",
    severity=Severity.ERROR,
    message="readiness of api answers 503",
    evidence=(
        Evidence("Pod/shop/web-1", "Event Unhealthy", "503 (14×, last 2026-08-01T11:59:56Z)"),
        Evidence("Pod/shop/web-1", "since", "today"),
        Evidence("Pod/shop/web-2", "since", "yesterday"),
    ),
    remedy=("kubectl logs web-1", "kubectl describe pod web-1"),
    objects=("Pod/shop/web-1", "Pod/shop/web-2"),
)
CONSEQUENCE = Finding(
    rule="EP301", severity=Severity.ERROR, message="none of the 2 pods is ready", folded=True
)
MANUAL = Finding(rule="EP101", severity=Severity.INFO, message="no selector", folded=True)
MISFIT = Finding(rule="EP501", severity=Severity.ERROR, message="no port fits", objects=("Service/shop/web",))
READY = Backend(
    address="10.244.1.7", ports=(BackendPort("http", 80, "TCP"),), state=BackendState.READY, pod="web-1"
)


def view(*findings, **more):
    base = {
        "key": Key("shop", "web"),
        "dns_name": "web.shop.svc.cluster.local",
        "ports": (PortView(name="http", port=80, protocol="TCP", target_port=8080, resolved=(8080,)),),
        "backed_by": BackedBy.SELECTOR,
        "health": Health(findings[0].severity) if findings else Health.OK,
        "findings": findings,
    }
    return ServiceView(**(base | more))


def texts(lines):
    return [text_of(each).rstrip() for each in lines]


def text(*findings, width=100, **more):
    return "\n".join(texts(findings_lines(view(*findings, **more), FRAME, width)))


def test_a_finding_says_what_is_wrong_what_helps_and_the_facts_behind_it():
    (block,) = blocks(view(CAUSE), FRAME, 100)
    assert texts(block.whole) == [
        "✗ error    EP303  readiness of api answers 503",
        "    try  kubectl logs web-1",
        "    try  kubectl describe pod web-1",
        "    Pod/shop/web-1",
        "      Event Unhealthy  503 (14×, last 4s ago)",
        "      since            today",
        "    Pod/shop/web-2",
        "      since            yesterday",
    ]
    assert block.commands == CAUSE.remedy
    assert block.pod == Key("shop", "web-1")


def test_consequences_stand_below_the_cause_they_follow_from():
    found = list(in_order((CAUSE, MISFIT, CONSEQUENCE, MANUAL)))
    assert [(finding.rule, cause) for finding, cause in found] == [
        ("EP303", ""),
        ("EP301", "EP303"),
        ("EP501", ""),
        ("EP101", "EP501"),
    ]
    shown = text(CAUSE, MISFIT, CONSEQUENCE, MANUAL)
    assert "\n  └ ✗ error    EP301  none of the 2 pods is ready  follows from EP303\n\n✗ error" in shown
    assert shown.endswith("\n  └ ◌ info     EP101  no selector  detail of EP501")


def test_a_consequence_without_its_cause_is_not_lost():
    assert "EP301" in text(CONSEQUENCE)


@pytest.mark.parametrize("width", [40, 58, 77, 117, 197])
def test_nothing_is_lost_in_a_narrow_place(width):
    long = structs.replace(
        CAUSE,
        message="word " * 40,
        evidence=(
            Evidence("Pod/shop/" + "a" * 90, "metadata.annotations[control-plane.alpha.kubernetes.io/leader]", "x" * 300),
            Evidence("Pod/shop/" + "a" * 90, "short", "one two three " * 20),
        ),
        remedy=("kubectl " + "y" * 200,),
    )  # fmt: skip
    lines = texts(blocks(view(long), FRAME, width)[0].whole)
    assert max(map(cell_width, lines)) <= width
    whole = "".join(lines).replace(" ", "")
    for part, count in (("x", 300), ("y", 200), ("word", 40), ("onetwothree", 20)):
        assert whole.count(part) >= count
    assert "metadata.annotations[control-plane.alpha.kubernetes.io/leader]" in whole


def test_a_long_field_shares_its_line_with_a_short_value_only():
    field = "metadata.annotations[control-plane.alpha.kubernetes.io/leader]"
    facts = tuple(Evidence("Endpoints/shop/web", name, value) for name, value in (
        (field, "there"), (field, "one two " * 9), ("a", "b"),
    ))  # fmt: skip
    lines = texts(blocks(view(structs.replace(CAUSE, evidence=facts)), FRAME, 80)[0].facts)
    assert lines == [
        "    Endpoints/shop/web",
        f"      {field}  there",
        f"      {field}",
        "         one two one two one two one two one two one two one two one two one two",
        "      a  b",
    ]


def test_what_passes_by_itself_tells_the_time_left():
    starting = structs.replace(
        CAUSE, severity=Severity.WARNING, in_progress=True, until=NOW + timedelta(seconds=130)
    )
    assert "    expected to pass by itself, 2m10s left" in text(starting)


def test_the_same_finding_has_the_same_key_whatever_it_says_now():
    twice = (MISFIT, structs.replace(MISFIT, message="nor does this one"))
    before = [block.key for block in blocks(view(CAUSE, *twice), FRAME, 100)]
    later = [structs.replace(each, message="now", evidence=()) for each in (CAUSE, *twice)]
    assert before == [block.key for block in blocks(view(*later), Frame(NOW + timedelta(9)), 60)]
    assert len(set(before)) == 3


def test_where_nothing_is_wrong_it_says_what_that_does_not_mean():
    shown = text(backends=(READY,), width=160)
    assert "● No fault visible in the API objects." in shown
    assert "Not checked: packets, DNS answers, policy enforcement, listening sockets." in shown
    for command in (
        "-- nslookup web.shop.svc.cluster.local",
        "-- nc -zvw 3 web.shop.svc.cluster.local 80",
        "kubectl port-forward -n shop pod/web-1 8080:80",
    ):
        assert command in shown


def test_a_mere_remark_is_no_fault():
    remark = structs.replace(MANUAL, folded=False)
    shown = text(remark)
    assert shown.index("No fault visible") < shown.index("EP101")
    assert "No fault" not in text(CAUSE)


def test_a_headless_service_is_dialled_at_the_port_of_the_pod():
    assert "cluster.local 8080" in text(headless=True, width=160)


def test_an_alias_is_asked_for_its_name_alone():
    shown = text(backed_by=BackedBy.EXTERNAL, width=160)
    assert "nslookup" in shown
    assert "nc -zvw" not in shown


def test_manifests_promise_no_readiness():
    shown = text(planned=True)
    assert "No fault visible in the manifests. Readiness shows in a cluster." in shown
    assert "kubectl run" not in shown


def test_no_green_hides_a_blind_spot():
    blind = {"gaps": ("pods",), "unknown_rules": ("EP301", "EP302"), "health": Health.UNKNOWN}
    assert text(**blind) == "◌ unknown  could not judge EP301, EP302: epview cannot see pods"
    assert "could not judge EP301, EP302" in text(CAUSE, **blind)
    assert text(gaps=("events",)).endswith("◌ unknown  cannot see events; no verdict needed it")


def test_a_verdict_missing_for_want_of_something_optional_says_of_what():
    service = view(unknown_rules=("EP703", "EP902"))
    seen = View(
        now=NOW,
        revision=1,
        source=SourceInfo(kind="cluster", namespaces=("shop",)),
        services={},
        states=(
            ResourceState(resource="networkpolicies", namespace="shop", phase=Phase.FORBIDDEN),
            ResourceState(resource="networkpolicies", namespace="other", phase=Phase.FORBIDDEN),
            ResourceState(resource="pods", namespace="shop", phase=Phase.LIVE),
        ),
    )
    reason = unseen(seen, "shop")
    assert reason == "cannot see networkpolicies and sees just the chosen namespaces (0 shows all)"
    last = blocks(service, FRAME, 200, reason)[-1]
    assert last.rule == "EP703"
    assert texts(last.head) == [f"◌ unknown  could not judge EP703, EP902: epview {reason}"]
    assert unseen(structs.replace(seen, states=(), source=SourceInfo(kind="cluster")), "shop") == ""


def test_no_verdict_while_loading():
    assert text(loading=True) == "No verdict before the lists it depends on are complete."


def test_loose_ends_stand_apart():
    orphan = structs.replace(MISFIT, rule="EP507", severity=Severity.INFO, remedy=("kubectl get endpoints",))
    assert texts(loose_ends((orphan, orphan), FRAME, 80)) == [
        "◌ info     EP507  no port fits",
        "    try  kubectl get endpoints",
        "",
        "◌ info     EP507  no port fits",
        "    try  kubectl get endpoints",
    ]
