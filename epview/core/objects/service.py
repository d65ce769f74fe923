"""Service, as core/v1 has it."""

from __future__ import annotations

from msgspec import field

from epview.core.objects.meta import Api, Object, WrittenMeta, ip_family


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
