"""A host port is taken.

# What it means
The pod asks for a port of its node (hostPort or hostNetwork), and no node that it may use has that
port free: without a node it has no address. Or it was put beside another pod of the Service that holds
the port already: then it cannot get ready.

# Why it happens
Another pod of the same kind, or of another one, holds the port already; a rolling update that starts
the new pod before the old one left; pods that are tied to one node by nodeName.

# How to see it yourself
`kubectl describe pod POD -n NAMESPACE`: "didn't have free ports"; or
`kubectl logs POD -n NAMESPACE --previous`: "address already in use"

# What to do
Drop the hostPort, spread the pods over more nodes, or roll with maxSurge 0.

# References
Kubernetes documentation: Debug Pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core import trouble
from epview.core.cause import Cause, CauseKind
from epview.core.controllers import declared_ports
from epview.core.facts import Facts
from epview.core.objects import Pod
from epview.core.remedies import describe
from epview.core.rule import CAUSES, Rule
from epview.core.view import Finding


def judge(facts: Facts) -> Iterator[Finding]:
    affected = trouble.of_kind(facts, CauseKind.HOST_PORT)
    if not affected:
        return
    pod, cause = affected[0]
    yield trouble.finding(RULE, facts, affected, _words(pod, cause), [describe("pod", pod.key)])


def _words(pod: Pod, cause: Cause) -> str:
    if pod.spec.node_name:
        return cause.words
    ports = sorted({p.host_port for p in declared_ports(pod) if p.host_port})
    which = f"host port {', '.join(map(str, ports))}" if ports else "its host port"
    return f"no node has {which} free"


RULE = Rule(
    "EP406",
    "Host port conflict",
    (CAUSES, 2),
    judge,
    folds=frozenset({"EP301", "EP302", "EP303", "EP305", "EP306", "EP801"}),
    cause="host port taken",
)
