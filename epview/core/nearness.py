"""How near a miss was: selectors against label sets, names against names.

Distances are Damerau-Levenshtein (a transposition counts 1), capped, so that long strings cost little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

CAP: Final = 3


def distance(left: str, right: str, cap: int = CAP) -> int:
    """Edits between two strings (insert, delete, substitute, swap of neighbours); ``cap`` if more."""
    if left == right:
        return 0
    if abs(len(left) - len(right)) >= cap:
        return cap
    before: list[int] = []
    above = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) >= cap:
            return cap
        before, above = above, row
    return min(above[-1], cap)


def near(left: str, right: str) -> bool:
    """Within two edits (one for names under five characters), or equal but for case and ``_``/``-``."""
    if _folded(left) == _folded(right):
        return True
    return distance(left, right) <= (2 if min(len(left), len(right)) >= 5 else 1)


def _extends(left: str, right: str) -> bool:
    """One is the other with a part added: ``cart`` and ``cart-svc``."""
    short, long = sorted((_folded(left), _folded(right)), key=len)
    return bool(short) and (long.startswith(f"{short}-") or long.endswith(f"-{short}"))


def _folded(text: str) -> str:
    return text.lower().replace("_", "-")


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The nearest candidate that is `near`, ties by name; None when none is."""
    ranked = sorted((distance(name, c), c) for c in set(candidates) if near(name, c))
    return ranked[0][1] if ranked else None


class Miss(Struct, frozen=True):
    """Why a label set does not match a selector, for one key.

    ``found`` is the value under the wanted key (value differs), or ``""``; ``other_key`` is a key
    like the wanted one that carries the wanted value, or ``""``. Both empty: the label is missing.
    """

    key: str
    wanted: str
    found: str = ""
    other_key: str = ""

    @property
    def close(self) -> bool:
        """A slip of the fingers, or a name cut short (cart for cart-svc), not another thing altogether."""
        if self.other_key or not self.found:
            return bool(self.other_key)
        return near(self.wanted, self.found) or _extends(self.wanted, self.found)


class NearMiss(Struct, frozen=True):
    """How a label set differs from a selector: how many pairs are equal, and what is not."""

    equal: int
    misses: tuple[Miss, ...]

    @property
    def plausible(self) -> bool:
        """Worth showing: it shares a pair with the selector, or every difference is a slip."""
        return self.equal > 0 or any(miss.close for miss in self.misses)


def compare(selector: Mapping[str, str], labels: Mapping[str, str]) -> NearMiss:
    """The selector against one label set, key by key."""
    equal = 0
    misses = []
    for key, wanted in selector.items():
        found = labels.get(key)
        if found == wanted:
            equal += 1
        else:
            other = "" if found is not None else _key_like(key, wanted, labels)
            misses.append(Miss(key, wanted, found or "", other))
    return NearMiss(equal, tuple(misses))


def _key_like(key: str, wanted: str, labels: Mapping[str, str]) -> str:
    """A key that reads like the wanted one and carries its value: app for app.kubernetes.io/name."""
    for other, value in sorted(labels.items()):
        if value == wanted and (near(key, other) or _same_idea(key, other)):
            return other
    return ""


_WELL_KNOWN: Final = ({"app", "name", "k8s-app"}, {"component", "tier"}, {"instance", "release"})


def _same_idea(left: str, right: str) -> bool:
    """Same last segment (``app`` and ``example.com/app``), or two customary names for one thing."""
    a, b = (part.rsplit("/", 1)[-1] for part in (left, right))
    return a == b or any(a in names and b in names for names in _WELL_KNOWN)
