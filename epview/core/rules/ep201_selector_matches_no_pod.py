"""The selector matches no pod.

# What it means
The endpoint controllers look for pods in the Service's own namespace that carry every label of the
selector, letter by letter. There is none, so Endpoints is empty and connections are refused (info where
another manager's EndpointSlices hold ready addresses, those of another cluster for instance).

# Why it happens
A typo in the selector or in the pod template's labels, a renamed label (app and app.kubernetes.io/name),
pods in another namespace, or no pods at all.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l KEY=VALUE` and `kubectl get pods -n NAMESPACE --show-labels`

# What to do
Make the selector and the pod template's labels equal; epview names the nearest misses.

# References
Kubernetes documentation: Debug Services, "Does the Service have any endpoints?".
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import manual
from epview.core.facts import Facts
from epview.core.nearmiss import Hint, hints
from epview.core.objects import Key
from epview.core.remedies import get_pods, pairs, set_selector
from epview.core.rule import Rule
from epview.core.templates import without_pods
from epview.core.view import Finding, Severity
from epview.core.workloads import RESOURCES


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods(planned=True):
        return
    if facts.matching:
        return
    facts.settled(*RESOURCES)
    if without_pods(facts):
        return  # the selector is right: rule EP205
    found = hints(facts)
    others = _other_makers(facts)
    calm = facts.young() or _namespace_goes(facts) or _scales_to_zero(facts) or bool(others)
    carrier = manual.carried_by(facts)
    wanted = pairs(facts.selector)
    words = [f"no pod has {wanted}" if len(facts.selector) == 1 else f"no pod matches {wanted}"]
    words += [f"{carrier} provides the endpoints"] if carrier else [hint.words for hint in found[:1]]
    remedy = [get_pods(facts.key.namespace)]
    fix = next((hint.selector for hint in found if hint.selector), None)
    if fix:
        remedy.insert(0, set_selector(facts.key, fix))
    yield RULE.find(
        Severity.INFO if carrier else Severity.WARNING if calm else Severity.ERROR,
        "; ".join(words),
        evidence=[
            (f"Service/{facts.key}", f"spec.selector[{key}]", value)
            for key, value in sorted(facts.selector.items())
        ]
        + [_evidence(hint) for hint in found]
        + [(f"Service/{facts.key}", "but", words) for words in others],
        remedy=remedy,
        objects=[f"Service/{facts.key}"],
    )


def _other_makers(facts: Facts) -> list[str]:
    """In manifests: what may make pods that they do not show, so that the selector may be right."""
    state = facts.world.state_of("pods", facts.key.namespace)
    return [state.message] if state is not None and facts.plans("pods") and state.message else []


def _evidence(hint: Hint) -> tuple[str, str, str]:
    return (hint.object, "metadata.labels", hint.words)


def _namespace_goes(facts: Facts) -> bool:
    namespace = facts.world.namespaces.get(Key("", facts.key.namespace))
    return namespace is not None and namespace.status.phase == "Terminating"


def _scales_to_zero(facts: Facts) -> bool:
    """Labels of operators that take the last pod away and bring one back with the next request."""
    keys = {*facts.selector, *facts.service.metadata.labels}
    return any(key.partition("/")[0].endswith(("knative.dev", "keda.sh")) for key in keys if "/" in key)


RULE = Rule("EP201", "Selector matches no pod", (9, 0), judge, folds=frozenset({"EP801"}))
