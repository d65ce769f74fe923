"""The selector matches pods of several workloads.

# What it means
Connections to the Service are spread over pods that were made for different purposes: one in two
requests may land at a program that knows nothing of it.

# Why it happens
The selector is too wide: a label such as app or app.kubernetes.io/instance that a whole release shares,
so that a database, a worker or a Job is picked up beside the web server. Two variants of one program
behind one Service (canary and stable, blue and green: one image, one port) are meant so, and are only
mentioned.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR --show-labels`

# What to do
Add to the selector a label that only the wanted workload's pods carry.

# References
Kubernetes documentation: Labels and selectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core.controllers import port_containers
from epview.core.facts import Facts
from epview.core.objects import Container, Pod
from epview.core.remedies import get_pods, set_selector
from epview.core.roots import REVISION_LABELS, Root
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

MOST: Final = 3
_OF_EACH_POD: Final = (
    *REVISION_LABELS,
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
)
"""Labels that tell pods of one workload from one another."""


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods(planned=True):
        return
    roots = facts.roots
    if len(roots) < 2 or _one_set_of_bare_pods(roots):
        return
    variants = _alike(facts, roots)
    counted = sorted(roots, key=lambda root: (-len(roots[root]), root))
    named = [f"{root} ({len(roots[root])})" for root in counted[:MOST]]
    more = f" and {len(roots) - MOST} more" if len(roots) > MOST else ""
    key = _telling(roots)
    what = "workloads with one image" if variants else "workloads"
    yield RULE.find(
        Severity.INFO if variants else Severity.WARNING,
        f"the selector matches pods of {len(roots)} {what}: {', '.join(named)}{more}",
        evidence=[
            (root.ref(facts.key.namespace), f"pods with {key}", value)
            if (value := pods[0].metadata.labels.get(key, "")) and key
            else (root.ref(facts.key.namespace), "pods", str(len(pods)))
            for root, pods in roots.items()
        ],
        remedy=[*_narrower(facts, roots, key), get_pods(facts.key.namespace, facts.selector)],
        objects=[root.ref(facts.key.namespace) for root in roots],
    )


def _one_set_of_bare_pods(roots: dict[Root, list[Pod]]) -> bool:
    """Pods that nobody controls are roots of their own; those of one image belong together all the same."""
    images = {_repository(c.image) for pods in roots.values() for pod in pods for c in pod.spec.containers}
    return all(root.kind == "Pod" for root in roots) and len(images - {""}) <= 1


def _alike(facts: Facts, roots: dict[Root, list[Pod]]) -> bool:
    """Whether all run one program behind the Service's ports: the same image repository, the same port."""
    return len({_program(facts, pods[0]) for pods in roots.values()}) == 1


def _program(facts: Facts, pod: Pod) -> tuple[tuple[str, bool], ...]:
    """For each port of the Service the image repository that answers there, and whether it declares it."""
    answers = []
    for port in facts.service.spec.ports or ():
        declaring = [c for c in port_containers(pod) if _declares(c, port.target)]
        container = next(iter(declaring), None) or next(iter(pod.spec.containers), None)
        answers.append((_repository(container.image if container else ""), bool(declaring)))
    return tuple(answers)


def _declares(container: Container, target: int | str) -> bool:
    return any(target in (port.container_port, port.name) for port in container.ports)


def _repository(image: str) -> str:
    """``registry.example:5000/web:1.4@sha256:…`` without tag and digest."""
    name, _, _ = image.partition("@")
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _telling(roots: dict[Root, list[Pod]]) -> str:
    """A label key whose value is one within each workload and another in every other; ``""`` for none."""
    keys = set.intersection(*({*pod.metadata.labels} for pods in roots.values() for pod in pods))
    for key in sorted(keys.difference(_OF_EACH_POD)):
        values = [{pod.metadata.labels[key] for pod in pods} for pods in roots.values()]
        if all(len(v) == 1 for v in values) and len(set.union(*values)) == len(values):
            return key
    return ""


def _narrower(facts: Facts, roots: dict[Root, list[Pod]], key: str) -> list[str]:
    """A selector that keeps the workload whose name is the Service's, else the one with most pods."""
    if not key:
        return []
    meant = min(roots, key=lambda root: (root.name != facts.key.name, -len(roots[root]), root))
    return [set_selector(facts.key, {**facts.selector, key: roots[meant][0].metadata.labels[key]})]


RULE = Rule("EP202", "Selector matches pods of several workloads", (20, 0), judge)
