"""Pod with its containers, probes and status, as core/v1 has them."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from msgspec import field

from epview.core.objects.meta import Api, Condition, Object


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
        if not self.init_containers:
            return ()
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


class Pod(Object, frozen=True, dict=True, gc=True):
    """What follows from it alone is worked out once: of ten pods behind a Service nine did not change."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def condition(self, type_: str) -> Condition | None:
        for condition in self.status.conditions:
            if condition.type == type_:
                return condition
        return None

    @cached_property
    def ready(self) -> bool:
        """The Ready condition is True: the one thing the endpoint controllers look at."""
        condition = self.condition("Ready")
        return condition is not None and condition.status == "True"

    @property
    def ready_changed(self) -> datetime | None:
        """When the Ready condition last changed."""
        condition = self.condition("Ready")
        return condition.last_transition_time if condition else None

    @property
    def finished(self) -> bool:
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def terminating(self) -> bool:
        return self.metadata.deletion_timestamp is not None

    @cached_property
    def ips(self) -> tuple[str, ...]:
        """``status.podIPs`` only, as the endpoint controllers read it."""
        return tuple(p.ip for p in self.status.pod_ips if p.ip)

    @cached_property
    def probed(self) -> tuple[tuple[Container, ContainerStatus | None], ...]:
        """The containers that take part in readiness (sidecars too) with their status, if there is one."""
        status = self.status
        known = {s.name: s for s in (*status.init_container_statuses, *status.container_statuses)}
        return tuple((c, known.get(c.name)) for c in (*self.spec.sidecars, *self.spec.containers))
