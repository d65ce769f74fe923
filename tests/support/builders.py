"""Small clusters for tests: API objects as plain trees, the controllers' work added, one View out of it.

Trees are what the API server would send, so the same ones serve the world, files and JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from epview.core import controllers
from epview.core.changes import Change, Put
from epview.core.facts import Facts
from epview.core.moment import Moment
from epview.core.objects import (
    BY_KIND,
    KINDS,
    MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SERVICE_NAME_LABEL,
    SLICE_CONTROLLER,
    Endpoints,
    EndpointSlice,
    EndpointsMeta,
    Key,
    Object,
    WrittenMeta,
)
from epview.core.projector import Projector
from epview.core.view import Phase, ResourceState, ServiceView, SourceInfo, View
from epview.core.world import World
from epview.sources.decode import convert_object

Tree = dict[str, Any]

NOW = datetime(2026, 1, 15, 12, 0, 0, tzinfo=UTC)
INFO = SourceInfo(kind="files")


def ago(seconds: float, now: datetime = NOW) -> str:
    """The time so many seconds before ``now``, as the API writes it."""
    return (now - timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")


# -- objects ---------------------------------------------------------------------------------------


def meta(kind: str, name: str, namespace: str = "shop", **more: Any) -> Tree:
    uid = f"{kind}/{namespace}/{name}"
    return {"name": name, "namespace": namespace, "uid": uid, "creationTimestamp": ago(86400), **more}


def service(
    name: str = "web",
    namespace: str = "shop",
    *,
    selector: Mapping[str, str] | None = None,
    ports: Sequence[Tree] | None = None,
    metadata: Tree | None = None,
    **spec: Any,
) -> Tree:
    """A ClusterIP Service on port 80 → 8080; ``selector={}`` makes one without selector."""
    wanted = {"app": name} if selector is None else dict(selector)
    body: Tree = {
        "type": "ClusterIP",
        "clusterIP": "10.96.0.10",
        "ipFamilies": ["IPv4"],
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}] if ports is None else list(ports),
        **({"selector": wanted} if wanted else {}),
        **spec,
    }
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta("Service", name, namespace, **(metadata or {})),
        "spec": body,
    }


def http_get(path: str = "/healthz", port: int | str = 8080, **timing: int) -> Tree:
    return {"httpGet": {"path": path, "port": port, "scheme": "HTTP"}, **timing}


def pod(
    name: str = "web-1",
    namespace: str = "shop",
    *,
    labels: Mapping[str, str] | None = None,
    ready: bool = True,
    ips: Sequence[str] = ("10.244.1.1",),
    node: str = "node-a",
    ports: Sequence[Tree] | None = None,
    readiness: Tree | None = None,
    startup: Tree | None = None,
    state: Tree | None = None,
    last_state: Tree | None = None,
    started: bool | None = True,
    running_for: float = 3600,
    changed: float = 3600,
    restarts: int = 0,
    phase: str = "Running",
    conditions: Sequence[Tree] | None = None,
    spec: Tree | None = None,
    status: Tree | None = None,
    metadata: Tree | None = None,
) -> Tree:
    """A pod with one container ``app``, running for an hour; ``changed``: seconds since Ready changed."""
    container: Tree = {
        "name": "app",
        "image": "registry.example/app:1",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}] if ports is None else ports,
    }
    if readiness is not None:
        container["readinessProbe"] = readiness
    if startup is not None:
        container["startupProbe"] = startup
    word = "True" if ready else "False"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta("Pod", name, namespace, labels=dict(labels or {"app": "web"}), **(metadata or {})),
        "spec": {"nodeName": node, "containers": [container], **(spec or {})},
        "status": {
            "phase": phase,
            "podIP": ips[0] if ips else "",
            "podIPs": [{"ip": ip} for ip in ips],
            "startTime": ago(max(running_for, changed)),
            "conditions": [
                {"type": "Ready", "status": word, "lastTransitionTime": ago(changed)},
                {"type": "ContainersReady", "status": word, "lastTransitionTime": ago(changed)},
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(changed)},
            ]
            if conditions is None
            else list(conditions),
            "containerStatuses": [
                {
                    "name": "app",
                    "ready": ready,
                    "started": started,
                    "restartCount": restarts,
                    "state": state or {"running": {"startedAt": ago(running_for)}},
                    "lastState": last_state or {},
                }
            ],
            **(status or {}),
        },
    }


def unhealthy(
    about: Tree, message: str, *, seen: float = 5, first: float = 300, count: int = 3, container: str = "app"
) -> Tree:
    """The kubelet's event about a probe; an empty ``container`` leaves the field path out."""
    at = about["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": meta("Event", f"{at['name']}.{abs(hash(message)) % 10**8}.{int(seen)}", at["namespace"]),
        "involvedObject": {
            "kind": about["kind"],
            "namespace": at["namespace"],
            "name": at["name"],
            "uid": at["uid"],
            **({"fieldPath": f"spec.containers{{{container}}}"} if container else {}),
        },
        "type": "Warning",
        "reason": "Unhealthy",
        "message": message,
        "count": count,
        "firstTimestamp": ago(first),
        "lastTimestamp": ago(seen),
    }


def endpoints(
    name: str = "web",
    namespace: str = "shop",
    *,
    ready: Sequence[str] = (),
    not_ready: Sequence[str] = (),
    ports: Sequence[Tree] = ({"name": "http", "port": 8080, "protocol": "TCP"},),
    subsets: Sequence[Tree] | None = None,
    **metadata: Any,
) -> Tree:
    subset: Tree = {"ports": list(ports)}
    if ready:
        subset["addresses"] = [{"ip": ip} for ip in ready]
    if not_ready:
        subset["notReadyAddresses"] = [{"ip": ip} for ip in not_ready]
    made = [subset] if ready or not_ready else []
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": meta("Endpoints", name, namespace, **metadata),
        "subsets": list(subsets) if subsets is not None else made,
    }


def endpoint_slice(
    name: str,
    service_name: str = "web",
    namespace: str = "shop",
    *,
    manager: str = "",
    endpoints: Sequence[Tree] = (),
    ports: Sequence[Tree] | None = ({"name": "http", "port": 8080, "protocol": "TCP"},),
    address_type: str = "IPv4",
    **metadata: Any,
) -> Tree:
    labels = {SERVICE_NAME_LABEL: service_name, **({MANAGED_BY_LABEL: manager} if manager else {})}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta("EndpointSlice", name, namespace, labels=labels, **metadata),
        "addressType": address_type,
        "endpoints": list(endpoints),
        "ports": None if ports is None else list(ports),
    }


def endpoint(*addresses: str, pod: Tree | None = None, **conditions: bool) -> Tree:
    made: Tree = {"addresses": list(addresses), "conditions": conditions}
    if pod is not None:
        at = pod["metadata"]
        made["targetRef"] = {
            "kind": "Pod",
            "namespace": at["namespace"],
            "name": at["name"],
            "uid": at["uid"],
        }
    return made


def node(name: str = "node-a", *, ready: str = "True", zone: str = "", unschedulable: bool = False) -> Tree:
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"Node/{name}", "labels": labels},
        "spec": {"unschedulable": unschedulable},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "KubeletReady"}]},
    }


# -- a View of them --------------------------------------------------------------------------------


def build(tree: Mapping[str, Any]) -> Object:
    found = convert_object(BY_KIND[tree["kind"]], dict(tree))
    assert found is not None, tree
    return found


def put(tree: Mapping[str, Any]) -> Put:
    return Put(tree["kind"], build(tree))


def drop_key(tree: Mapping[str, Any]) -> Key:
    at = tree["metadata"]
    return Key(at.get("namespace", ""), at["name"])


def states(blind: Collection[str] = (), phase: Phase = Phase.FORBIDDEN) -> list[ResourceState]:
    """Every resource LIVE, those in ``blind`` in ``phase``."""
    return [
        ResourceState(resource=kind.resource, phase=phase if kind.resource in blind else Phase.LIVE)
        for kind in KINDS
    ]


def controllers_work(trees: Iterable[Mapping[str, Any]]) -> Iterator[Put]:
    """What the controllers write for Services of which the trees hold neither Endpoints nor slices."""
    world = World()
    for tree in trees:
        world.apply(put(tree))
    for key, found in world.services.items():
        by_hand = world.endpoints.get(key)
        groups: Sequence[controllers.SliceGroup] = ()
        manager = SLICE_CONTROLLER
        if world.slices_of(key):
            continue
        if by_hand is not None:
            manager = MIRRORING_CONTROLLER
            if not controllers.not_mirrored_because(found, by_hand):
                groups = controllers.mirrored(by_hand)
        elif controllers.reconciled(found):
            nodes = {k.name: n for k, n in world.nodes.items()} or None
            made = controllers.expected(found, world.pods_of(key), nodes)
            groups = made.slices
            meta_ = EndpointsMeta(name=key.name, namespace=key.namespace, uid=f"Endpoints/{key}")
            yield Put("Endpoints", Endpoints(metadata=meta_, subsets=made.subsets or None))
        for number, group in enumerate(groups):
            labels = {SERVICE_NAME_LABEL: key.name, MANAGED_BY_LABEL: manager}
            name = f"{key.name}-{number}"
            slice_meta = WrittenMeta(
                name=name, namespace=key.namespace, uid=f"EndpointSlice/{name}", labels=labels
            )
            yield Put(
                "EndpointSlice",
                EndpointSlice(
                    metadata=slice_meta,
                    address_type=group.address_type,
                    endpoints=group.endpoints or None,
                    ports=group.ports,
                ),
            )


def changes(
    trees: Sequence[Mapping[str, Any]], *, blind: Collection[str] = (), controlled: bool = True
) -> list[Change]:
    """Puts of all objects (and of the controllers' ones), without the kinds in ``blind``; the states last."""
    puts = [put(tree) for tree in trees]
    if controlled:
        puts += controllers_work(trees)
    seen = [p for p in puts if BY_KIND[p.kind].resource not in blind]
    return [*seen, *states(blind)]


def projector(
    trees: Sequence[Mapping[str, Any]], *, blind: Collection[str] = (), controlled: bool = True
) -> Projector:
    made = Projector()
    made.apply(changes(trees, blind=blind, controlled=controlled))
    return made


def view(
    trees: Sequence[Mapping[str, Any]],
    *,
    now: datetime = NOW,
    blind: Collection[str] = (),
    controlled: bool = True,
) -> View:
    return projector(trees, blind=blind, controlled=controlled).project(now, INFO)


def judged(trees: Sequence[Mapping[str, Any]], name: str = "shop/web", **how: Any) -> ServiceView:
    """The view of one Service in the small cluster."""
    namespace, _, short = name.rpartition("/")
    return view(trees, **how).services[Key(namespace, short)]


def facts(
    trees: Sequence[Mapping[str, Any]],
    name: str = "shop/web",
    *,
    now: datetime = NOW,
    controlled: bool = True,
) -> Facts:
    world = projector(trees, controlled=controlled).world
    namespace, _, short = name.rpartition("/")
    return Facts(world, world.services[Key(namespace, short)], Moment(now))


def raised(service_view: ServiceView) -> set[str]:
    return {finding.rule for finding in service_view.findings}


def folded(service_view: ServiceView) -> set[str]:
    return {finding.rule for finding in service_view.findings if finding.folded}


def plain(value: Any) -> Any:
    """A Struct as plain values, for comparing and for printing differences."""
    return msgspec.to_builtins(value)
