"""What a selector that matches nothing probably meant (rule EP201)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from epview.core.facts import Facts
from epview.core.nearness import Miss, compare, distance
from epview.core.remedies import pairs
from epview.core.roots import root_of
from epview.core.templates import with_other_pods

MOST: Final = 3
MAX_GROUPS: Final = 2000


class Hint(Struct, frozen=True):
    """One guess: its ``words``, the object it speaks of, and the selector that would match, if any."""

    words: str
    object: str
    selector: dict[str, str] | None = None


def hints(facts: Facts) -> list[Hint]:
    """At most three guesses, the likeliest first; empty when nothing comes near."""
    ranked = sorted(_candidates(facts), key=lambda candidate: candidate[0])
    return [hint for _, hint in ranked[:MOST]]


def _candidates(facts: Facts) -> Iterator[tuple[tuple[int, int, int, str], Hint]]:
    namespace, selector = facts.key.namespace, facts.selector
    misses: Counter[tuple[Miss, ...]] = Counter()
    makers: dict[tuple[Miss, ...], str] = {}
    for group in islice(facts.world.groups_in(namespace), MAX_GROUPS):
        count = sum(1 for pod in group.pods.values() if not pod.finished and not pod.terminating)
        found = compare(selector, group.labels)
        if count and found.plausible and found.misses:
            misses[found.misses] += count
            if facts.plans("pods"):
                makers[found.misses] = str(root_of(facts.world, next(iter(group.pods.values()))))
    for missed, count in misses.items():
        equal = len(selector) - len(missed)
        if len(missed) == 1:
            place = 1 if missed[0].found and missed[0].close else 2 if missed[0].other_key else 3
            if place == 3 and not equal:
                continue
        elif all(miss.close for miss in missed):
            place = 2
        else:
            continue
        edits = sum(distance(miss.wanted, miss.found) for miss in missed if miss.found)
        hint = Hint(
            _words(missed, count, makers.get(missed, "")),
            f"Namespace/{namespace}",
            _corrected(selector, missed),
        )
        yield (place, edits, -count, hint.words), hint
    elsewhere = Counter(_elsewhere(facts))
    for other, count in elsewhere.items():
        words = f"{_pods(count)} in namespace {other} {_have(count)} {pairs(selector)}"
        yield (4, 0, -count, words), Hint(words, f"Namespace/{other}")
    for workload in with_other_pods(facts):
        words = f"the template of {workload.kind} {workload.key.name} matches, its pods do not"
        yield (7, 0, 0, words), Hint(words, f"{workload.kind}/{workload.key}")


def _elsewhere(facts: Facts) -> Iterator[str]:
    if not facts.world.sees("pods"):  # all namespaces, or it would speak for those it cannot see
        return
    for namespace, group in facts.world.namespaces_matching(facts.selector):
        if namespace != facts.key.namespace:
            yield from (namespace for pod in group.pods.values() if not pod.finished)


def _words(missed: tuple[Miss, ...], count: int, maker: str) -> str:
    """``3 pods have app=cart``: what the near pods carry instead; in manifests their ``maker`` is named."""
    parts = []
    for miss in missed:
        if miss.other_key:
            parts.append(f"{miss.other_key}={miss.wanted}")
        elif miss.found:
            parts.append(f"{miss.key}={miss.found}")
        else:
            parts.append(f"no label {miss.key}")
    close = all(miss.close for miss in missed)
    rest = "" if close else " and match otherwise"
    who = f"{maker} makes pods with" if maker else f"{_pods(count)} {_have(count)}"
    return f"{who} {' and '.join(parts)}{rest}"


def _corrected(selector: dict[str, str], missed: tuple[Miss, ...]) -> dict[str, str]:
    fixed = dict(selector)
    for miss in missed:
        del fixed[miss.key]
        if miss.other_key:
            fixed[miss.other_key] = miss.wanted
        elif miss.found:
            fixed[miss.key] = miss.found
    return fixed


def _pods(count: int) -> str:
    return f"{count} pod{'' if count == 1 else 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
