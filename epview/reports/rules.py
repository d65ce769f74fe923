"""Rules as people name them on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from epview.core.nearness import nearest
from epview.core.rule import Rule, catalogue
from epview.sources.source import SourceError


def named(ids: Iterable[str]) -> list[Rule]:
    """The rules of these ids, in their order; ``EP303,ep402`` names two. Raises `SourceError`."""
    rules = catalogue()
    found = []
    for id_ in (part.strip() for text in ids for part in text.split(",")):
        rule = rules.get(id_.upper())
        if rule is None:
            guess = nearest(id_.upper(), rules)
            hint = f"Did you mean {guess}?" if guess else "`epview explain` lists them."
            raise SourceError(f"There is no rule {id_ or repr(id_)}.", hint, kind="usage")
        found.append(rule)
    return found


def chosen(only: Iterable[str], ignored: Iterable[str]) -> frozenset[str] | None:
    """The ids of the rules that count; None for all.

    Raises `SourceError` for unknown ones, and where none is left.
    """
    wanted, unwanted = {rule.id for rule in named(only)}, {rule.id for rule in named(ignored)}
    if not wanted and not unwanted:
        return None
    left = (wanted or set(catalogue())) - unwanted
    if not left:
        raise SourceError("No rule is left: all that are chosen are ignored.", kind="usage")
    return frozenset(left)


def sorted_rules() -> list[Rule]:
    """All rules by id."""
    return sorted(catalogue().values(), key=lambda rule: rule.id)
