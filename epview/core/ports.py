"""Service ports against the pods: which names resolve, and where not."""

from __future__ import annotations

from epview.core.controllers import declared_ports
from epview.core.facts import Facts
from epview.core.objects import Pod, ServicePort, ip_family


def named(facts: Facts) -> list[ServicePort]:
    """The Service ports whose targetPort is a name."""
    return [port for port in facts.service.spec.ports if isinstance(port.target, str)]


def unresolved(facts: Facts) -> list[ServicePort]:
    """Named ports that resolve in no active pod; empty where there is none."""
    if not facts.active:
        return []
    return [port for port in named(facts) if set(facts.resolved(port)) == {None}]


def other_protocols(port: ServicePort, pods: list[Pod]) -> set[str]:
    """Protocols under which these pods declare the port's target name or number, the right one left out."""
    return {
        p.protocol
        for pod in pods
        for p in declared_ports(pod)
        if (p.name if isinstance(port.target, str) else p.container_port) == port.target
        and p.protocol != port.protocol
    }


def declared(port: ServicePort, pods: list[Pod]) -> bool:
    """Some of these pods declares the port's target number with its protocol."""
    return any(
        p.container_port == port.target and p.protocol == port.protocol
        for pod in pods
        for p in declared_ports(pod)
    )


def declared_names(pods: list[Pod]) -> list[str]:
    """Port names that the pods declare, sorted."""
    return sorted({p.name for pod in pods for p in declared_ports(pod) if p.name})


def families_missing(facts: Facts) -> list[str]:
    """IP families of the Service that no active pod with an address has."""
    ips = [ip for pod in facts.active for ip in pod.ips]
    if not ips or not facts.service.families_known:
        return []
    return [family for family in facts.service.families if all(ip_family(ip) != family for ip in ips)]


def blocked(facts: Facts) -> bool:
    """No port or no family leads anywhere: that, not readiness, is what is wrong (EP401, EP403, EP107)."""
    ports = facts.service.spec.ports
    return (bool(ports) and len(unresolved(facts)) == len(ports)) or (
        facts.service.families[0] in families_missing(facts)
    )
