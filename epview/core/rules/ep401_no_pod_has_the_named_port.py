"""No pod has a container port of the name that targetPort asks for.

# What it means
targetPort is a name. In each pod the controllers look for a container port of that name and of the
same protocol. No pod declares one, so Endpoints lists no address for this port, and the
EndpointSlices list pods without a port: no traffic.

# Why it happens
A typo in targetPort or in ports[].name, a container port that lost its name, or pods of another
program.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR -o jsonpath='{..containers[*].ports}'`

# What to do
Name the container port, or let targetPort say the name or the number that the pods use.

# References
Kubernetes documentation: Service, port definitions; endpointslice FindPort.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from epview.core import ports
from epview.core.facts import Facts, ref
from epview.core.nearness import nearest
from epview.core.objects import ServicePort
from epview.core.remedies import get_pods
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not ports.named(facts) or not facts.selects_pods(planned=True):
        return
    for port in ports.unresolved(facts):
        if not ports.other_protocols(port, facts.active):
            yield _finding(facts, port)


def _finding(facts: Facts, port: ServicePort) -> Finding:
    declared = ports.declared_names(facts.active)
    guess = nearest(str(port.target), declared)
    if guess:
        rest = f"; they have one named {guess}"
    elif declared:
        rest = f"; they have {', '.join(declared[:4])}"
    else:
        rest = "; they name no port"
    index = facts.service.spec.ports.index(port)
    remedy = [get_pods(facts.key.namespace, facts.selector)]
    if guess:
        patch = f'[{{"op":"replace","path":"/spec/ports/{index}/targetPort","value":"{guess}"}}]'
        target = f"{quote(facts.key.name)} -n {quote(facts.key.namespace)}"
        remedy.insert(0, f"kubectl patch service {target} --type=json -p {quote(patch)}")
    return RULE.find(
        Severity.ERROR,
        f"no pod has a container port named {port.target}{rest}",
        evidence=[
            (f"Service/{facts.key}", f"spec.ports[{port.name or port.port}].targetPort", str(port.target)),
            *(
                (ref(pod), "spec.containers[].ports[].name", _names(facts, i))
                for i, pod in enumerate(facts.active[:5])
            ),
        ],
        remedy=remedy,
        objects=[f"Service/{facts.key}", *(ref(pod) for pod in facts.active)],
    )


def _names(facts: Facts, index: int) -> str:
    return ", ".join(ports.declared_names([facts.active[index]])) or "none"


RULE = Rule("EP401", "No pod has the named port", (12, 1), judge, folds=frozenset({"EP801"}))
