"""What Kubernetes said: the API objects epview reads, reduced to the fields it uses.

Every Struct decodes straight from the JSON of the API server; unknown fields are skipped, every
field has a default, so an object with holes still decodes. Names are the API's own in snake_case.
Times are aware datetimes in UTC as the API writes them (RFC 3339). Env values, Secret data and
annotations other than the ones named here are never decoded, so they cannot leak.

Sources: the Kubernetes API reference, core/v1 and discovery.k8s.io/v1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct, field


class Key(NamedTuple):
    """Identity of an object within its kind: ``("shop", "checkout")``; cluster-scoped ones have ``""``."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Api(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Base of every Struct here: immutable, camelCase on the wire, never part of a cycle."""


# -- metadata ---------------------------------------------------------------------------------


class OwnerReference(Api, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class ManagedFields(Api, frozen=True):
    """Who last wrote the object through which manager (``kubectl-create``, ``helm``, …)."""

    manager: str = ""
    operation: str = ""
    time: datetime | None = None


class Annotations(Api, frozen=True):
    """The only annotations that are ever decoded (presence matters more than the value)."""

    leader: str | None = field(default=None, name="control-plane.alpha.kubernetes.io/leader")
    over_capacity: str | None = field(default=None, name="endpoints.kubernetes.io/over-capacity")
    last_change_trigger_time: str | None = field(
        default=None, name="endpoints.kubernetes.io/last-change-trigger-time"
    )


NO_ANNOTATIONS: Final = Annotations()


class ObjectMeta(Api, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)


class WrittenMeta(ObjectMeta, frozen=True):
    """Metadata of the objects whose author matters: Services, Endpoints, EndpointSlices."""

    annotations: Annotations = NO_ANNOTATIONS
    managed_fields: tuple[ManagedFields, ...] = ()


class Object(Api, frozen=True):
    """What every watched object has."""

    metadata: ObjectMeta = ObjectMeta()

    @property
    def key(self) -> Key:
        return self.metadata.key


class ObjectReference(Api, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class Condition(Api, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


# -- Service ----------------------------------------------------------------------------------


class ServicePort(Api, frozen=True):
    name: str = ""
    port: int = 0
    protocol: str = "TCP"
    target_port: int | str = 0
    node_port: int | None = None
    app_protocol: str | None = None

    @property
    def target(self) -> int | str:
        """``targetPort``, or ``port`` where it is 0 or empty (core/v1 defaulting)."""
        return self.target_port or self.port


class ClientIPConfig(Api, frozen=True):
    timeout_seconds: int = 10800  # core/v1 defaulting


class SessionAffinityConfig(Api, frozen=True):
    client_ip: ClientIPConfig = field(default=ClientIPConfig(), name="clientIP")


class ServiceSpec(Api, frozen=True):
    type: str = "ClusterIP"
    cluster_ip: str = field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = field(default=(), name="clusterIPs")
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] = ()
    external_name: str = ""
    external_ips: tuple[str, ...] = field(default=(), name="externalIPs")
    load_balancer_ip: str = field(default="", name="loadBalancerIP")
    load_balancer_class: str | None = None
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    session_affinity: str = "None"
    session_affinity_config: SessionAffinityConfig = SessionAffinityConfig()
    publish_not_ready_addresses: bool = False
    internal_traffic_policy: str = "Cluster"
    external_traffic_policy: str = "Cluster"
    traffic_distribution: str | None = None


class LoadBalancerIngress(Api, frozen=True):
    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Api, frozen=True):
    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Api, frozen=True):
    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Object, frozen=True):
    metadata: WrittenMeta = WrittenMeta()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        return self.spec.cluster_ip == "None"

    @property
    def selector(self) -> dict[str, str]:
        """The selector; ``{}`` for none. Storage turns ``{}`` into nothing, so both mean "no selector"."""
        return self.spec.selector or {}

    @property
    def families(self) -> tuple[str, ...]:
        """``ipFamilies``; guessed from the cluster IPs where a manifest does not carry them, else IPv4."""
        return self.spec.ip_families or self._families_of_ips or ("IPv4",)

    @property
    def families_known(self) -> bool:
        """False for a manifest that leaves them to the cluster."""
        return bool(self.spec.ip_families or self._families_of_ips)

    @property
    def _families_of_ips(self) -> tuple[str, ...]:
        ips = self.spec.cluster_ips or ((self.spec.cluster_ip,) if self.spec.cluster_ip else ())
        return tuple(ip_family(ip) for ip in ips if ip != "None")


# -- Endpoints --------------------------------------------------------------------------------


class EndpointPort(Api, frozen=True):
    """A port of a subset or a slice. ``name`` is the Service port's name; null reads as ``""``."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = "TCP"
    app_protocol: str | None = None


class EndpointAddress(Api, frozen=True):
    ip: str = ""
    hostname: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointSubset(Api, frozen=True):
    addresses: tuple[EndpointAddress, ...] | None = None
    not_ready_addresses: tuple[EndpointAddress, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None


class Endpoints(Object, frozen=True):
    metadata: WrittenMeta = WrittenMeta()
    subsets: tuple[EndpointSubset, ...] | None = None


# -- EndpointSlice ----------------------------------------------------------------------------


class EndpointConditions(Api, frozen=True):
    """Null ``ready`` and ``serving`` read as true, null ``terminating`` as false (discovery/v1)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForZone(Api, frozen=True):
    name: str = ""


class EndpointHints(Api, frozen=True):
    for_zones: tuple[ForZone, ...] | None = None
    for_nodes: tuple[ForZone, ...] | None = None


class Endpoint(Api, frozen=True):
    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions = EndpointConditions()
    hostname: str | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: ObjectReference | None = None
    hints: EndpointHints | None = None

    @property
    def ready(self) -> bool:
        return self.conditions.ready is not False

    @property
    def serving(self) -> bool:
        return self.conditions.serving is not False

    @property
    def terminating(self) -> bool:
        return self.conditions.terminating is True


SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
MANAGED_BY_LABEL: Final = "endpointslice.kubernetes.io/managed-by"
ENDPOINTS_MANAGED_BY_LABEL: Final = "endpoints.kubernetes.io/managed-by"
SKIP_MIRROR_LABEL: Final = "endpointslice.kubernetes.io/skip-mirror"
SLICE_CONTROLLER: Final = "endpointslice-controller.k8s.io"
MIRRORING_CONTROLLER: Final = "endpointslicemirroring-controller.k8s.io"


class EndpointSlice(Object, frozen=True):
    metadata: WrittenMeta = WrittenMeta()
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None

    @property
    def service_name(self) -> str:
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")

    @property
    def managed_by(self) -> str:
        return self.metadata.labels.get(MANAGED_BY_LABEL, "")


# -- Pod --------------------------------------------------------------------------------------


class HTTPGetAction(Api, frozen=True):
    path: str = "/"
    port: int | str = 0
    host: str = ""
    scheme: str = "HTTP"


class TCPSocketAction(Api, frozen=True):
    port: int | str = 0
    host: str = ""


class ExecAction(Api, frozen=True):
    command: tuple[str, ...] = ()


class GRPCAction(Api, frozen=True):
    port: int = 0
    service: str | None = None


class Probe(Api, frozen=True):
    """A probe with the API's defaults (core/v1 defaulting); seconds throughout."""

    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    exec: ExecAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3


class ContainerPort(Api, frozen=True):
    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"
    host_port: int | None = None
    host_ip: str = field(default="", name="hostIP")


class Container(Api, frozen=True):
    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str | None = None
    startup_probe: Probe | None = None
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None


class ReadinessGate(Api, frozen=True):
    condition_type: str = ""


class PodSpec(Api, frozen=True):
    node_name: str = ""
    host_network: bool = False
    hostname: str = ""
    subdomain: str = ""
    restart_policy: str = "Always"
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    readiness_gates: tuple[ReadinessGate, ...] = ()

    @property
    def sidecars(self) -> tuple[Container, ...]:
        """Restartable init containers: they run for the pod's life and are probed like the others."""
        return tuple(c for c in self.init_containers if c.restart_policy == "Always")


class StateRunning(Api, frozen=True):
    started_at: datetime | None = None


class StateWaiting(Api, frozen=True):
    reason: str = ""
    message: str = ""


class StateTerminated(Api, frozen=True):
    reason: str = ""
    message: str = ""
    exit_code: int = 0
    signal: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Api, frozen=True):
    running: StateRunning | None = None
    waiting: StateWaiting | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(Api, frozen=True):
    name: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIP(Api, frozen=True):
    ip: str = ""


class PodStatus(Api, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = field(default=(), name="podIPs")
    host_ip: str = field(default="", name="hostIP")
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def condition(self, type_: str) -> Condition | None:
        return next((c for c in self.status.conditions if c.type == type_), None)

    @property
    def ready(self) -> bool:
        """The Ready condition is True: the one thing the endpoint controllers look at."""
        condition = self.condition("Ready")
        return condition is not None and condition.status == "True"

    @property
    def finished(self) -> bool:
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def terminating(self) -> bool:
        return self.metadata.deletion_timestamp is not None

    @property
    def ips(self) -> tuple[str, ...]:
        """``status.podIPs`` only, as the endpoint controllers read it."""
        return tuple(p.ip for p in self.status.pod_ips if p.ip)


# -- Event, Node, Namespace -------------------------------------------------------------------


class EventSeries(Api, frozen=True):
    count: int = 0
    last_observed_time: datetime | None = None


class EventSource(Api, frozen=True):
    component: str = ""
    host: str = ""


class Event(Object, frozen=True):
    """A core/v1 Event, in either of its two spellings (client-go tools/record, events.k8s.io)."""

    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
    source: EventSource | None = None
    reporting_component: str = ""

    @property
    def last_seen(self) -> datetime | None:
        series = self.series.last_observed_time if self.series else None
        return (
            series
            or self.last_timestamp
            or self.event_time
            or self.first_timestamp
            or self.metadata.creation_timestamp
        )

    @property
    def first_seen(self) -> datetime | None:
        return self.first_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def times(self) -> int:
        """How often it happened, at least: the recorder drops repeats beyond its rate limit."""
        return (self.series.count if self.series else 0) or self.count or 1


class NodeAddress(Api, frozen=True):
    type: str = ""
    address: str = ""


class NodeSpec(Api, frozen=True):
    unschedulable: bool = False


class NodeStatus(Api, frozen=True):
    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()


ZONE_LABEL: Final = "topology.kubernetes.io/zone"


class Node(Object, frozen=True):
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def zone(self) -> str:
        return self.metadata.labels.get(ZONE_LABEL, "")


class NamespaceStatus(Api, frozen=True):
    phase: str = ""


class Namespace(Object, frozen=True):
    status: NamespaceStatus = NamespaceStatus()


# -- the kinds --------------------------------------------------------------------------------


class Kind(Struct, frozen=True):
    """A watched kind: where the API serves it and which Struct reads it. One line makes a kind.

    ``required`` kinds decide reachability: without one of them epview says so in every verdict.
    """

    kind: str
    resource: str
    api: str
    struct: type[Object]
    namespaced: bool = True
    required: bool = True

    @property
    def version(self) -> str:
        """The ``apiVersion`` of its objects."""
        return self.api.removeprefix("/apis/").removeprefix("/api/")

    def path(self, namespace: str | None = None, name: str = "") -> str:
        """The URL path of the collection (``namespace=None``: all namespaces) or of one object."""
        scope = f"/namespaces/{namespace}" if namespace is not None and self.namespaced else ""
        return f"{self.api}{scope}/{self.resource}" + (f"/{name}" if name else "")


KINDS: Final[tuple[Kind, ...]] = (
    Kind("Service", "services", "/api/v1", Service),
    Kind("Endpoints", "endpoints", "/api/v1", Endpoints),
    Kind("EndpointSlice", "endpointslices", "/apis/discovery.k8s.io/v1", EndpointSlice),
    Kind("Pod", "pods", "/api/v1", Pod),
    Kind("Event", "events", "/api/v1", Event),
    Kind("Node", "nodes", "/api/v1", Node, namespaced=False, required=False),
    Kind("Namespace", "namespaces", "/api/v1", Namespace, namespaced=False, required=False),
)
BY_KIND: Final[dict[str, Kind]] = {kind.kind: kind for kind in KINDS}
BY_RESOURCE: Final[dict[str, Kind]] = {kind.resource: kind for kind in KINDS}


def ip_family(address: str) -> str:
    """``IPv4`` or ``IPv6``, by the colon: enough for addresses that the API server validated."""
    return "IPv6" if ":" in address else "IPv4"
