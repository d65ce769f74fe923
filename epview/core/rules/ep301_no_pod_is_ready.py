"""None of the matching pods is ready.

# What it means
Pods match the selector, but none has the condition Ready=True. All their addresses stand under
notReadyAddresses (or nowhere), and kube-proxy refuses connections to the Service. Pods that terminate
and still serve carry traffic as long as no ready one exists.

# Why it happens
The finding above it tells: a probe that fails, a container that does not run, a pod without a node.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR` (column READY) and `kubectl get endpoints SERVICE -o yaml`

# What to do
Mend the cause.

# References
Kubernetes documentation: Debug Services, "Are the Pods working?".
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts, ref
from epview.core.ports import blocked
from epview.core.remedies import get_pods
from epview.core.rule import Rule
from epview.core.trouble import causes, patient
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    if not facts.active or facts.ready or facts.service.spec.publish_not_ready_addresses or blocked(facts):
        return
    count = len(facts.active)
    serving = [pod for pod in facts.terminating if pod.ready and pod.ips]
    still = f"; {len(serving)} terminating still serve{'s' if len(serving) == 1 else ''}" if serving else ""
    none = (
        "the only matching pod is not ready" if count == 1 else f"none of the {count} matching pods is ready"
    )
    yield RULE.find(
        Severity.WARNING if patient(facts) else Severity.ERROR,
        none + still,
        evidence=[
            (ref(pod), "status.conditions[Ready]", _words(facts, i))
            for i, pod in enumerate(facts.active[:10])
        ],
        remedy=[get_pods(facts.key.namespace, facts.selector)],
        objects=[ref(pod) for pod in facts.active],
    )


def _words(facts: Facts, index: int) -> str:
    pod = facts.active[index]
    condition = pod.condition("Ready")
    if condition is None:
        return "missing"
    since = condition.last_transition_time
    first = next(iter(causes(facts).get(pod.key, ())), None)
    parts = [condition.status, f"since {since.isoformat()}" if since else "", first.words if first else ""]
    return ", ".join(part for part in parts if part)


RULE = Rule("EP301", "No matching pod is ready", (14, 0), judge)
