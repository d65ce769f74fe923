"""A Service in the world becomes a `ServiceView`: the join of everything that speaks of it."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from types import MappingProxyType
from typing import Final

from epview.core import manual
from epview.core.backends import backends
from epview.core.facts import Facts
from epview.core.history import History
from epview.core.moment import Moment
from epview.core.objects import Key, ServicePort
from epview.core.path import path
from epview.core.rule import judge
from epview.core.view import BackedBy, Backend, BackendState, Health, PortView, ServiceView
from epview.core.world import World

NEEDED: Final = ("services", "endpoints", "endpointslices", "pods", "events")
"""No health is claimed before the first lists of all of these are in."""


def join(
    world: World,
    key: Key,
    now: datetime,
    rules: Container[str] | None = None,
    history: History | None = None,
) -> ServiceView:
    """The view of one existing Service as of ``now`` (aware, UTC, the server's clock).

    ``rules``: the ids of those that count; None for all. ``history``: what the session has seen change;
    None for nothing. Raises `KeyError` when the world knows no such Service.
    """
    service = world.services[key]
    moment = Moment(now)
    facts = Facts(world, service, moment, history)
    rows = backends(facts)
    spec = service.spec
    dns_name = f"{key.name}.{key.namespace}.svc.cluster.local"
    ports = tuple(_port(facts, port, rows) for port in spec.ports)
    loading = awaits_lists(world, key.namespace)
    judgement = None if loading else judge(facts, rules)
    gaps = _gaps(facts, judgement.blind if judgement else ())
    health = judgement.health if judgement else Health.UNKNOWN
    if gaps and health in (Health.OK, Health.INFO) and set(gaps) != {"events"}:
        health = Health.UNKNOWN
    return ServiceView(
        key=key,
        uid=service.metadata.uid,
        type=spec.type,
        created=service.metadata.creation_timestamp,
        labels=MappingProxyType(service.metadata.labels),
        headless=service.headless,
        cluster_ips=tuple(ip for ip in spec.cluster_ips or (spec.cluster_ip,) if ip and ip != "None"),
        external_name=spec.external_name,
        external_ips=spec.external_ips,
        load_balancer=tuple(i.ip or i.hostname for i in service.status.load_balancer.ingress),
        dns_name=dns_name,
        selector=MappingProxyType(spec.selector) if spec.selector else None,
        backed_by=_backed_by(facts, rows),
        kept_by=manual.keeper(facts) if facts.selectorless else "",
        ports=ports,
        backends=rows,
        path=path(facts, dns_name, ports, rows),
        ready=_count(rows, BackendState.READY),
        not_ready=_count(rows, BackendState.NOT_READY, BackendState.PENDING),
        terminating=_count(rows, BackendState.SERVING, BackendState.TERMINATING),
        health=health,
        headline=judgement.headline if judgement else None,
        findings=judgement.findings if judgement else (),
        gaps=gaps,
        planned=bool(spec.selector) and facts.plans("pods"),
        unknown_rules=judgement.unknown if judgement else (),
        loading=loading,
        recheck_at=moment.recheck_at,
    )


def awaits_lists(world: World, namespace: str) -> bool:
    """Whether the first list of any resource in `NEEDED` is still on its way."""
    return any(_pending(world, resource, namespace) for resource in NEEDED)


def _pending(world: World, resource: str, namespace: str) -> bool:
    state = world.state_of(resource, namespace)
    return state is None or not state.settled


def _gaps(facts: Facts, blind: tuple[str, ...]) -> tuple[str, ...]:
    """Resources that this Service's picture needs and that cannot be seen, in the usual order."""
    wanted = set(blind)
    if not facts.external:
        wanted |= {"endpoints", "endpointslices"}
        if facts.selector:
            wanted |= {"pods", "events"}
    seen = {
        resource
        for resource in wanted
        if facts.plans(resource) or (facts.sees(resource) and resource not in blind)
    }
    return tuple(sorted(wanted - seen, key=lambda r: NEEDED.index(r) if r in NEEDED else len(NEEDED)))


def _backed_by(facts: Facts, rows: tuple[Backend, ...]) -> BackedBy:
    if facts.external:
        return BackedBy.EXTERNAL
    if facts.selector:
        return BackedBy.SELECTOR
    if not rows:
        return BackedBy.NOTHING
    managed = [s.managed_by for s in manual.own_slices(facts) if s.managed_by]
    hand_written = facts.endpoints is not None or any(not s.managed_by for s in manual.own_slices(facts))
    return BackedBy.CONTROLLER if managed and not hand_written else BackedBy.MANUAL


def _port(facts: Facts, port: ServicePort, rows: tuple[Backend, ...]) -> PortView:
    resolved = {
        p.port for row in rows for p in row.ports if p.name == port.name and p.protocol == port.protocol
    }
    return PortView(
        name=port.name,
        port=port.port,
        protocol=port.protocol,
        target_port=port.target,
        node_port=port.node_port or None,
        app_protocol=port.app_protocol,
        resolved=tuple(sorted(resolved)),
        ready=facts.usable(port),
    )


def _count(rows: tuple[Backend, ...], *states: BackendState) -> int:
    return sum(1 for row in rows if row.state in states)
