"""A readiness probe looks at another port.

# What it means
The readiness probe fails, and the port it asks is none that its container declares, nor one that the
Service sends to. A port's name is looked up in the probe's own container alone: a name that is not
there can never pass. A number may well be right although nobody declares it, so that one is only likely.

# Why it happens
The application moved to another port and the probe stayed behind, a typo, or the name belongs to
another container of the pod.

# How to see it yourself
`kubectl get pod POD -n NAMESPACE -o yaml`: readinessProbe beside ports of the same container

# What to do
Let the probe ask the port on which the container listens, best by its name.

# References
Kubernetes documentation: Liveness, readiness and startup probes; pkg/probe, resolving a container's port.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.cause import Cause, CauseKind
from epview.core.facts import Facts, ref
from epview.core.objects import Pod
from epview.core.probeports import misnamed, other_port
from epview.core.remedies import describe, logs
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.plans("pods"):
        yield from _planned(facts) if facts.selects_pods(planned=True) else ()
        return
    affected = trouble.of_kind(facts, CauseKind.PROBE_PORT)
    if not affected:
        return
    pod, cause = affected[0]
    remedy = [describe("pod", pod.key), logs(pod, cause.container)]
    more = _ports(facts, pod, cause)
    yield trouble.finding(RULE, facts, affected, cause.words, remedy, more=more)


def _planned(facts: Facts) -> Iterator[Finding]:
    """In manifests: a name that is not there will never pass; an undeclared number probably will not."""
    affected = [
        (pod, container, cause)
        for pod in facts.active
        for container, _ in pod.probed
        for cause in other_port(facts, pod, container, None)
    ]
    if not affected:
        return
    pod, _, cause = affected[0]
    sure = all(misnamed(container) for _, container, _ in affected)
    yield RULE.find(
        Severity.ERROR if sure and len(affected) == len(facts.active) else Severity.WARNING,
        cause.words,
        evidence=[*((ref(p), c.field, c.value) for p, _, c in affected[:10]), *_ports(facts, pod, cause)],
        objects=list(dict.fromkeys(ref(p) for p, _, _ in affected)),
    )


def _ports(facts: Facts, pod: Pod, cause: Cause) -> Iterator[tuple[str, str, str]]:
    """What is there instead."""
    for container, _ in pod.probed:
        if container.name == cause.container:
            declared = ", ".join(f"{p.name or 'unnamed'} {p.container_port}" for p in container.ports)
            yield (ref(pod), f"spec.containers[{container.name}].ports", declared or "none")
    targets = ", ".join(str(port.target) for port in facts.service.spec.ports)
    yield (f"Service/{facts.key}", "spec.ports[].targetPort", targets)


RULE = Rule(
    "EP405",
    "Probe looks at another port",
    (CAUSES, 8),
    judge,
    folds=frozenset({"EP301", "EP302", "EP303", "EP801"}),
    cause="probe on another port",
)
