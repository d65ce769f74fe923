"""Who may come in to a pod's port, by the NetworkPolicies that can be seen.

What is written, not what happens: enforcement is the network plug-in's, and policies of its own kinds
(Cilium, Calico, cluster-wide ones) are not seen. Connections from the pod's own node, such as the kubelet's
probes, are normally let in whatever is written; pods on the host's network are left alone by most plug-ins.

Sources: networking.k8s.io/v1 types (policies add up; a pod that none selects is open to everybody);
Kubernetes documentation, Network Policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from epview.core.controllers import declared_ports
from epview.core.objects import (
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    Pod,
)


class Access(Struct, frozen=True):
    """Who may come in to one port of a pod.

    ``policies`` govern the pod's ingress; none of them means everybody. ``peers`` are those let in, in
    words; empty means nobody. ``everybody``: some rule names no peer.
    """

    policies: tuple[NetworkPolicy, ...] = ()
    peers: tuple[str, ...] = ()
    everybody: bool = False

    @property
    def open(self) -> bool:
        return self.everybody or not self.policies

    @property
    def closed(self) -> bool:
        return not self.open and not self.peers

    @property
    def limited(self) -> bool:
        return not self.open and bool(self.peers)


def access(policies: Iterable[NetworkPolicy], pod: Pod, number: int, protocol: str) -> Access:
    """What the policies of the pod's namespace say of one of its ports."""
    governing = tuple(policy for policy in policies if governs(policy, pod))
    rules = [
        rule
        for policy in governing
        for rule in policy.spec.ingress
        if not rule.ports or any(_covers(port, pod, number, protocol) for port in rule.ports)
    ]
    return Access(
        policies=governing,
        peers=tuple(dict.fromkeys(peer_words(peer) for rule in rules for peer in rule.peers)),
        everybody=any(not rule.peers for rule in rules),
    )


def governs(policy: NetworkPolicy, pod: Pod) -> bool:
    """It selects the pod, and is about what comes in: policyTypes has Ingress, or is left to the default."""
    types = policy.spec.policy_types
    return (not types or "Ingress" in types) and policy.spec.pod_selector.matches(pod.metadata.labels)


def _covers(port: NetworkPolicyPort, pod: Pod, number: int, protocol: str) -> bool:
    """No port means every port of the protocol; a name means the pod's container port of that name."""
    if port.protocol != protocol:
        return False
    match port.port:
        case None:
            return True
        case int(first):
            return first <= number <= max(first, port.end_port or first)
        case name:
            return any(
                (p.name, p.container_port, p.protocol) == (name, number, protocol)
                for p in declared_ports(pod)
            )


# -- words -----------------------------------------------------------------------------------------


def peer_words(peer: NetworkPolicyPeer) -> str:
    """``pods app=client``, ``pods app=client of namespace web``, ``10.0.0.0/8 except 10.1.0.0/16``."""
    if peer.ip_block is not None:
        return _block_words(peer.ip_block)
    if peer.namespace_selector is None:
        return _pod_words(peer.pod_selector or LabelSelector())
    if peer.pod_selector is None:
        return f"all pods of {_namespace_words(peer.namespace_selector)}"
    return f"{_pod_words(peer.pod_selector)} of {_namespace_words(peer.namespace_selector)}"


def rule_words(rule: NetworkPolicyIngressRule) -> str:
    """``TCP 9090 from pods app=client``"""
    ports = ", ".join(map(_port_words, rule.ports)) or "all ports"
    return f"{ports} from {' or '.join(map(peer_words, rule.peers)) or 'everybody'}"


def selector_words(selector: LabelSelector) -> str:
    """As kubectl's ``-l`` takes them; ``""`` for a selector that matches everything."""
    terms = [f"{key}={value}" for key, value in sorted(selector.match_labels.items())]
    return ",".join([*terms, *map(_requirement_words, selector.match_expressions)])


def _requirement_words(requirement: LabelSelectorRequirement) -> str:
    match requirement.operator:
        case "Exists":
            return requirement.key
        case "DoesNotExist":
            return f"!{requirement.key}"
        case operator:
            return f"{requirement.key} {operator.lower()} ({','.join(requirement.values)})"


def _pod_words(selector: LabelSelector) -> str:
    words = selector_words(selector)
    return f"pods {words}" if words else "all pods"


NAME_LABEL = "kubernetes.io/metadata.name"  # on every namespace, with its name


def _namespace_words(selector: LabelSelector) -> str:
    if set(selector.match_labels) == {NAME_LABEL} and not selector.match_expressions:
        return f"namespace {selector.match_labels[NAME_LABEL]}"
    words = selector_words(selector)
    return f"namespaces {words}" if words else "all namespaces"


def _block_words(block: IPBlock) -> str:
    return block.cidr + (f" except {', '.join(block.except_)}" if block.except_ else "")


def _port_words(port: NetworkPolicyPort) -> str:
    if port.port is None:
        return f"all {port.protocol} ports"
    return f"{port.protocol} {port.port}" + (f"-{port.end_port}" if port.end_port else "")


def listed(words: Sequence[str], most: int = 2) -> str:
    """``a``, ``a and b``, ``a, b and 3 others``"""
    if len(words) <= most:
        return " and ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} other{'s' if len(words) - most > 1 else ''}"
