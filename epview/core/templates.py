"""Workloads whose pod template bears the labels a Service selects, where no living pod bears them."""

from __future__ import annotations

from epview.core.facts import Facts
from epview.core.objects import Workload
from epview.core.roots import Root, root_of


def without_pods(facts: Facts) -> list[Workload]:
    """Those that have no pod at all: nothing is wrong with the selector then."""
    return [workload for workload in _selected(facts) if not _has_pods(facts, workload)]


def with_other_pods(facts: Facts) -> list[Workload]:
    """Those that have pods, of which none bears the labels: they lost them, or are of an older template."""
    return [workload for workload in _selected(facts) if _has_pods(facts, workload)]


def _selected(facts: Facts) -> list[Workload]:
    return list(facts.world.workloads.matching(facts.key.namespace, facts.selector))


def _has_pods(facts: Facts, workload: Workload) -> bool:
    """By its own count, or by what the pods say of their owner, whichever is seen first."""
    if workload.existing:
        return True
    root = Root(workload.kind, workload.key.name)
    groups = facts.world.groups_in(facts.key.namespace)
    return any(root_of(facts.world, pod) == root for group in groups for pod in group.pods.values())
