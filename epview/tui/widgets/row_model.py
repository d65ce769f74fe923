"""The rows of a table in order: filtered, sorted, found by key. Pure; knows no screen."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")


class Falling:
    """Wraps a sort key so that it sorts the other way round."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: Falling) -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Falling) and bool(other.key == self.key)

    __hash__ = None  # type: ignore[assignment]


_MANY: Final = 4  # from a quarter of the rows on, sorting anew is cheaper than moving each


class RowModel(Generic[K, R]):
    """An ordered view of ``rows``. A few changes cost O(log n) each, not a sort of all.

    ``sort`` gives a key that compares among all rows; ties are settled by the row's key, which makes
    the order total. ``test`` keeps the rows that are to be seen.
    """

    def __init__(self, sort: Callable[[R], Any], test: Callable[[R], bool] | None = None) -> None:
        self.rows: Mapping[K, R] = {}
        self._sort = sort
        self._test = test
        self._entries: dict[K, tuple[Any, K]] = {}
        self._order: list[tuple[Any, K]] = []

    def __len__(self) -> int:
        return len(self._order)

    def load(self, rows: Mapping[K, R], changed: Iterable[K] | None = None) -> None:
        """Take new rows; ``changed`` names all keys that differ from before, None for perhaps all."""
        self.rows = rows
        keys = None if changed is None else list(changed)
        if keys is None or len(keys) * _MANY > len(rows):
            self.rebuild()
            return
        for key in keys:
            self._remove(key)
            if key in rows:
                self._insert(key, rows[key])

    def arrange(self, sort: Callable[[R], Any], test: Callable[[R], bool] | None) -> None:
        """Sort and filter differently."""
        self._sort = sort
        self._test = test
        self.rebuild()

    def rebuild(self) -> None:
        sort, test = self._sort, self._test
        self._order = sorted((sort(row), key) for key, row in self.rows.items() if test is None or test(row))
        self._entries = {entry[1]: entry for entry in self._order}

    def _remove(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            del self._order[bisect_left(self._order, entry)]

    def _insert(self, key: K, row: R) -> None:
        if self._test is None or self._test(row):
            entry = self._entries[key] = (self._sort(row), key)
            insort(self._order, entry)

    def position(self, key: K | None) -> int | None:
        """Where the row stands, None where it is not to be seen."""
        entry = None if key is None else self._entries.get(key)
        return None if entry is None else bisect_left(self._order, entry)

    def key_at(self, position: int) -> K:
        return self._order[position][1]

    def row_at(self, position: int) -> R:
        return self.rows[self._order[position][1]]

    def keys(self) -> list[K]:
        return [key for _, key in self._order]

    def seen(self) -> Iterable[R]:
        """The rows that pass the test, in order."""
        return (self.rows[key] for _, key in self._order)
