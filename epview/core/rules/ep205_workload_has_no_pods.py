"""The workload behind the Service has no pods.

# What it means
The selector is right: the pod template of a workload carries its labels. But the workload has no pod, so
there is no endpoint and connections are refused (info where it is scaled to zero and another manager's
EndpointSlices serve instead).

# Why it happens
It was scaled to zero, by hand, by an autoscaler or by a nightly job; a DaemonSet finds no node; or the
pods cannot be created at all: a quota, an admission webhook, a missing service account.

# How to see it yourself
`kubectl get deployments,statefulsets,daemonsets -n NAMESPACE` and
`kubectl describe replicaset -n NAMESPACE`: "FailedCreate".

# What to do
Scale it up, or remove what forbids its pods.

# References
Kubernetes documentation: Debug Services, "Does the Service have any endpoints?"; Deployments, "Failed
Deployment": ReplicaFailure.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core import manual
from epview.core.facts import Facts, ref
from epview.core.objects import DaemonSet, Event, Workload
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.templates import without_pods
from epview.core.view import Finding, Severity
from epview.core.workloads import RESOURCES

PATIENCE = 30
"""Seconds the workload controllers get for a first pod."""


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods(planned=True) or facts.matching:
        return
    found = without_pods(facts)
    if not found:
        facts.need(*RESOURCES)
        return
    workload = max(found, key=lambda w: (w.wanted > 0, w.key.name == facts.key.name))
    failure = _failure(facts, workload)
    young = not facts.moment.older(workload.metadata.creation_timestamp, PATIENCE)
    missed = Severity.ERROR if workload.wanted and (failure or not young) else Severity.WARNING
    yield RULE.find(
        Severity.INFO if manual.carried_by(facts) and not workload.wanted else missed,
        _words(workload, failure),
        evidence=[
            (ref(workload), *_wish(workload)),
            (ref(workload), "spec.template.metadata.labels", "carry the selector"),
            *([(ref(workload), *failure)] if failure else []),
        ],
        remedy=_remedy(workload),
        objects=[ref(workload)],
    )


def _failure(facts: Facts, workload: Workload) -> tuple[str, str] | None:
    """Why it cannot create pods: its condition, else the newest event about it or one of its revisions."""
    if not workload.wanted:
        return None
    for condition in workload.status.conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            return "status.conditions[ReplicaFailure].message", condition.message or condition.reason
    concerned = [workload, *facts.world.workloads.revisions(workload)]
    events = [
        e for w in concerned for e in facts.world.events_of(w.metadata.uid) if e.reason == "FailedCreate"
    ]
    newest: Event | None = max(events, key=lambda e: (str(e.last_seen), e.metadata.name), default=None)
    return ("Event FailedCreate", newest.message) if newest else None


def _words(workload: Workload, failure: tuple[str, str] | None) -> str:
    name = f"{workload.kind} {workload.key.name}"
    if isinstance(workload, DaemonSet) and not workload.wanted:
        return f"{name} finds no node to run on"
    if not workload.wanted:
        return f"{name} is scaled to 0"
    wants = f"{workload.wanted} pod{'' if workload.wanted == 1 else 's'}"
    if failure:
        return f"{name} cannot create its {wants}: {failure[1]}"
    paused = " and is paused" if workload.spec.paused else ""
    return f"{name} wants {wants}, has none{paused}"


def _wish(workload: Workload) -> tuple[str, str]:
    if isinstance(workload, DaemonSet):
        return "status.desiredNumberScheduled", str(workload.wanted)
    return "spec.replicas", str(workload.wanted)


def _remedy(workload: Workload) -> list[str]:
    name, namespace = quote(workload.key.name), quote(workload.key.namespace)
    kind = workload.kind.lower()
    look = describe(kind, workload.key)
    if workload.wanted or isinstance(workload, DaemonSet):
        return [look]
    return [f"kubectl scale {kind} {name} -n {namespace} --replicas=1", look]


RULE = Rule("EP205", "Workload has no pods", (8, 0), judge, folds=frozenset({"EP801"}))
