"""NetworkPolicies decide who may reach the port in the pods.

# What it means
Once any NetworkPolicy selects a pod for ingress, only what one of them lets in may come in. Error: no
rule lets anybody in to the port behind a Service port, so every connection waits until it times out
(some network plug-ins refuse it). Warning: that is so for some of the pods, and kube-proxy keeps choosing
them. Info: the port is open to the peers named here and to nobody else.

This is what the objects say. Whether they are enforced is up to the network plug-in, and policies of its
own kinds (CiliumNetworkPolicy, Calico's, ClusterNetworkPolicy) are not seen: they may open or close more.
The kubelet's probes come from the pod's own node and are normally let in, so a closed pod may well be
ready. Egress policies bind the client and are not judged. Pods on the host's network are left out.

# Why it happens
A policy that denies by default, rules for another port (policies see the pod's port, not the Service's),
a label that a peer lacks, or a namespace without the label that was asked for.

# How to see it yourself
`kubectl get networkpolicies -n NAMESPACE` and `kubectl describe networkpolicy NAME -n NAMESPACE`

# What to do
Add an ingress rule for the target port, from those who shall reach it.

# References
Kubernetes documentation: Network Policies; networking.k8s.io/v1 NetworkPolicy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from epview.core.controllers import find_port
from epview.core.facts import Facts, ref
from epview.core.objects import NetworkPolicy, Pod, ServicePort
from epview.core.policies import Access, access, listed, rule_words, selector_words
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

INFO_RANK: Final = (22, 7)


class Door(NamedTuple):
    """A Service port in one pod, and who may come in there."""

    pod: Pod
    number: int
    access: Access


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods(planned=True) or all(pod.spec.host_network for pod in facts.active):
        return
    facts.settled("networkpolicies")  # it may overturn what looks well
    facts.need("networkpolicies")
    policies = facts.world.policies_in(facts.key.namespace)
    for port in facts.service.spec.ports if policies else ():
        doors = _doors(facts, port, policies)
        closed = [door for door in doors if door.access.closed]
        limited = [door for door in doors if door.access.limited]
        if closed:
            severity = Severity.ERROR if len(closed) == len(doors) else Severity.WARNING
            yield _finding(facts, port, closed, len(doors), severity, f"{_who(closed)} nobody in to")
        if limited:
            peers = list(dict.fromkeys(peer for door in limited for peer in door.access.peers))
            yield _finding(
                facts,
                port,
                limited,
                len(doors),
                Severity.INFO,
                f"only {listed([peer.removeprefix('all ') for peer in peers])} may reach",
            )


def _doors(facts: Facts, port: ServicePort, policies: Sequence[NetworkPolicy]) -> list[Door]:
    """The pods in which the port resolves."""
    return [
        Door(pod, number, access(policies, pod, number, port.protocol))
        for pod in facts.active
        if not pod.spec.host_network and (number := find_port(pod, port)) is not None
    ]


def _finding(
    facts: Facts, port: ServicePort, doors: Sequence[Door], of: int, severity: Severity, words: str
) -> Finding:
    numbers = ", ".join(map(str, sorted({door.number for door in doors})))
    named = f"{port.name} ({numbers})" if port.name and len(facts.service.spec.ports) > 1 else numbers
    where = "" if len(doors) == of else f" of {len(doors)} of {of} pods"
    policies = _policies(doors)
    target = f"{numbers}/{port.protocol} in the pods"
    return RULE.find(
        severity,
        f"{words} port {named}{where}",
        evidence=[
            (f"Service/{facts.key}", f"port {port.name or port.port}", target),
            *(fact for policy in policies[:5] for fact in _told(policy)),
            (
                f"Service/{facts.key}",
                "enforcement",
                "up to the network plug-in; policies of its own kinds are not seen",
            ),
        ],
        remedy=[describe("networkpolicy", policy.key) for policy in policies[:3]],
        objects=[*map(ref, policies), *(ref(door.pod) for door in doors)],
        rank=INFO_RANK if severity is Severity.INFO else None,
    )


def _who(doors: Sequence[Door]) -> str:
    policies = _policies(doors)
    return f"NetworkPolicy {policies[0].key.name} lets" if len(policies) == 1 else "NetworkPolicies let"


def _policies(doors: Sequence[Door]) -> list[NetworkPolicy]:
    """Those that govern the pods, by name."""
    found = {policy.key: policy for door in doors for policy in door.access.policies}
    return [found[key] for key in sorted(found)]


def _told(policy: NetworkPolicy) -> Iterator[tuple[str, str, str]]:
    yield ref(policy), "spec.podSelector", selector_words(policy.spec.pod_selector) or "all pods"
    rules = "; ".join(map(rule_words, policy.spec.ingress[:5]))
    yield ref(policy), "spec.ingress", rules or "none: it lets nobody in"


RULE = Rule("EP703", "NetworkPolicy closes the port", (14, 3), judge)
