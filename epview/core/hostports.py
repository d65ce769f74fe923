"""Two pods of a Service that want one port of one node.

The scheduler places no such pair, but pods that were given their node by hand, static ones, and pods on the
host's network that declare no ports get there. The kubelet starts both; only one of them gets the port.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core import controllers
from epview.core.cause import Cause, CauseKind
from epview.core.facts import Facts, ref
from epview.core.objects import Pod

_ANY: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - read, never bound
_CRASHING: Final = frozenset({"CrashLoopBackOff", "RunContainerError", "CreateContainerError"})

HostPort = tuple[int, str, str]
"""Number, protocol, and the address it is bound to: "" for all."""


def taken(facts: Facts, pod: Pod, others: list[Cause]) -> Iterator[Cause]:
    """The cause, if a ready pod of the Service holds a port of the node on which this one keeps failing.

    ``others`` are the causes that the pod shows by itself.
    """
    if not _fails(pod, others):
        return
    wanted = _ports(facts, pod)
    for holder in facts.ready if wanted else ():
        if not pod.spec.node_name or holder.spec.node_name != pod.spec.node_name:
            continue
        shared = next((p for p in wanted for h in _ports(facts, holder) if _clash(p, h)), None)
        if shared is not None:
            yield Cause(
                kind=CauseKind.HOST_PORT,
                words=f"{holder.key.name} holds host port {shared[0]} of {pod.spec.node_name}",
                field=f"host port {shared[0]}/{shared[1]} of {pod.spec.node_name}",
                value=f"wanted by {ref(pod)} and {ref(holder)}",
                since=others[0].since,
            )
            return


def _fails(pod: Pod, causes: list[Cause]) -> bool:
    """Its containers start and do not get ready, for a reason that a taken port may be."""
    if not any(c.kind in (CauseKind.KILLED, CauseKind.NOT_RUNNING, CauseKind.READINESS) for c in causes):
        return False
    statuses = pod.status.container_statuses
    waiting = {status.state.waiting.reason for status in statuses if status.state.waiting}
    ends = [status.state.terminated or status.last_state.terminated for status in statuses]
    return waiting <= _CRASHING and not any(end and end.reason == "OOMKilled" for end in ends)


def _ports(facts: Facts, pod: Pod) -> list[HostPort]:
    """The ports of its node that a pod takes: declared ones, and on the host's network what it serves."""
    own = pod.spec.host_network
    found: dict[HostPort, None] = {}
    for port in controllers.declared_ports(pod):
        if asked := port.host_port or (port.container_port if own else 0):
            found[(asked, port.protocol, port.host_ip)] = None
    for service_port in facts.service.spec.ports if own else ():
        if served := controllers.find_port(pod, service_port):
            found[(served, service_port.protocol, "")] = None
    return list(found)


def _clash(one: HostPort, other: HostPort) -> bool:
    return one[:2] == other[:2] and (one[2] == other[2] or one[2] in _ANY or other[2] in _ANY)
