"""Pods of the Service are terminating.

# What it means
A pod that is being deleted leaves Endpoints at once. In the EndpointSlices it stays, marked
terminating, and serving as long as its readiness probe succeeds; kube-proxy uses such endpoints only
while there is no ready one. Worth a warning is a pod long past its grace period, and that nobody is left
who serves.

# Why it happens
A rollout, a scale-down, an eviction. Long past its grace period something holds the pod back.

# How to see it yourself
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o yaml`

# What to do
Nothing in its grace period. A stuck pod mostly waits for a finalizer or for its node.

# References
Kubernetes documentation: Termination of Pods; EndpointSlices, conditions.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts, ref
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    if not facts.terminating:
        return
    stuck = facts.stuck
    count = len(facts.terminating)
    serving = sum(1 for pod in facts.terminating if pod.ready)
    words = f"{count} pod{'s' if count > 1 else ''} terminating" + (
        f", {serving} still serving" if serving else ""
    )
    alone = "" if facts.active else ", and no other pod matches"
    silent = bool(alone) and not serving  # nobody is left who answers
    pod = (stuck or facts.terminating)[0]
    yield RULE.find(
        Severity.WARNING if stuck or silent else Severity.INFO,
        (f"{len(stuck)} terminating pod{'s are' if len(stuck) > 1 else ' is'} stuck" if stuck else words)
        + alone,
        evidence=[
            (ref(p), "metadata.deletionTimestamp", p.metadata.deletion_timestamp.isoformat())
            for p in facts.terminating[:5]
            if p.metadata.deletion_timestamp
        ]
        + [
            (ref(p), "metadata.finalizers", ", ".join(p.metadata.finalizers))
            for p in stuck
            if p.metadata.finalizers
        ],
        remedy=[describe("pod", pod.key)],
        objects=[ref(p) for p in facts.terminating],
    )


RULE = Rule("EP311", "Terminating pods", (22, 2), judge)
