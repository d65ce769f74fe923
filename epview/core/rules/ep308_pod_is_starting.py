"""A pod is starting.

# What it means
The pod has no address yet, its containers are being created, or it runs for too short a time to be
ready. Within its patience that is a remark; past it something holds the start up.

# Why it happens
A rollout, a scale-up, a restart; past its patience a network plug-in without addresses
(FailedCreatePodSandBox), a volume that does not mount (FailedMount), a slow image.

# How to see it yourself
`kubectl get events -n NAMESPACE --field-selector involvedObject.name=POD`

# What to do
Wait; when it is overdue, mend what the latest Warning event says.

# References
Kubernetes documentation: Pod lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.cause import CauseKind
from epview.core.facts import Facts
from epview.core.remedies import get_events
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.STARTING)
    if not affected:
        return
    pod, cause = next((pc for pc in affected if not pc[1].in_progress), affected[0])
    patient = trouble.in_progress(affected)
    calm = Severity.INFO if facts.ready else Severity.WARNING
    words = f"{'pod starts' if patient else 'pod does not get started'}: {cause.words}"
    yield trouble.finding(
        RULE, facts, affected, words, [get_events(pod)], calm=calm if patient else None, until=cause.until
    )


RULE = Rule(
    "EP308",
    "Pod is starting",
    (CAUSES, 10),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="still starting",
)
