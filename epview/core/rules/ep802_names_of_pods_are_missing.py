"""The pods of a StatefulSet have no names of their own.

# What it means
A pod of a StatefulSet answers to POD.SERVICE only under the headless Service that its StatefulSet
names in serviceName. These pods name one that does not exist: the name of this Service resolves to
all of them, but that of a single pod, which members of a cluster use for one another, does not.

# Why it happens
A typo in serviceName, or the Service was renamed or never made.

# How to see it yourself
`kubectl get statefulset NAME -n NAMESPACE -o jsonpath={.spec.serviceName}`

# What to do
Make a headless Service of that name with the same selector. serviceName itself cannot be changed: for
another one the StatefulSet must be deleted (--cascade=orphan keeps its pods) and made anew.

# References
Kubernetes documentation: StatefulSets, stable network ID; DNS for Services and Pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core.facts import Facts, ref
from epview.core.objects import Key, Pod
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.service.headless or not facts.selects_pods(planned=True) or facts.young():
        return
    nameless = [pod for pod in facts.active if _stateful_set(pod) and _unserved(facts, pod)]
    if not nameless:
        return
    first = nameless[0]
    owner, wanted = _stateful_set(first), first.spec.subdomain
    host = first.spec.hostname or first.key.name
    yield RULE.find(
        Severity.WARNING,
        f"{host}.{facts.key.name} does not resolve: StatefulSet {owner} names Service {wanted},"
        " which does not exist",
        evidence=[
            *((ref(pod), "spec.subdomain", pod.spec.subdomain) for pod in nameless[:10]),
            (f"Service/{facts.key.namespace}/{wanted}", "metadata.name", "no such Service"),
        ],
        remedy=[
            f"kubectl get service {quote(wanted)} -n {quote(facts.key.namespace)}",
            describe("statefulset", Key(facts.key.namespace, owner)),
        ],
        objects=[ref(pod) for pod in nameless],
    )


def _stateful_set(pod: Pod) -> str:
    """The StatefulSet that made the pod; ``""`` for none."""
    owners = pod.metadata.owner_references
    return next((owner.name for owner in owners if owner.controller and owner.kind == "StatefulSet"), "")


def _unserved(facts: Facts, pod: Pod) -> bool:
    """It names a Service, which is not this one nor any other. Without serviceName nobody wants names."""
    wanted = pod.spec.subdomain
    return wanted not in ("", facts.key.name) and Key(facts.key.namespace, wanted) not in facts.world.services


RULE = Rule("EP802", "Names of single pods are missing", (20, 6), judge)
