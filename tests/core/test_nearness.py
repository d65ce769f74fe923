"""How near a miss was."""

from __future__ import annotations

import pytest

from epview.core.nearness import CAP, compare, distance, near, nearest


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("web", "web", 0),
        ("web", "wbe", 1),
        ("web", "we", 1),
        ("web", "webb", 1),
        ("web", "wob", 1),
        ("frontend", "frnotedn", 2),
        ("ca", "abc", 3),
        ("", "", 0),
        ("", "ab", 2),
        ("web", "something-else", CAP),
        ("a" * 253, "b" * 253, CAP),
    ],
)
def test_distance(left: str, right: str, edits: int) -> None:
    assert distance(left, right) == distance(right, left) == edits


def test_a_cap_of_its_own() -> None:
    assert distance("abcdef", "ghijkl", cap=10) == 6


@pytest.mark.parametrize(
    ("left", "right", "is_near"),
    [
        ("Web", "web", True),
        ("WEB_FRONT_END", "web-front-end", True),
        ("my-external-db", "my-externaldb", True),
        ("web-1", "web-2", True),
        ("db", "dns", False),
        ("api", "app", True),
        ("api", "web", False),
        ("checkout", "chekcuot", True),
        ("orders", "orbits", False),
    ],
)
def test_near(left: str, right: str, is_near: bool) -> None:
    assert near(left, right) is near(right, left) is is_near


def test_nearest_takes_the_smallest_distance_and_then_the_name() -> None:
    assert nearest("checkout", ["checkouts-v2", "chekcout", "checkou"]) == "checkou"
    assert nearest("cart", ["card", "care"]) == "card"
    assert nearest("cart", ["shipping"]) is None
    assert nearest("cart", []) is None


@pytest.mark.parametrize(
    ("selector", "labels", "equal", "close", "plausible"),
    [
        ({"app": "web"}, {"app": "web"}, 1, [], True),
        ({"app": "web"}, {"app": "wbe"}, 0, [True], True),
        ({"app": "web"}, {"app": "Web"}, 0, [True], True),
        ({"app": "web"}, {"app": "orders"}, 0, [False], False),
        ({"app": "web"}, {"app.kubernetes.io/name": "web"}, 0, [True], True),
        ({"example.com/app": "web"}, {"app": "web"}, 0, [True], True),
        ({"ap": "web"}, {"app": "web"}, 0, [True], True),
        ({"app": "web"}, {"team": "web"}, 0, [False], False),
        ({"app": "web", "tier": "x"}, {"app": "web"}, 1, [False], True),
        ({"app": "web"}, {}, 0, [False], False),
    ],
)
def test_a_selector_against_labels(
    selector: dict[str, str], labels: dict[str, str], equal: int, close: list[bool], plausible: bool
) -> None:
    found = compare(selector, labels)
    assert (found.equal, [miss.close for miss in found.misses], found.plausible) == (equal, close, plausible)
