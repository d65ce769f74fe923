"""A readiness probe fails.

# What it means
The container runs, but its readiness probe does not succeed, so the kubelet keeps the pod's Ready
condition False and the controllers keep its address under notReadyAddresses: no traffic.

# Why it happens
The application is not well (5xx), listens elsewhere (connection refused), is too slow for the time-out
(1 second by default), or the probe asks the wrong path or port.

# How to see it yourself
`kubectl describe pod POD -n NAMESPACE` shows the probe and its last failures;
`kubectl logs POD -n NAMESPACE -c CONTAINER` what the application thinks of it.

# What to do
Mend what the probe reports, or the probe itself. Events repeat by exact message, are rate limited and
expire after an hour: no event does not mean no failure.

# References
Kubernetes documentation: Liveness, readiness and startup probes; pkg/kubelet/prober.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import probes, trouble
from epview.core.cause import Cause, CauseKind
from epview.core.facts import Facts, ref
from epview.core.objects import Pod
from epview.core.remedies import describe, logs
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding
from epview.core.words import span


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.READINESS)
    if not affected:
        return
    pod, cause = _loudest(affected)
    remedy = [logs(pod, cause.container), describe("pod", pod.key)]
    yield trouble.finding(RULE, facts, affected, _words(facts, cause), remedy, more=_advice(pod, cause))


def _loudest(affected: list[tuple[Pod, Cause]]) -> tuple[Pod, Cause]:
    """The one whose failure was seen last: it speaks for the others."""
    return max(
        affected,
        key=lambda pc: pc[1].probe.last_seen.timestamp() if pc[1].probe and pc[1].probe.last_seen else 0.0,
    )


def _words(facts: Facts, cause: Cause) -> str:
    probe = cause.probe
    if probe is None or not probe.message:
        why = "no event tells why" if facts.sees("events") else "events cannot be seen"
        return f"readiness of container {cause.container} does not pass ({why})"
    often = f" ({probe.count}× in {span(probe.first_seen, probe.last_seen)})" if probe.count > 1 else ""
    return f"readiness of container {cause.container} {probes.summary(probe.message)}{often}"


def _advice(pod: Pod, cause: Cause) -> list[tuple[str, str, str]]:
    container = next((c for c, _ in pod.probed if c.name == cause.container), None)
    message = cause.probe.message if cause.probe else ""
    words = probes.advice(message, container.readiness_probe if container else None)
    return [(ref(pod), "that means", words)] if words else []


RULE = Rule(
    "EP303",
    "Readiness probe fails",
    (CAUSES, 9),
    judge,
    folds=frozenset({"EP301", "EP302", "EP801"}),
    cause="readiness probe",
)
