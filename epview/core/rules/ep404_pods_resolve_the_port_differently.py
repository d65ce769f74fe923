"""The pods resolve a named targetPort differently.

# What it means
Some pods declare the named port and others do not (warning: a ready pod without it gets no traffic,
though the EndpointSlices list it), or the name stands for different numbers in different pods (info:
legal, and each number gets a subset and a slice of its own).

# Why it happens
A rollout that renames or renumbers a port, or a selector that matches two kinds of pods.

# How to see it yourself
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o yaml`

# What to do
Align the pod templates.

# References
Kubernetes documentation: EndpointSlices, distribution.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import ports
from epview.core.facts import Facts, ref
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not ports.named(facts) or not facts.selects_pods(planned=True):
        return
    for port in ports.named(facts):
        numbers = facts.resolved(port)
        without = numbers.get(None, [])
        if len(numbers) < 2:
            continue
        shown = sorted(n for n in numbers if n is not None)
        if without:
            severity = Severity.WARNING
            message = f"{len(without)} of {len(facts.active)} pods have no container port named {port.target}"
        else:
            severity = Severity.INFO
            message = f"port {port.target} means {' and '.join(map(str, shown))} in different pods"
        yield RULE.find(
            severity,
            message,
            evidence=[
                (ref(pod), f"container port {port.target}", "none" if number is None else str(number))
                for number, pods in numbers.items()
                for pod in pods[:3]
            ],
            remedy=[get_slices(facts.key)],
            objects=[ref(pod) for pod in without or facts.active],
        )


RULE = Rule("EP404", "Pods resolve the port differently", (17, 0), judge)
