"""NetworkPolicy (networking.k8s.io/v1), its ingress half: what may come in to the pods it selects."""

from __future__ import annotations

from msgspec import field

from epview.core.objects.meta import Api, Object
from epview.core.objects.selector import LabelSelector


class IPBlock(Api, frozen=True):
    cidr: str = ""
    except_: tuple[str, ...] = field(default=(), name="except")


class NetworkPolicyPeer(Api, frozen=True):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(Api, frozen=True):
    """``port``: a number, the name of a container port, or None for all; ``end_port`` closes a range."""

    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


class NetworkPolicyIngressRule(Api, frozen=True):
    """No ``ports``: all of them. No ``peers`` (``from``): everybody."""

    ports: tuple[NetworkPolicyPort, ...] = ()
    peers: tuple[NetworkPolicyPeer, ...] = field(default=(), name="from")


class NetworkPolicySpec(Api, frozen=True):
    """``policy_types`` absent means Ingress (the API defaults it so); no ``ingress`` rule lets nobody in."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ("Ingress",)
    ingress: tuple[NetworkPolicyIngressRule, ...] = ()


class NetworkPolicy(Object, frozen=True):
    spec: NetworkPolicySpec = NetworkPolicySpec()
