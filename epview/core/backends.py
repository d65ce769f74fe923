"""The addresses behind a Service, joined from EndpointSlices, Endpoints and pods.

EndpointSlices decide the state, since kube-proxy reads only them; Endpoints fill in where slices
cannot be seen, and are named beside them in ``listed_in``. Matching pods that stand in no list
(no address yet, finished, terminating) follow, so that every pod of the selector has its row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from epview.core import trouble
from epview.core.facts import Facts
from epview.core.objects import (
    ContainerStatus,
    Endpoint,
    EndpointAddress,
    EndpointPort,
    EndpointSlice,
    Key,
    ObjectReference,
    Pod,
)
from epview.core.view import Backend, BackendPort, BackendState

_TRAFFIC = (BackendState.READY, BackendState.NOT_READY, BackendState.SERVING, BackendState.TERMINATING)
"""Of twins in several slices the first of these counts, as in kube-proxy: terminating yields to living."""
_ORDER = (
    BackendState.NOT_READY,
    BackendState.PENDING,
    BackendState.SERVING,
    BackendState.TERMINATING,
    BackendState.READY,
    BackendState.FINISHED,
)


@dataclass(slots=True)
class _Row:
    """One backend while it is put together."""

    address: str
    uid: str = ""
    pod: str | None = None
    node: str = ""
    zone: str = ""
    hostname: str = ""
    state: BackendState = BackendState.NOT_READY
    sliced: bool = False
    ports: tuple[BackendPort, ...] = ()
    listed_in: dict[str, None] = field(default_factory=dict)

    def add(self, ports: tuple[BackendPort, ...]) -> None:
        if not self.ports:
            self.ports = ports
        elif ports is not self.ports and ports != self.ports:
            self.ports = _sorted({*self.ports, *ports})


def backends(facts: Facts) -> tuple[Backend, ...]:
    """All backends, what needs a look first, then by address and pod name."""
    rows: dict[tuple[str, str], _Row] = {}
    for endpoint, slice_ in facts.sliced:
        _take_endpoint(rows, endpoint, slice_)
    for address, ready, ports in facts.listed:
        _take_address(rows, facts, address, ready=ready, ports=ports)
    pods = {pod.metadata.name: pod for pod in facts.matching}
    found = [(_pod_of(facts, row, pods), row) for row in rows.values()]
    known = {pod.metadata.name for pod, _ in found if pod is not None}
    made = [_backend(facts, row, pod) for pod, row in found]
    made += [_unlisted(facts, pod) for name, pod in pods.items() if name not in known]
    return tuple(sorted(made, key=lambda b: (_ORDER.index(b.state), b.pod or "", len(b.address), b.address)))


def _pod_of(facts: Facts, row: _Row, pods: dict[str, Pod]) -> Pod | None:
    """The living pod that a row names, by uid too where it tells one; with a selector only a matching one."""
    if row.pod is None:
        return None
    pod = pods.get(row.pod)
    if not facts.selector:
        pod = facts.world.pods.get(Key(facts.key.namespace, row.pod))
    return pod if pod is not None and row.uid in ("", pod.metadata.uid) else None


def _row(rows: dict[tuple[str, str], _Row], address: str, ref: ObjectReference | None) -> _Row:
    name, uid = (ref.name, ref.uid) if ref and ref.kind == "Pod" else ("", "")
    return rows.setdefault((address, uid or name), _Row(address, uid, name or None))


def _take_endpoint(rows: dict[tuple[str, str], _Row], endpoint: Endpoint, slice_: EndpointSlice) -> None:
    for address in (endpoint.addresses or ())[:1]:  # kube-proxy uses the first address only
        row = _row(rows, address, endpoint.target_ref)
        row.node = endpoint.node_name or row.node
        row.zone = endpoint.zone or row.zone
        row.hostname = endpoint.hostname or row.hostname
        state = _state(endpoint)
        if not row.sliced or _TRAFFIC.index(state) < _TRAFFIC.index(row.state):
            row.state = state
        row.sliced = True
        row.add(_ports(slice_.ports))
        row.listed_in[f"EndpointSlice/{slice_.metadata.name}"] = None


def _state(endpoint: Endpoint) -> BackendState:
    if endpoint.ready:
        return BackendState.READY
    if endpoint.terminating:
        return BackendState.SERVING if endpoint.serving else BackendState.TERMINATING
    return BackendState.NOT_READY


def _take_address(
    rows: dict[tuple[str, str], _Row],
    facts: Facts,
    address: EndpointAddress,
    *,
    ready: bool,
    ports: tuple[EndpointPort, ...],
) -> None:
    row = _row(rows, address.ip, address.target_ref)
    row.node = row.node or address.node_name or ""
    row.hostname = row.hostname or address.hostname
    if not row.sliced:
        row.state = BackendState.READY if ready else BackendState.NOT_READY
    row.add(_ports(ports))
    row.listed_in[f"Endpoints/{facts.key.name}"] = None


@lru_cache(maxsize=1024)
def _ports(ports: tuple[EndpointPort, ...] | None) -> tuple[BackendPort, ...]:
    """The same object for the same ports: a Service's backends all share it."""
    return _sorted(
        {
            BackendPort(name=p.name or "", port=p.port, protocol=p.protocol or "TCP")
            for p in ports or ()
            if p.port is not None
        }
    )


def _sorted(ports: Iterable[BackendPort]) -> tuple[BackendPort, ...]:
    return tuple(sorted(ports, key=lambda p: (p.name, p.port, p.protocol)))


def _backend(facts: Facts, row: _Row, pod: Pod | None) -> Backend:
    state, reason = row.state, ""
    if state is BackendState.READY:
        reason = _unreachable(facts, row)
        state = BackendState.NOT_READY if reason else state
    ports = row.ports
    if pod is None:
        return Backend(
            address=row.address,
            ports=ports,
            state=state,
            pod=row.pod,
            pod_uid=row.uid,
            node=row.node,
            zone=row.zone,
            hostname=row.hostname,
            reason=(_gone(facts) if row.pod and facts.sees("pods") else "") or reason,
            listed_in=tuple(row.listed_in),
        )
    return _of_pod(facts, pod, row, state, ports, reason)


def _unreachable(facts: Facts, row: _Row) -> str:
    """Why kube-proxy sends nothing to an address that is listed as ready; ``""`` where it does."""
    if not row.ports and facts.service.spec.ports:
        return "no port of the Service resolves in this pod"
    if not row.sliced and facts.sees("endpointslices"):
        return "in no EndpointSlice: kube-proxy does not see it"
    return ""


def _gone(facts: Facts) -> str:
    return "none of the selector's pods" if facts.selector else "its pod is gone"


def _of_pod(
    facts: Facts, pod: Pod, row: _Row, state: BackendState, ports: tuple[BackendPort, ...], reason: str
) -> Backend:
    causes = trouble.causes(facts).get(pod.key, ())
    probe = next((cause.probe for cause in causes if cause.probe), None) if causes else None
    node = facts.node(pod)
    return Backend(
        address=row.address,
        ports=ports,
        state=state,
        pod=pod.metadata.name,
        pod_uid=pod.metadata.uid,
        node=row.node or pod.spec.node_name,
        zone=row.zone or (node.zone if node else ""),
        hostname=row.hostname,
        since=pod.metadata.deletion_timestamp if pod.terminating else pod.ready_changed,
        restarts=sum(s.restart_count for s in (*pod.status.container_statuses, *_sidecar_statuses(pod))),
        reason=reason or (causes[0].words if causes else ""),
        failing_probe=probe,
        listed_in=tuple(row.listed_in),
    )


def _sidecar_statuses(pod: Pod) -> list[ContainerStatus]:
    if not pod.status.init_container_statuses:
        return []
    names = {container.name for container in pod.spec.sidecars}
    return [s for s in pod.status.init_container_statuses if s.name in names]


def _unlisted(facts: Facts, pod: Pod) -> Backend:
    """A matching pod in no list: finished, without address, going, or not taken up (yet)."""
    reason = ""
    if pod.finished:
        state, reason = BackendState.FINISHED, pod.status.reason or pod.status.phase
    elif pod.terminating:
        state = BackendState.TERMINATING
    elif not pod.ips:
        state = BackendState.PENDING
    else:
        state = BackendState.NOT_READY
        if pod.ready and (facts.sees("endpoints") or facts.sees("endpointslices")):
            reason = "ready, but in no Endpoints and no EndpointSlice"
    row = _Row(next(iter(pod.ips), ""))
    return _of_pod(facts, pod, row, state, (), reason)
