"""Unready pods are published on purpose.

# What it means
publishNotReadyAddresses is set: pods that are not ready stand among the ready addresses and get
traffic. That a container does not run at all, or that the node is lost, stands beside it as a fault.

# Why it happens
Right for the headless Service of a StatefulSet, whose members must find each other before they are
ready; seldom right elsewhere.

# How to see it yourself
`kubectl get service SERVICE -o jsonpath='{.spec.publishNotReadyAddresses}'`

# What to do
Unset it where clients use the Service.

# References
Service API: publishNotReadyAddresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core.facts import Facts, ref
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.service.spec.publish_not_ready_addresses or not facts.selects_pods():
        return
    published = [pod for pod in facts.not_ready if pod.ips]
    if not published:
        return
    target = f"{quote(facts.key.name)} -n {quote(facts.key.namespace)}"
    patch = quote('{"spec":{"publishNotReadyAddresses":false}}')
    yield RULE.find(
        Severity.INFO if facts.service.headless else Severity.WARNING,
        f"{len(published)} pods not ready, yet published: they get traffic"
        if len(published) > 1
        else "1 pod not ready, yet published: it gets traffic",
        evidence=[
            (f"Service/{facts.key}", "spec.publishNotReadyAddresses", "true"),
            *((ref(pod), "status.conditions[Ready]", "not True") for pod in published[:5]),
        ],
        remedy=[f"kubectl patch service {target} -p {patch}"],
        objects=[ref(pod) for pod in published],
    )


# what keeps no traffic away from a process that runs becomes a detail; that there is none does not
RULE = Rule(
    "EP103",
    "Unready pods are published on purpose",
    (16, 0),
    judge,
    folds=frozenset({"EP303", "EP304", "EP308", "EP309", "EP405"}),
)
