"""What one `epview check` found, as every output shows it and as the exit code tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from epview.core.objects import BY_RESOURCE, Key
from epview.core.view import Finding, Health, ResourceState, ServiceView, Severity, View
from epview.sources.source import Place

Locate = Callable[[str, Key], Place | None]


def nowhere(_kind: str, _key: Key) -> Place | None:
    """For what stands in no file: a cluster."""
    return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A View, the Services of it that were asked for, and what was asked.

    ``fail_on`` is the threshold, None for never. ``place`` tells in which file an object stands.
    """

    view: View
    services: tuple[ServiceView, ...]
    fail_on: Severity | None = Severity.ERROR
    allow_partial: bool = False
    place: Locate = nowhere

    @property
    def gaps(self) -> tuple[ResourceState, ...]:
        """What could not be had whole: required resources, and those that only help some rules.

        Left out are kinds outside namespaces that only help: a Role cannot allow them.
        """
        return tuple(
            state
            for state in self.view.states
            if state.missing and (BY_RESOURCE[state.resource].namespaced or self.needs(state))
        )

    def needs(self, state: ResourceState) -> bool:
        """Without it the verdicts are incomplete: it is required, or a Service was left in the dark."""
        wanted = {resource for service in self.services for resource in service.gaps}
        return BY_RESOURCE[state.resource].required or state.resource in wanted

    @property
    def complete(self) -> bool:
        """All that decides reachability was there."""
        return not any(self.needs(state) for state in self.gaps)

    @property
    def incomplete(self) -> bool:
        """Something could not be had, and the user did not agree to judge by the rest."""
        return not self.complete and not self.allow_partial

    @property
    def failed(self) -> bool:
        """Something is at or above the threshold."""
        return any(self.counts(finding) for _, finding in self.open_findings())

    def counts(self, finding: Finding) -> bool:
        """Whether the finding makes the check fail."""
        return self.fail_on is not None and not finding.folded and finding.severity.rank <= self.fail_on.rank

    def open_findings(self) -> Iterator[tuple[ServiceView | None, Finding]]:
        """Every finding that is not folded, with its Service; last those that belong to none."""
        for service in self.services:
            yield from ((service, finding) for finding in service.findings if not finding.folded)
        yield from ((None, finding) for finding in self.view.findings)

    def summary(self) -> dict[str, int]:
        """How many Services there are, in all and by health."""
        counted = dict.fromkeys(("services", *(health.value for health in _SUMMARY)), 0)
        for service in self.services:
            counted["services"] += 1
            counted[service.health.value] += 1
        return counted


_SUMMARY = (Health.ERROR, Health.WARNING, Health.INFO, Health.OK, Health.UNKNOWN)


def summary_words(outcome: Outcome) -> str:
    """``35 Services: 10 error, 25 ok``"""
    counts = outcome.summary()
    parts = [f"{counts[health.value]} {health.value}" for health in Health if counts[health.value]]
    total = counts["services"]
    return f"{total} Service{'' if total == 1 else 's'}" + (f": {', '.join(parts)}" if parts else "")


def gap_words(state: ResourceState) -> str:
    """``not seen: events in shop (forbidden) …``"""
    where = f" in {state.namespace}" if state.namespace else ""
    return f"not seen: {state.resource}{where} ({state.phase.value}) {state.message}".rstrip()


def why(view: ServiceView) -> str:
    """The headline of a Service; else what could not be seen of it, or what it is an alias of."""
    if view.headline is not None:
        return f"{view.headline.rule} {view.headline.message}"
    if view.gaps and view.health is Health.UNKNOWN:
        return f"cannot be judged without {', '.join(view.gaps)}"
    if view.gaps:
        return f"({', '.join(view.gaps)} cannot be seen)"
    if view.planned:
        return "nothing wrong in the manifests; readiness shows in a cluster"
    return f"→ {view.external_name}" if view.external_name else ""


def ready_words(view: ServiceView) -> str:
    """``2/3``, or ``-`` where nothing could be ready."""
    if view.planned or not (view.backends or view.selector):
        return "-"
    return f"{view.ready}/{view.ready + view.not_ready or view.terminating}"


def subject(service: ServiceView | None, finding: Finding) -> tuple[str, Key]:
    """Whom the finding is about, as (kind, key): its Service, else the first object it names."""
    if service is not None:
        return "Service", service.key
    kind, namespace, name = finding.objects[0].split("/", 2)
    return kind, Key(namespace, name)


def subject_words(finding: Finding, service: ServiceView | None = None) -> str:
    """``Service/shop/web``"""
    kind, key = subject(service, finding)
    return f"{kind}/{key}"
