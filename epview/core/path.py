"""The way of one request to a Service, hop by hop, each with its verdict.

Name, virtual IP, Service ports, what kube-proxy finds in the EndpointSlices and does with it where that
differs by port or node, pods and their probe.
Sources: the Kubernetes DNS specification; pkg/proxy (see `proxy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from epview.core import proxy, spread
from epview.core.facts import Facts
from epview.core.view import Backend, BackendState, Hop, HopState, PortView


def path(
    facts: Facts, dns_name: str, ports: Sequence[PortView], backends: Sequence[Backend]
) -> tuple[Hop, ...]:
    """The hops in order; the first BROKEN one is where a request ends."""
    if facts.external:
        target = facts.service.spec.external_name or "nothing"
        return (Hop(what="DNS", text=f"{dns_name} is another name (CNAME) for {target}"),)
    ready = sum(1 for b in backends if b.state is BackendState.READY)
    serving = sum(1 for b in backends if b.state is BackendState.SERVING)
    return (
        _dns(facts, dns_name, ready),
        *_ports(facts, ports),
        _slices(facts, ready, serving),
        *_proxy(facts),
        *_backends(backends, ready),
    )


def _dns(facts: Facts, dns_name: str, ready: int) -> Hop:
    if not facts.service.headless:
        ips = ", ".join(facts.service.spec.cluster_ips) or facts.service.spec.cluster_ip or "no cluster IP"
        return Hop(what="DNS", text=f"{dns_name} → {ips}")
    if not (facts.sees("endpointslices") or facts.sees("endpoints")):
        return Hop(what="DNS", text=f"{dns_name} → the ready addresses", state=HopState.UNKNOWN)
    if ready:
        addresses = f"{ready} address{'es' if ready > 1 else ''}"
        return Hop(what="DNS", text=f"{dns_name} → {addresses} (headless: straight to the pods)")
    return Hop(what="DNS", text=f"{dns_name} does not resolve: no ready address", state=HopState.BROKEN)


def _ports(facts: Facts, ports: Sequence[PortView]) -> Iterator[Hop]:
    for port in ports:
        name = f"{port.name} " if port.name else ""
        numbers = ", ".join(map(str, port.resolved))
        target = numbers or str(port.target_port)
        leads_nowhere = isinstance(port.target_port, str) and not port.resolved and bool(facts.active)
        text = f"{name}{port.port}/{port.protocol} → {target}"
        if leads_nowhere:
            text += " (no pod has a port of that name)"
        yield Hop(what="port", text=text, state=HopState.BROKEN if leads_nowhere else HopState.OK)


def _slices(facts: Facts, ready: int, serving: int) -> Hop:
    if not facts.sees("endpointslices"):
        return Hop(what="EndpointSlice", text="cannot be seen", state=HopState.UNKNOWN)
    usable = any(facts.usable(port) for port in facts.service.spec.ports)
    if usable or (ready and not facts.service.spec.ports):
        return Hop(what="EndpointSlice", text=f"{ready} ready")
    if serving:
        text = f"0 ready, {serving} terminating still take the traffic"
        return Hop(what="EndpointSlice", text=text, state=HopState.DEGRADED)
    return Hop(what="EndpointSlice", text="0 ready", state=HopState.BROKEN)


def _proxy(facts: Facts) -> Iterator[Hop]:
    """Refused at once, or a time-out; nothing where the slices' hop says it all."""
    service = facts.service
    why = proxy.not_proxied(service, service.families[0])
    if service.headless or not facts.sees("endpointslices"):
        return
    if why:
        yield Hop(what="kube-proxy", text=why, state=HopState.UNKNOWN)
        return
    refused = [
        port for port in service.spec.ports if not any(target.carries for target in facts.targets(port))
    ]
    if refused and len(refused) < len(service.spec.ports):
        names = ", ".join(port.name for port in refused)
        text = f"connection refused on port {names}: no endpoint"
        yield Hop(what="kube-proxy", text=text, state=HopState.DEGRADED)
    if facts.sees("nodes") and spread.bound(facts, proxy.Traffic.INTERNAL):
        cut_off = {node for nodes in spread.cut_off(facts, proxy.Traffic.INTERNAL) for node in nodes}
        if cut_off:
            text = f"time-out for clients on {len(cut_off)} of {len(facts.world.places.schedulable)} nodes"
            yield Hop(what="kube-proxy", text=text, state=HopState.DEGRADED)


def _backends(backends: Sequence[Backend], ready: int) -> Iterator[Hop]:
    bad = [b for b in backends if b.state in (BackendState.NOT_READY, BackendState.PENDING)]
    total = ready + len(bad)
    if not total:
        return
    what = "pods" if any(b.pod for b in backends) else "addresses"
    if not bad:
        yield Hop(what=what, text=f"{ready} ready")
        return
    reason = next((b.reason for b in bad if b.reason), "")
    text = f"{len(bad)} of {total} not ready" + (f": {reason}" if reason else "")
    yield Hop(what=what, text=text, state=HopState.DEGRADED if ready else HopState.BROKEN)
