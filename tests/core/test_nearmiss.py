"""What a selector that matches nothing probably meant: the order of the guesses, and when to be silent."""

from __future__ import annotations

from support.builders import Tree, facts, pod, service

from epview.core.nearmiss import hints


def words(selector: dict[str, str], *pods: Tree) -> list[str]:
    return [hint.words for hint in hints(facts([service(selector=selector), *pods]))]


def labelled(called: str, namespace: str = "shop", **labels: str) -> Tree:
    return pod(called, namespace, labels=labels)


def test_the_order_of_the_guesses() -> None:
    """A slip in a value, a slip in a key, one key too many, the right pods elsewhere; at most three."""
    found = words(
        {"app": "web", "tier": "front"},
        labelled("a", app="wbe", tier="front"),
        labelled("b", name="web", tier="front"),
        labelled("c", app="web"),
        labelled("d", "stage", app="web", tier="front"),
    )
    assert found == [
        "1 pod has app=wbe",
        "1 pod has name=web",
        "1 pod has no label tier and match otherwise",
    ]


def test_pods_elsewhere_come_last() -> None:
    found = words({"app": "web"}, labelled("a", "stage", app="web"), labelled("b", app="webb"))
    assert found == ["1 pod has app=webb", "1 pod in namespace stage has app=web"]


def test_the_fewest_edits_and_then_the_most_pods() -> None:
    found = words(
        {"app": "frontend"},
        labelled("a", app="frontedn"),
        labelled("b", app="frontends"),
        labelled("c", app="frontends"),
    )
    assert found[0] == "2 pods have app=frontends"


def test_a_guess_carries_the_selector_that_would_match() -> None:
    (hint,) = hints(facts([service(selector={"app": "web"}), labelled("a", app="wbe")]))
    assert hint.selector == {"app": "wbe"}


def test_pods_that_are_done_or_going_are_no_guess() -> None:
    done = pod("a", labels={"app": "wbe"}, phase="Succeeded")
    going = pod("b", labels={"app": "wbe"}, metadata={"deletionTimestamp": "2026-01-15T12:00:30Z"})
    assert words({"app": "web"}, done, going) == []


def test_silence_where_nothing_is_shared() -> None:
    assert words({"app": "web"}, labelled("a", app="orders"), labelled("b", team="x")) == []
    assert words({"app": "web"}) == []
