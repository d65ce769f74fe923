"""NetworkPolicies as they are written: which ports they open, to whom, and how that is told."""

from __future__ import annotations

from typing import Any

import pytest
from support.builders import Tree, build, drop_key, meta, pod, put, service

from epview.core.changes import Drop
from epview.core.objects import Key, NetworkPolicy, Pod
from epview.core.policies import access, governs, listed, peer_words, rule_words, selector_words
from epview.core.world import World

LABELS = {"app": "web", "tier": "front"}
SIDECAR = {"name": "proxy", "restartPolicy": "Always", "ports": [{"name": "mesh", "containerPort": 15001}]}
INIT = {"name": "init", "ports": [{"name": "once", "containerPort": 8080}]}


def policy(name: str = "p", namespace: str = "shop", **spec: Any) -> Tree:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta("NetworkPolicy", name, namespace),
        "spec": {"podSelector": {}, **spec},
    }


def made(**spec: Any) -> NetworkPolicy:
    found = build(policy(**spec))
    assert isinstance(found, NetworkPolicy)
    return found


def web() -> Pod:
    found = build(pod(labels=LABELS, spec={"initContainers": [SIDECAR, INIT]}))
    assert isinstance(found, Pod)
    return found


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({}, True),
        ({"policyTypes": ["Ingress", "Egress"]}, True),
        ({"policyTypes": ["Egress"]}, False),
        ({"policyTypes": []}, True),
        ({"podSelector": {"matchLabels": {"app": "web"}}}, True),
        ({"podSelector": {"matchLabels": {"app": "web", "tier": "back"}}}, False),
        (
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "web"]}]}},
            True,
        ),
        ({"podSelector": {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}}, False),
        (
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}},
            False,
        ),
        (
            {"podSelector": {"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}},
            True,
        ),
        ({"podSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}, True),
        ({"podSelector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}}, False),
        (
            {
                "podSelector": {
                    "matchLabels": {"app": "web"},
                    "matchExpressions": [{"key": "zone", "operator": "Exists"}],
                }
            },
            False,
        ),
    ],
)
def test_which_policies_govern_a_pod(spec: dict[str, Any], wanted: bool) -> None:
    assert governs(made(**spec), web()) is wanted


@pytest.mark.parametrize(
    ("ports", "wanted"),
    [
        ([], True),
        ([{}], True),
        ([{"protocol": "TCP"}], True),
        ([{"protocol": "UDP"}], False),
        ([{"port": 8080}], True),
        ([{"port": 8080, "protocol": "SCTP"}], False),
        ([{"port": 80}], False),
        ([{"port": 80}, {"port": 8080}], True),
        ([{"port": 8000, "endPort": 8080}], True),
        ([{"port": 8080, "endPort": 8081}], True),
        ([{"port": 8000, "endPort": 8079}], False),
        ([{"port": 8081, "endPort": 9000}], False),
        ([{"port": "http"}], True),
        ([{"port": "http", "protocol": "UDP"}], False),
        ([{"port": "mesh"}], False),
        ([{"port": "once"}], False),  # a plain init container's ports are nobody's
        ([{"port": "metrics"}], False),
    ],
)
def test_which_rules_open_a_port(ports: list[Tree], wanted: bool) -> None:
    found = access([made(ingress=[{"ports": ports}])], web(), 8080, "TCP")
    assert (found.open, found.closed) == (wanted, not wanted)


def test_a_port_name_may_be_a_sidecars() -> None:
    assert access([made(ingress=[{"ports": [{"port": "mesh"}]}])], web(), 15001, "TCP").open


def test_policies_add_up_and_none_means_everybody() -> None:
    closed = made()
    some = made(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}])
    other = made(podSelector={"matchLabels": {"app": "db"}})
    assert access([], web(), 8080, "TCP").open
    assert access([other], web(), 8080, "TCP").open
    assert access([closed, other], web(), 8080, "TCP").closed
    limited = access([closed, some], web(), 8080, "TCP")
    assert (limited.limited, limited.open, limited.closed) == (True, False, False)
    assert (limited.peers, limited.policies) == (("pods app=client",), (closed, some))
    assert access([closed, some, made(ingress=[{}])], web(), 8080, "TCP").open


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        ({"podSelector": {}}, "all pods"),
        ({"podSelector": {"matchLabels": {"b": "2", "a": "1"}}}, "pods a=1,b=2"),
        ({"namespaceSelector": {}}, "all pods of all namespaces"),
        (
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}}},
            "all pods of namespace web",
        ),
        (
            {
                "podSelector": {"matchLabels": {"app": "client"}},
                "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
            },
            "pods app=client of namespaces team",
        ),
        ({"ipBlock": {"cidr": "10.0.0.0/8"}}, "10.0.0.0/8"),
        (
            {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}},
            "10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16",
        ),
    ],
)
def test_peers_in_words(peer: Tree, words: str) -> None:
    (found,) = made(ingress=[{"from": [peer]}]).spec.ingress[0].peers
    assert peer_words(found) == words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "all ports from everybody"),
        ({"ports": [{"port": 9090}, {"port": "dns", "protocol": "UDP"}]}, "TCP 9090, UDP dns from everybody"),
        (
            {"ports": [{"port": 80, "endPort": 90}, {"protocol": "SCTP"}]},
            "TCP 80-90, all SCTP ports from everybody",
        ),
        (
            {"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            "all ports from all pods or 10.0.0.0/8",
        ),
    ],
)
def test_rules_in_words(rule: Tree, words: str) -> None:
    assert rule_words(made(ingress=[rule]).spec.ingress[0]) == words


def test_selectors_in_words() -> None:
    expressions = [
        {"key": "a", "operator": "In", "values": ["x", "y"]},
        {"key": "b", "operator": "NotIn", "values": ["z"]},
        {"key": "c", "operator": "DoesNotExist"},
    ]
    selector = made(podSelector={"matchLabels": {"app": "web"}, "matchExpressions": expressions}).spec
    assert selector_words(selector.pod_selector) == "app=web,a in (x,y),b notin (z),!c"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and 1 other"),
        (["a", "b", "c", "d"], "a, b and 2 others"),
    ],
)
def test_long_lists_are_cut(words: list[str], wanted: str) -> None:
    assert listed(words) == wanted


def test_a_policy_touches_the_services_of_its_namespace_alone() -> None:
    world = World()
    for tree in (service(), service("other"), service(namespace="stage")):
        world.apply(put(tree))
    tree = policy("b")
    shop = {Key("shop", "web"), Key("shop", "other")}
    assert world.apply(put(tree)) == shop
    assert world.apply(put(tree)) == set()
    assert world.apply(put(policy("b", policyTypes=["Egress"]))) == shop
    world.apply(put(policy("a")))
    assert [found.key.name for found in world.policies_in("shop")] == ["a", "b"]
    assert world.policies_in("stage") == []
    assert world.apply(Drop("NetworkPolicy", drop_key(tree), "")) == shop
    assert [found.key.name for found in world.policies_in("shop")] == ["a"]
