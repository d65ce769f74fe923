"""Two pods share one IP.

# What it means
Two living pods with networks of their own claim the same address. A connection to it reaches only one
of them, and which one is up to the network: the Service answers from pods it does not mean.

# Why it happens
The network plug-in gave an address out twice, mostly after a node was restored, renamed or lost its
state, or two nodes were given the same range. A pod that terminates may have given its address to a new
one already: that is harmless, and only noted.

# How to see it yourself
`kubectl get pods -A -o wide --field-selector status.podIP=ADDRESS`

# What to do
Delete one of the pods, so that it gets another address, and look for the fault in the network plug-in:
the address ranges of the nodes, and the state it keeps on them.

# References
Kubernetes documentation: Cluster networking, every pod gets its own address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote

from epview.core.facts import Facts, ref
from epview.core.objects import Key, Pod
from epview.core.rule import Rule
from epview.core.view import Finding, Severity


def judge(facts: Facts) -> Iterator[Finding]:
    if not facts.selects_pods():
        return
    shared: dict[str, list[Pod]] = {}
    for pod in (*facts.active, *facts.terminating):
        for ip in () if pod.spec.host_network else pod.ips:
            if len(keys := facts.world.addresses.pods_at(ip)) > 1 and len(found := _living(facts, keys)) > 1:
                shared[ip] = found
    doubled = {ip: pods for ip, pods in shared.items() if sum(not pod.terminating for pod in pods) > 1}
    if doubled:
        yield _finding(facts, doubled, Severity.WARNING)
    elif not facts.world.sees("pods"):
        facts.need_everywhere("pods")
    elif shared:
        yield _finding(facts, shared, Severity.INFO)


def _living(facts: Facts, keys: Iterable[Key]) -> list[Pod]:
    """The pods of any namespace; finished ones have given their address back."""
    return [pod for key in keys if not (pod := facts.world.pods[key]).finished]


def _finding(facts: Facts, shared: dict[str, list[Pod]], severity: Severity) -> Finding:
    ip, (one, other, *_) = next(iter(shared.items()))
    names = f"{_name(facts, one)} and {_name(facts, other)}"
    if severity is Severity.WARNING:
        message = f"pods {names} share the address {ip}"
    else:
        message = f"address {ip} passes on between pods {names}: one of them terminates"
    pods = list(dict.fromkeys(ref(pod) for holders in shared.values() for pod in holders))
    return RULE.find(
        severity,
        message,
        evidence=[
            (ref(pod), "status.podIPs", f"{ip} on node {pod.spec.node_name or 'unknown'}{_going(pod)}")
            for ip, holders in list(shared.items())[:5]
            for pod in holders[:5]
        ],
        remedy=[f"kubectl get pods -A -o wide --field-selector {quote(f'status.podIP={ip}')}"],
        objects=pods,
    )


def _name(facts: Facts, pod: Pod) -> str:
    return pod.key.name if pod.key.namespace == facts.key.namespace else str(pod.key)


def _going(pod: Pod) -> str:
    return ", terminating" if pod.terminating else ""


RULE = Rule("EP902", "Two pods share one IP", (20, 2), judge)
