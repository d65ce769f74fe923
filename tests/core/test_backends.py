"""The rows behind a Service: slices decide, Endpoints fill in, every matching pod has its row."""

from __future__ import annotations

from typing import Any

import pytest
from support.builders import (
    Tree,
    ago,
    endpoint,
    endpoint_slice,
    endpoints,
    http_get,
    judged,
    node,
    pod,
    service,
    unhealthy,
)

from epview.core.view import Backend, BackendState, HopState, ServiceView

READY, NOT_READY = BackendState.READY, BackendState.NOT_READY
CONTROLLER = "endpointslice-controller.k8s.io"


def rows(found: ServiceView) -> list[tuple[str | None, str, BackendState]]:
    return [(b.pod, b.address, b.state) for b in found.backends]


def by_hand(*trees: Tree, **how: Any) -> ServiceView:
    return judged([service("db", selector={}), *trees], "shop/db", controlled=False, **how)


def one(found: ServiceView) -> Backend:
    (only,) = found.backends
    return only


def test_every_pod_of_the_selector_has_a_row_what_needs_a_look_first() -> None:
    found = judged(
        [
            service(),
            pod("a", ips=["10.244.1.1"]),
            pod("b", ips=["10.244.1.2"], ready=False, readiness=http_get()),
            pod("c", ips=[], phase="Pending", ready=False),
            pod("d", ips=["10.244.1.4"], metadata={"deletionTimestamp": ago(-20)}),
            pod("e", ips=["10.244.1.5"], phase="Succeeded"),
            pod("f", ips=["10.244.1.6"], ready=False, metadata={"deletionTimestamp": ago(-20)}),
        ]
    )
    assert rows(found) == [
        ("b", "10.244.1.2", NOT_READY),
        ("c", "", BackendState.PENDING),
        ("d", "10.244.1.4", BackendState.SERVING),
        ("f", "10.244.1.6", BackendState.TERMINATING),
        ("a", "10.244.1.1", READY),
        ("e", "10.244.1.5", BackendState.FINISHED),
    ]
    assert (found.ready, found.not_ready, found.terminating) == (1, 2, 2)


def test_a_row_tells_of_its_pod() -> None:
    failing = pod(ready=False, readiness=http_get(), restarts=3, changed=600)
    event = unhealthy(failing, "Readiness probe failed: HTTP probe failed with statuscode: 503", count=44)
    row = one(judged([service(), failing, event, node("node-a", zone="z1")]))
    assert (row.node, row.zone, row.restarts, row.reason) == (
        "node-a",
        "z1",
        3,
        "readiness of app answers 503",
    )
    assert row.since is not None
    assert row.since.isoformat() == ago(600).replace("Z", "+00:00")
    assert row.failing_probe is not None
    assert (row.failing_probe.kind, row.failing_probe.count) == ("readiness", 44)
    assert row.listed_in == ("EndpointSlice/web-0", "Endpoints/web")
    assert [(p.name, p.port, p.protocol) for p in row.ports] == [("http", 8080, "TCP")]


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ({"ready": True}, {"ready": False}, READY),
        ({"ready": False}, {"ready": True}, READY),
        ({"ready": False, "serving": True, "terminating": True}, {"ready": True}, READY),
        ({"ready": False, "serving": True, "terminating": True}, {"ready": False}, NOT_READY),
        (
            {"ready": False, "serving": False, "terminating": True},
            {"ready": False, "serving": True, "terminating": True},
            BackendState.SERVING,
        ),
        ({}, {"ready": None}, READY),
    ],
)
def test_of_twins_in_two_slices_the_one_that_carries_traffic_counts(
    first: Any, second: Any, state: BackendState
) -> None:
    slices = [
        endpoint_slice(f"s{n}", "db", endpoints=[endpoint("192.168.1.1", **c)])
        for n, c in enumerate((first, second))
    ]
    row = one(by_hand(*slices))
    assert row.state is state
    assert row.listed_in == ("EndpointSlice/s0", "EndpointSlice/s1")


def test_two_pods_with_one_address_stay_two_rows() -> None:
    old = pod("old", metadata={"deletionTimestamp": ago(-5)}, ready=False)
    found = judged([service(), old, pod("new")])
    assert rows(found) == [
        ("old", "10.244.1.1", BackendState.TERMINATING),
        ("new", "10.244.1.1", READY),
    ]


def test_only_endpoints() -> None:
    found = by_hand(
        endpoints("db", ready=["192.168.1.1"], not_ready=["192.168.1.2"]), blind=["endpointslices"]
    )
    assert rows(found) == [(None, "192.168.1.2", NOT_READY), (None, "192.168.1.1", READY)]
    assert found.health == "unknown"
    assert any(hop.what == "EndpointSlice" and hop.state is HopState.UNKNOWN for hop in found.path)


def test_only_slices() -> None:
    found = by_hand(endpoint_slice("s", "db", endpoints=[endpoint("192.168.1.1", ready=True)]))
    assert one(found).listed_in == ("EndpointSlice/s",)
    assert found.health == "info"


def test_slices_decide_over_endpoints() -> None:
    here = endpoints("db", ready=["192.168.1.1"])
    slice_ = endpoint_slice("s", "db", endpoints=[endpoint("192.168.1.1", ready=False)])
    row = one(by_hand(here, slice_))
    assert row.state is NOT_READY
    assert row.listed_in == ("EndpointSlice/s", "Endpoints/db")


def test_only_the_first_address_of_an_endpoint_counts() -> None:
    slice_ = endpoint_slice("s", "db", endpoints=[endpoint("192.168.1.1", "192.168.1.2", ready=True)])
    assert one(by_hand(slice_)).address == "192.168.1.1"


def test_host_names_carry_no_traffic() -> None:
    slice_ = endpoint_slice("s", "db", endpoints=[endpoint("db.example.com")], address_type="FQDN")
    assert by_hand(slice_).backends == ()


def test_a_ready_pod_in_no_list_says_so() -> None:
    found = judged([service(), pod(), endpoints(), endpoint_slice("s", ports=None)], controlled=False)
    assert one(found).reason == "ready, but in no Endpoints and no EndpointSlice"


def test_a_ready_pod_without_the_named_port_gets_no_traffic() -> None:
    found = judged([service(ports=[{"port": 80, "targetPort": "nope"}]), pod()])
    assert one(found).state is NOT_READY
    assert "no port of the Service" in one(found).reason
    assert found.ready == 0


def test_a_listed_pod_that_is_gone_or_another() -> None:
    ghost = endpoint("10.244.1.9", pod=pod("ghost"), ready=True)
    slice_ = endpoint_slice("s", manager=CONTROLLER, endpoints=[ghost])
    found = judged([service(), endpoints(), slice_], controlled=False)
    assert one(found).reason == "none of the selector's pods"
    assert one(by_hand(endpoint_slice("s", "db", endpoints=[ghost]))).reason == "its pod is gone"
    blind = by_hand(endpoint_slice("s", "db", endpoints=[ghost]), blind=["pods"])
    assert one(blind).reason == ""


def test_a_target_without_uid_is_found_by_its_name() -> None:
    named = endpoint("10.244.1.1", pod=pod(), ready=True)
    del named["targetRef"]["uid"]
    row = one(by_hand(pod(restarts=2), endpoint_slice("s", "db", endpoints=[named])))
    assert (row.pod, row.restarts) == ("web-1", 2)


def test_which_ports_can_be_used() -> None:
    svc = service("db", selector={}, ports=[{"name": "pg", "port": 5432}, {"name": "web", "port": 80}])
    slice_ = endpoint_slice(
        "s",
        "db",
        endpoints=[endpoint("192.168.1.1")],
        ports=[{"name": "pg", "port": 6432, "protocol": "TCP"}],
    )
    found = judged([svc, slice_], "shop/db", controlled=False)
    assert [(p.name, p.ready, p.resolved) for p in found.ports] == [("pg", 1, (6432,)), ("web", 0, ())]


def test_what_only_endpoints_lists_gets_no_traffic_where_slices_can_be_seen() -> None:
    seen = one(by_hand(endpoints("db", ready=["192.168.1.100"])))
    assert seen.state is NOT_READY
    assert "kube-proxy does not see it" in seen.reason

    blind = one(by_hand(endpoints("db", ready=["192.168.1.100"]), blind=["endpointslices"]))
    assert blind.state is READY
