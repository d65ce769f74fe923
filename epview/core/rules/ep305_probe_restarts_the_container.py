"""A liveness or startup probe keeps restarting the container.

# What it means
The kubelet kills a container whose liveness probe fails, or whose startup probe does not succeed in its
budget, and starts it again. Until it is ready again its pod gets no traffic; each time the kubelet
waits longer before it starts it, up to five minutes. A restart that somebody asked for is not counted.

# Why it happens
The application hangs or is slower than the probe's time-out (1 second by default), needs longer to start
than the probe allows, or the probe asks for something that depends on others (a database, say), so that
the fault of one is answered by restarting all.

# How to see it yourself
`kubectl describe pod POD -n NAMESPACE`: events Killing and Unhealthy, and Restart Count

# What to do
Raise timeoutSeconds or failureThreshold, give slow starters a startupProbe, and let the liveness probe ask
only whether the process itself is stuck.

# References
Kubernetes documentation: Liveness, readiness and startup probes; pkg/kubelet/kuberuntime.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import killed, probes, trouble
from epview.core.cause import Cause, CauseKind
from epview.core.facts import Facts, ref
from epview.core.objects import Pod
from epview.core.remedies import describe, logs
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    explained = trouble.of_kind(facts, CauseKind.KILLED)
    others = [pc for pc in _killed(facts) if pc[0].key not in {pod.key for pod, _ in explained}]
    if explained:
        words = trouble.sentence(facts, explained, explained[0][1].words)
        yield _finding(facts, trouble.severity(facts, explained), words, explained, others)
    elif others:
        yield _finding(facts, Severity.WARNING, _words(facts, others), others, [], rank=(19, 0))
    elif _restarted(facts):
        facts.need("events")


def _killed(facts: Facts) -> list[tuple[Pod, Cause]]:
    """The pods with a container that a probe had killed, with the first such container."""
    found = []
    for pod in facts.active:
        first = next(killed.kills(facts, pod), None)
        if first is not None:
            found.append((pod, killed.cause(pod, *first)))
    return found


def _words(facts: Facts, affected: list[tuple[Pod, Cause]]) -> str:
    """They may be ready just now: which of the pods are meant."""
    pod, cause = affected[0]
    if len(affected) == 1:
        return f"pod {pod.key.name}: {cause.words}" if len(facts.active) > 1 else cause.words
    return f"{len(affected)} of {len(facts.active)} pods: {cause.words}"


def _restarted(facts: Facts) -> bool:
    """Some container restarted within the hour, and only events could tell whether a probe did it."""
    ends = [s.last_state.terminated for pod in facts.active for _, s in pod.probed if s]
    return any(end and not facts.moment.older(end.finished_at, killed.MEMORY) for end in ends)


def _finding(
    facts: Facts,
    severity: Severity,
    message: str,
    affected: list[tuple[Pod, Cause]],
    others: list[tuple[Pod, Cause]],
    rank: tuple[int, int] | None = None,
) -> Finding:
    pod, cause = affected[0]
    return RULE.find(
        severity,
        message,
        evidence=[
            *trouble.evidence(facts, [*affected, *others]),
            *_restarts(pod, cause),
        ],
        remedy=[logs(pod, cause.container, previous=True), describe("pod", pod.key)],
        objects=[ref(p) for p, _ in affected],
        rank=rank,
    )


def _restarts(pod: Pod, cause: Cause) -> Iterator[tuple[str, str, str]]:
    """How often, and what the last words mean."""
    for container, status in pod.probed:
        if container.name != cause.container or status is None or cause.probe is None:
            continue
        field = f"status.containerStatuses[{container.name}].restartCount"
        yield (ref(pod), field, str(status.restart_count))
        advice = probes.advice(cause.probe.message, probes.of_kind(container, cause.probe.kind))
        if advice:
            yield (ref(pod), "that means", advice)


RULE = Rule(
    "EP305",
    "Probe keeps restarting the container",
    (CAUSES, 5),
    judge,
    folds=frozenset({"EP301", "EP302", "EP304", "EP306", "EP313", "EP801"}),
    cause="restarted by a probe",
)
