"""A rollout is in progress.

# What it means
Pods of two revisions of one workload stand behind the Service: old ones go while new ones come.
Connections reach both for the time being.

# Why it happens
A new image or setting was applied, or a rollout was paused or stands still half-way. Canaries that are
meant to stay look the same.

# How to see it yourself
`kubectl rollout status deployment NAME -n NAMESPACE`

# What to do
Usually wait. If it stands still, look at the new pods: epview lists them with what keeps them back.

# References
Kubernetes documentation: Deployments, "Rolling update"; StatefulSets, "Update strategies".
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import Final

from epview.core.facts import Facts
from epview.core.objects import Pod
from epview.core.roots import Root, revisions, youngest
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

SETTLED: Final = 1800.0
"""Seconds after which two revisions side by side are no rollout any more."""


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    for root, pods in facts.roots.items():
        found = revisions(pods)
        if len(found) > 1:
            yield _rollout(facts, root, found)


def _rollout(facts: Facts, root: Root, found: list[tuple[str, list[Pod]]]) -> Finding:
    new = found[-1][1]
    old = [pod for _, pods in found[:-1] for pod in pods]
    ready = sum(pod.ready for pod in new)
    if facts.moment.older(youngest(new), SETTLED):
        words = f"{len(found)} revisions of {root} side by side: {len(new)} new, {len(old)} old"
    else:
        words = f"rollout of {root}: {ready} of {len(new)} new pods ready, {len(old)} old left"
    remedy = f"kubectl rollout status {root.kind.lower()} {quote(root.name)} -n {quote(facts.key.namespace)}"
    return RULE.find(
        Severity.INFO,
        words,
        evidence=[
            (
                root.ref(facts.key.namespace),
                f"pods of revision {revision}",
                f"{sum(pod.ready for pod in pods)} of {len(pods)} ready",
            )
            for revision, pods in found
        ],
        remedy=[remedy] if root.kind in ("Deployment", "StatefulSet", "DaemonSet") else [],
        objects=[root.ref(facts.key.namespace)],
    )


RULE = Rule("EP903", "Rollout in progress", (21, 0), judge, folds=frozenset({"EP308"}))
