"""targetPort is a number that no container declares.

# What it means
Nothing has to be wrong: a container port is information only, and traffic goes to the number whether or
not it is declared. But if nobody listens there, connections are refused by the pod.

# Why it happens
The port moved in the program and not in the manifests, or the other way round.

# How to see it yourself
`kubectl get pods -n NAMESPACE -l SELECTOR -o jsonpath='{..containers[*].ports}'`

# What to do
If the Service does not answer, ask a pod directly: `kubectl port-forward`.

# References
Kubernetes documentation: Service, port definitions (containerPort is informational).
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.controllers import declared_ports
from epview.core.facts import Facts
from epview.core.remedies import get_pods
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods(planned=True):
        return
    declared = sorted({p.container_port for pod in facts.active for p in declared_ports(pod)})
    if not declared:
        return  # pods that declare nothing say nothing
    for port in facts.service.spec.ports:
        if isinstance(port.target, str) or port.target in declared:
            continue
        shown = ", ".join(map(str, declared[:6]))
        yield RULE.find(
            Severity.INFO,
            f"targetPort {port.target} is declared by no container (they declare {shown})",
            evidence=[
                (
                    f"Service/{facts.key}",
                    f"spec.ports[{port.name or port.port}].targetPort",
                    str(port.target),
                ),
                (f"Service/{facts.key}", "container ports of its pods", shown),
            ],
            remedy=[get_pods(facts.key.namespace, facts.selector)],
            objects=[f"Service/{facts.key}"],
        )


RULE = Rule("EP402", "targetPort is declared by no container", (22, 5), judge)
