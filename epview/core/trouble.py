"""The causes of a Service's not-ready pods, shared by the rules that speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from epview.core.cause import Cause, CauseKind
from epview.core.causes import causes_of
from epview.core.facts import Facts, ref
from epview.core.objects import Key, Pod
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def causes(facts: Facts) -> dict[Key, tuple[Cause, ...]]:
    """Of each active pod that is not ready: its causes, the explaining ones first."""
    if facts.causes is None:
        facts.causes = {pod.key: causes_of(facts, pod) for pod in facts.not_ready}
    return facts.causes


def starting(facts: Facts, pod: Pod) -> bool:
    """The pod only just started, or it is a rollout's new one: all that can be said of it will pass."""
    found = causes(facts)[pod.key]
    if not found or not all(cause.in_progress for cause in found):
        return False
    return all(cause.kind is CauseKind.STARTING for cause in found) or pod.key in facts.rolling_out


def patient(facts: Facts) -> bool:
    """Every not-ready pod has a cause that is expected to pass by itself."""
    found = causes(facts)
    return bool(found) and all(c and all(cause.in_progress for cause in c) for c in found.values())


def of_kind(facts: Facts, *kinds: CauseKind) -> list[tuple[Pod, Cause]]:
    """The pods that show a cause of these kinds, with the first such cause, by name.

    None for a Service that selects no pods. Raises `BlindError` where pods cannot be seen.
    """
    if not facts.selects_pods():
        return []
    found = causes(facts)
    return [
        (pod, cause)
        for pod in facts.not_ready
        if (cause := next((c for c in found[pod.key] if c.kind in kinds), None)) is not None
    ]


def in_progress(affected: list[tuple[Pod, Cause]]) -> bool:
    """All of it is expected to pass by itself."""
    return all(cause.in_progress for _, cause in affected)


def severity(facts: Facts, affected: list[tuple[Pod, Cause]]) -> Severity:
    """Error when no pod is left that is ready, unless all of it is in progress; else warning.

    Only info while pods do no more than start beside others that serve.
    """
    if facts.ready and all(starting(facts, pod) for pod, _ in affected):
        return Severity.INFO
    return Severity.WARNING if facts.ready or in_progress(affected) else Severity.ERROR


def sentence(facts: Facts, affected: list[tuple[Pod, Cause]], words: str) -> str:
    """``words``, with "1 of 3 not ready: " before it where it does not concern all pods."""
    count, total = len(affected), len(facts.active)
    if count < total:
        return f"{count} of {total} not ready: {words}"
    return words


def evidence(facts: Facts, affected: list[tuple[Pod, Cause]]) -> Iterator[tuple[str, str, str]]:
    """For each pod the fact its cause rests on, and the probe's last words."""
    for pod, cause in affected[:10]:
        yield (ref(pod), cause.field, cause.value)
        probe = cause.probe
        if probe is None:
            continue
        if probe.message:
            seen = f", last {probe.last_seen.isoformat()}" if probe.last_seen else ""
            yield (ref(pod), "Event Unhealthy", f"{probe.message} ({probe.count}×{seen})")
        else:
            yield (ref(pod), "Event Unhealthy", no_event(facts))


def no_event(facts: Facts) -> str:
    """Why there is no event to show, without claiming that there was none."""
    return "none there: they expire after an hour" if facts.sees("events") else "events cannot be seen"


def finding(
    rule: Rule,
    facts: Facts,
    affected: list[tuple[Pod, Cause]],
    words: str,
    remedy: Iterable[str],
    *,
    calm: Severity | None = None,
    more: Iterable[tuple[str, str, str]] = (),
    until: datetime | None = None,
) -> Finding:
    """What a rule finds about the pods that one cause keeps from being ready.

    ``calm`` is a severity in place of the usual one, ``more`` is evidence beyond that of the pods.
    """
    return rule.find(
        severity(facts, affected) if calm is None else calm,
        sentence(facts, affected, words),
        evidence=[*evidence(facts, affected), *more],
        remedy=remedy,
        objects=[ref(pod) for pod, _ in affected],
        in_progress=in_progress(affected),
        until=until,
    )
