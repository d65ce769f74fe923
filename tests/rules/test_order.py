"""What leads when several rules find something: the order of the catalogue, told once more by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from support.builders import Tree, ago, endpoints, judged, node, pod, service, unhealthy

from epview.core.rule import catalogue

ORDER = [
    "EP108",
    "EP506",
    "EP602",
    "EP502",
    "EP501",
    "EP102",
    "EP505",
    "EP504",
    "EP205",
    "EP201",
    "EP203",
    "EP107",
    "EP403",
    "EP401",
    "EP310",
    "EP406",
    "EP307",
    "EP306",
    "EP305",
    "EP304",
    "EP309",
    "EP405",
    "EP303",
    "EP308",
    "EP301",
    "EP302",
    "EP801",
    "EP703",
    "EP901",
    "EP103",
    "EP404",
    "EP701",
    "EP312",
    "EP202",
    "EP603",
    "EP902",
    "EP503",
    "EP601",
    "EP508",
    "EP802",
    "EP104",
    "EP105",
    "EP903",
    "EP604",
    "EP311",
    "EP313",
    "EP702",
    "EP402",
    "EP106",
    "EP101",
    "EP507",
]
"""Faults of names and addresses, of selection, of ports; causes of pods that are not ready; the rest."""


def test_rules_stand_in_this_order() -> None:
    rules = catalogue()
    assert sorted(rules, key=lambda id_: rules[id_].rank) == ORDER


FAILING = pod("web-9", ready=False, ips=["10.244.9.9"], readiness={"tcpSocket": {"port": 8080}})


def worlds() -> Iterator[tuple[str, list[Tree], list[str]]]:
    """Worlds in which several rules hold at once, with the ids in the order in which they must be told."""
    nodes = [node("node-a"), node("node-b")]
    yield (
        "a remark after what degrades",
        [*nodes, service(sessionAffinity="ClientIP"), pod(), FAILING],
        ["EP303", "EP702"],
    )
    yield (
        "a restart before a single point of failure",
        [
            *nodes,
            service(),
            pod(restarts=1, last_state={"terminated": {"exitCode": 1, "finishedAt": ago(60)}}),
        ],
        ["EP313", "EP702"],
    )
    yield (
        "an open fault of the pods before the balancer's",
        [
            service(type="LoadBalancer"),
            pod(),
            FAILING,
            unhealthy(FAILING, "Readiness probe failed: i/o timeout"),
        ],
        ["EP303", "EP104"],
    )
    yield (
        "a wrong port before an address that goes stale",
        [
            service(selector={}),
            endpoints(ready=["10.244.1.1"], ports=[{"name": "web", "port": 8080}]),
            pod(labels={"app": "other"}),
        ],
        ["EP501", "EP503"],
    )
    yield (
        "not mirrored before a wrong port",
        [
            service(selector={}),
            endpoints(
                ready=["192.168.1.1"],
                ports=[{"name": "web", "port": 8080}],
                labels={"endpointslice.kubernetes.io/skip-mirror": "true"},
            ),
        ],
        ["EP602", "EP501"],
    )


@pytest.mark.parametrize(
    ("trees", "told"), [pytest.param(trees, told, id=name) for name, trees, told in worlds()]
)
def test_what_leads(trees: list[Tree], told: list[str]) -> None:
    found = judged(trees)
    open_ = [finding.rule for finding in found.findings if not finding.folded]
    assert open_ == told
    assert found.headline is not None
    assert found.headline.rule == told[0]
    assert all(ORDER.index(one) < ORDER.index(other) for one, other in pairwise(open_))
