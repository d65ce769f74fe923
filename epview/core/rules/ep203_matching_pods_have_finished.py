"""The pods that match have finished.

# What it means
Pods in phase Succeeded or Failed never are endpoints, whatever their conditions say. All pods that
match the selector are such pods (error), or some leftovers stand beside living ones (info).

# Why it happens
The selector matches pods of a Job, which are meant to end; or pods were evicted and their objects
stayed.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR --field-selector=status.phase!=Running`

# What to do
Point the selector at the pods that serve; delete leftovers that only confuse.

# References
Kubernetes documentation: Pod lifecycle, pod phase.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts, ref
from epview.core.remedies import get_pods
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    finished = facts.finished
    if not finished:
        return
    alone = not facts.active and not facts.terminating
    count = len(finished)
    if alone:
        words = (
            "the pod that matches has finished"
            if count == 1
            else f"the {count} pods that match have finished"
        )
    else:
        words = "1 finished pod matches too" if count == 1 else f"{count} finished pods match too"
    reason = finished[0].status.reason or finished[0].status.phase
    yield RULE.find(
        Severity.ERROR if alone else Severity.INFO,
        f"{words} ({reason})",
        evidence=[(ref(p), "status.phase", p.status.phase) for p in finished[:5]],
        remedy=[get_pods(facts.key.namespace, facts.selector)],
        objects=[ref(p) for p in finished],
    )


RULE = Rule("EP203", "Matching pods have finished", (10, 0), judge, folds=frozenset({"EP801"}))
