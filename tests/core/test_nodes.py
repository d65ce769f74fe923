"""Which nodes take ordinary pods, and which Services a change to a Node touches."""

from __future__ import annotations

from typing import Any

import pytest
from support.builders import Tree, build, drop_key, node, put, service

from epview.core.changes import Drop
from epview.core.objects import Key, Node
from epview.core.world import World

WEB, AGENT = Key("shop", "web"), Key("shop", "agent")
LOCAL = service("agent", internalTrafficPolicy="Local")


def world(*trees: Tree) -> World:
    made = World()
    for tree in trees:
        made.apply(put(tree))
    return made


def tainted(effect: str) -> Tree:
    tree = node("node-b")
    tree["spec"]["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": effect}]
    return tree


@pytest.mark.parametrize(
    ("tree", "schedulable"),
    [
        (node(), True),
        (node(ready="False"), False),
        (node(ready="Unknown"), False),
        (node(unschedulable=True), False),
        (tainted("NoSchedule"), False),
        (tainted("NoExecute"), False),
        (tainted("PreferNoSchedule"), True),
        ({**node(), "status": {}}, False),
    ],
)
def test_schedulable(tree: Tree, schedulable: bool) -> None:
    found = build(tree)
    assert isinstance(found, Node)
    assert found.schedulable is schedulable


@pytest.mark.parametrize("how", [{"ready": "False"}, {"unschedulable": True}])
def test_a_policy_local_is_judged_again_when_a_node_can_or_cannot_take_pods(how: dict[str, Any]) -> None:
    made = world(service(), LOCAL, node("node-a"), node("node-b"), node("node-c"))
    assert made.apply(put(node("node-c"))) == set()
    assert made.apply(put(node("node-c", **how))) == {AGENT}
    assert made.apply(put(node("node-c", zone="east", **how))) == set()
    assert made.apply(put(node("node-c"))) == {AGENT}
    assert made.apply(Drop("Node", drop_key(node("node-c")), "")) == {AGENT}


def test_a_service_that_is_no_longer_local_or_no_longer_there_is_left_alone() -> None:
    made = world(service(), LOCAL, node("node-a"), node("node-b"))
    made.apply(put(service("agent")))
    assert made.apply(put(node("node-c"))) == set()
    made.apply(put(LOCAL))
    made.apply(Drop("Service", AGENT, ""))
    assert made.apply(put(node("node-d"))) == set()


def test_that_there_are_several_nodes_or_zones_concerns_everybody_once() -> None:
    made = world(service(), node("node-a", zone="east"))
    assert made.apply(put(node("node-b", zone="east"))) == {WEB}
    assert made.apply(put(node("node-c", zone="east"))) == set()
    assert made.apply(put(node("node-d", zone="west"))) == {WEB}
    assert made.apply(put(node("node-e", zone="north"))) == set()
    assert made.apply(put(node("node-d", zone="west", ready="False"))) == set()
    assert made.apply(put(node("node-e", zone="east"))) == {WEB}
    assert dict(made.places.schedulable) == dict.fromkeys(("node-a", "node-b", "node-c", "node-e"), "east")
