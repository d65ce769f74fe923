"""Endpoints at the limit of what they hold and of what is mirrored."""

from __future__ import annotations

import pytest
from support.builders import Tree, endpoint_slice, endpoints, judged, pod, raised, service

from epview.core.objects import MIRRORING_CONTROLLER
from epview.core.view import Health


def ips(count: int) -> list[str]:
    return [f"192.168.{i // 250}.{i % 250 + 1}" for i in range(count)]


def by_hand(listed: int, mirrored: int) -> list[Tree]:
    ports = [{"name": "", "port": 5432, "protocol": "TCP"}]
    members = [{"addresses": [ip], "conditions": {"ready": True}} for ip in ips(mirrored)]
    slice_ = endpoint_slice("db-1", "db", manager=MIRRORING_CONTROLLER, endpoints=members, ports=ports)
    return [
        service("db", selector={}, ports=[{"port": 5432, "targetPort": 5432}]),
        endpoints("db", ready=ips(listed), ports=[{"port": 5432}]),
        slice_,
    ]


def test_a_thousand_addresses_by_hand_are_mirrored() -> None:
    assert raised(judged(by_hand(1000, 1000), "shop/db")) == {"EP101"}


def test_one_more_is_not() -> None:
    found = judged(by_hand(1001, 1000), "shop/db")
    assert raised(found) == {"EP101", "EP508"}
    assert found.headline is not None
    assert found.headline.message.startswith("1 of 1001 addresses gets no traffic")


def test_a_thousand_under_each_of_two_sets_of_ports_are_mirrored() -> None:
    trees = by_hand(1200, 1200)
    addresses = [{"ip": ip} for ip in ips(1200)]
    trees[1]["subsets"] = [
        {"addresses": addresses[:600], "ports": [{"port": 5432}]},
        {"addresses": addresses[600:], "ports": [{"port": 5433}]},
    ]
    trees[2]["endpoints"] = trees[2]["endpoints"][:1100]
    assert "EP508" not in raised(judged(trees, "shop/db"))


@pytest.mark.parametrize(("count", "wanted"), [(1000, set()), (1050, {"EP508"})])
def test_endpoints_of_many_pods(count: int, wanted: set[str]) -> None:
    trees = [service(), *(pod(f"web-{i:04}", ips=[ip]) for i, ip in enumerate(ips(count)))]
    found = judged(trees)
    assert raised(found) == wanted
    assert found.health is (Health.WARNING if wanted else Health.OK)
    assert found.ready == count


def test_a_cut_that_is_marked_shows_without_the_slices() -> None:
    trees = [service(), pod()]
    listed = endpoints(ready=ips(1000), annotations={"endpoints.kubernetes.io/over-capacity": "truncated"})
    assert "EP508" in raised(judged([*trees, listed], blind=["endpointslices"]))


def test_a_thousand_addresses_without_slices_to_compare_are_unknown() -> None:
    found = judged([service(), pod(), endpoints(ready=ips(1000))], blind=["endpointslices"])
    assert "EP508" in found.unknown_rules
