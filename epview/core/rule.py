"""The machinery of the rules: what a rule is, how verdicts are reached, ordered and folded.

A rule judges one Service from its `Facts` and yields findings; yielding none is *clear*; needing a
resource that cannot be seen is *unknown*. Rules never know one another: what a finding explains is
declared (`folds`), and the machinery folds the consequences under their cause.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

import msgspec

from epview.core.facts import BlindError, Facts
from epview.core.moment import Moment
from epview.core.objects import Key
from epview.core.view import Evidence, Finding, Health, Severity
from epview.core.world import World

Judge = Callable[[Facts], Iterator[Finding]]
Survey = Callable[[World, Moment, Mapping[Key, datetime]], Iterator[Finding]]
"""Asks the world at a moment; the mapping tells since when a Service that was seen before is gone."""

CAUSES = 13
"""Rank of the causes of not-ready pods: among these the one with most pods leads."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue.

    ``rank`` orders headlines, smallest first: (place in the order, place among its peers); a finding may
    bear another one, for instance as a mere info. ``cause`` is what a cause of rank `CAUSES` is called
    where several share a Service. ``folds`` are the rules whose findings become details under this one.
    ``survey`` finds what belongs to no Service.
    """

    id: str
    title: str
    rank: tuple[int, int]
    judge: Judge
    folds: frozenset[str] = frozenset()
    cause: str = ""
    survey: Survey | None = None
    doc: str = field(default="", repr=False)

    def find(
        self,
        severity: Severity,
        message: str,
        *,
        evidence: Iterable[tuple[str, str, str]] = (),
        remedy: Iterable[str] = (),
        objects: Iterable[str] = (),
        in_progress: bool = False,
        until: datetime | None = None,
        rank: tuple[int, int] | None = None,
    ) -> Finding:
        return Finding(
            rule=self.id,
            severity=severity,
            message=message,
            evidence=tuple(Evidence(object=o, field=f, value=v) for o, f, v in evidence),
            remedy=tuple(remedy),
            objects=tuple(objects),
            in_progress=in_progress,
            until=until,
            rank=rank,
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rules over one Service: findings in order, the headline, and what could not be judged."""

    findings: tuple[Finding, ...]
    headline: Finding | None
    unknown: tuple[str, ...]
    blind: tuple[str, ...]

    @property
    def health(self) -> Health:
        """The worst unfolded finding; UNKNOWN when nothing is known to be wrong but a verdict is missing."""
        open_ = [f.severity for f in self.findings if not f.folded]
        worst = min(open_, key=lambda s: s.rank, default=None)
        if worst in (Severity.ERROR, Severity.WARNING):
            return Health(worst)
        if self.blind:
            return Health.UNKNOWN
        return Health(worst) if worst else Health.OK


@cache
def catalogue() -> dict[str, Rule]:
    """Every rule by id, found in `epview.core.rules`: one module is one rule, named after its id."""
    package = importlib.import_module("epview.core.rules")
    rules = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        rule: Rule = module.RULE
        rules[rule.id] = _with_doc(rule, inspect.getdoc(module) or "")
    return rules


def _with_doc(rule: Rule, doc: str) -> Rule:
    """The rule with its module's docstring: its page."""
    return replace(rule, doc=doc)


def _asked(only: Container[str] | None) -> Iterator[Rule]:
    """The rules that count: those with an id in ``only``, or all."""
    return (rule for rule in catalogue().values() if only is None or rule.id in only)


def survey(
    world: World, moment: Moment, gone: Mapping[Key, datetime], only: Container[str] | None = None
) -> tuple[Finding, ...]:
    """What the rules (``only`` these, by id) find that belongs to no Service."""
    rules = [rule.survey for rule in _asked(only) if rule.survey]
    return tuple(finding for ask in rules for finding in ask(world, moment, gone))


def judge(facts: Facts, only: Container[str] | None = None) -> Judgement:
    """Ask every rule (or ``only`` these, by id); order and fold what they found.

    A rule that is not asked neither finds, nor folds, nor is unknown.
    """
    found: list[Finding] = []
    unknown: list[str] = []
    blind: dict[str, None] = {}
    for rule in _asked(only):
        try:
            found.extend(rule.judge(facts))
        except BlindError as missing:
            unknown.append(rule.id)
            if not missing.partly:
                blind[missing.resource] = None
        except Exception as defect:  # one rule's defect must not blind all the others, nor pass for clear
            unknown.append(rule.id)
            blind[f"rule {rule.id} ({type(defect).__name__})"] = None
    findings = _fold(found)
    return Judgement(findings, _headline(findings, len(facts.active)), tuple(unknown), tuple(blind))


def _fold(found: list[Finding]) -> tuple[Finding, ...]:
    """Root cause first; what a raised finding explains is marked as folded and goes to the end."""
    marked = (
        msgspec.structs.replace(finding, folded=True)
        if any(_explains(other, finding) for other in found)
        else finding
        for finding in found
    )
    return tuple(sorted(marked, key=_order))


def _explains(cause: Finding, finding: Finding) -> bool:
    """Declared; but a lesser variant explains nothing that stands before it, nor one cause another's pods.

    And what passes by itself does not cover up what is worse: that has another cause as well.
    """
    if finding.rule not in catalogue()[cause.rule].folds:
        return False
    if cause.rank is not None and _rank(cause) > _rank(finding):
        return False
    if _rank(cause)[0] == _rank(finding)[0] == CAUSES and not set(finding.objects) <= set(cause.objects):
        return False
    return not cause.in_progress or cause.severity.rank <= finding.severity.rank


def _order(finding: Finding) -> tuple[object, ...]:
    """Unfolded first, then by place; a mere info never stands before what the row's severity comes from."""
    place, peer = _rank(finding)
    weight = (finding.in_progress, -len(finding.objects)) if place == CAUSES else (False, 0)
    return (finding.folded, finding.severity is Severity.INFO, place, weight, peer, finding.objects)


def _rank(finding: Finding) -> tuple[int, int]:
    return finding.rank or catalogue()[finding.rule].rank


def _headline(findings: tuple[Finding, ...], pods: int) -> Finding | None:
    """The first finding; where several causes share the pods, its message counts them."""
    if not findings or findings[0].folded:
        return None
    first = findings[0]
    rules = catalogue()
    causes = [f for f in findings if not f.folded and _rank(f)[0] == CAUSES and rules[f.rule].cause]
    if _rank(first)[0] != CAUSES or len({f.rule for f in causes}) < 2:
        return first
    shares = ", ".join(f"{len(f.objects)} of {pods}: {rules[f.rule].cause}" for f in causes)
    return msgspec.structs.replace(first, message=shares)
