"""Some of the matching pods are not ready.

# What it means
The Service works, with less behind it than there should be: the addresses of these pods stand under
notReadyAddresses and get no traffic. Pods that have only just started are not counted.

# Why it happens
The finding above it tells: a probe that fails, a container that does not run, a pod without a node.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR` (column READY)

# What to do
Mend the cause before more pods follow.

# References
Kubernetes documentation: Debug Services, "Are the Pods working?".
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts, ref
from epview.core.remedies import get_pods
from epview.core.rule import Rule
from epview.core.trouble import starting
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    if not facts.ready:
        return
    late = [pod for pod in facts.not_ready if not starting(facts, pod)]
    if not late:
        return
    yield RULE.find(
        Severity.WARNING,
        f"{len(late)} of {len(facts.active)} pods {'is' if len(late) == 1 else 'are'} not ready",
        evidence=[(ref(pod), "status.conditions[Ready]", "False") for pod in late[:10]],
        remedy=[get_pods(facts.key.namespace, facts.selector)],
        objects=[ref(pod) for pod in late],
    )


RULE = Rule("EP302", "Some pods are not ready", (14, 1), judge)
