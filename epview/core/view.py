"""The view model: frozen values that screens and reports show without thinking.

Made by `join`, never changed afterwards. Times are aware datetimes in UTC; ages are left to the
one who shows them, since a value must not change just because a second passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from epview.core.objects import Key


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return _SEVERITIES.index(self)


_SEVERITIES: Final = tuple(Severity)


class Health(StrEnum):
    """Of a Service, worst first: its worst unfolded finding; UNKNOWN where epview is blind."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"
    INFO = "info"
    OK = "ok"

    @property
    def rank(self) -> int:
        return _HEALTHS.index(self)


_HEALTHS: Final = tuple(Health)


class BackedBy(StrEnum):
    """Who provides the addresses of a Service."""

    SELECTOR = "selector"
    MANUAL = "manual"  # no selector; Endpoints or EndpointSlices written by hand
    CONTROLLER = "controller"  # no selector; slices that another controller manages
    EXTERNAL = "external"  # type ExternalName
    NOTHING = "nothing"


class BackendState(StrEnum):
    READY = "ready"
    NOT_READY = "notReady"
    SERVING = "serving"  # terminating, still answers
    TERMINATING = "terminating"
    PENDING = "pending"  # a matching pod without an address
    FINISHED = "finished"  # phase Succeeded or Failed

    @property
    def words(self) -> str:
        return _STATE_WORDS[self]


_STATE_WORDS: Final = {
    BackendState.READY: "ready",
    BackendState.NOT_READY: "not ready",
    BackendState.SERVING: "terminating, still serving",
    BackendState.TERMINATING: "terminating",
    BackendState.PENDING: "no address yet",
    BackendState.FINISHED: "finished",
}


class Frozen(Struct, frozen=True, kw_only=True):
    """Base of the values below."""


class Evidence(Frozen, frozen=True):
    """One fact behind a finding: ``Pod/shop/web-1`` · ``status.phase`` · ``Pending``."""

    object: str
    field: str
    value: str


class Finding(Frozen, frozen=True):
    """A rule's raised verdict about one Service (or about an object without a Service).

    ``message`` is one sentence, complete without the others. ``remedy`` holds shell commands, names
    quoted, never run by epview. ``objects`` are ``Kind/namespace/name``. ``folded``: a consequence or
    a detail of an earlier finding. ``in_progress``: expected to pass by itself until ``until``.
    ``rank``: its place in the order of headlines where it is not its rule's.
    """

    rule: str
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...] = ()
    remedy: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    folded: bool = False
    in_progress: bool = False
    until: datetime | None = None
    rank: tuple[int, int] | None = None


class FailingProbe(Frozen, frozen=True):
    """The probe that keeps a pod from being ready, and what is known of its last failure.

    ``probe`` is worded as ``kubectl describe`` does. ``count`` is a lower bound (kubelet rate limits
    and deduplicates); 0 and no ``message`` mean: failing by its effect, no event seen.
    """

    kind: str  # readiness, startup, liveness
    container: str
    probe: str
    message: str = ""
    count: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class BackendPort(Frozen, frozen=True):
    """``name`` is the Service port's name, as in Endpoints and EndpointSlices; ``""`` for none."""

    name: str
    port: int
    protocol: str


class Backend(Frozen, frozen=True):
    """One address behind a Service, or one matching pod that has none (yet).

    ``reason`` says in a few words why it is not ready (``CrashLoopBackOff, exit 1``), else ``""``.
    ``since`` is when the pod's Ready condition last changed. ``listed_in`` names the objects that
    carry the address: ``Endpoints/checkout``, ``EndpointSlice/checkout-x7k2p``.
    """

    address: str
    ports: tuple[BackendPort, ...]
    state: BackendState
    pod: str | None = None
    pod_uid: str = ""
    node: str = ""
    zone: str = ""
    hostname: str = ""
    since: datetime | None = None
    restarts: int | None = None
    reason: str = ""
    failing_probe: FailingProbe | None = None
    listed_in: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Stable identity of the row: the address may be shared by two pods, a pod may have two."""
        return (self.pod_uid or self.pod or "", self.address)


class PortView(Frozen, frozen=True):
    """One port of the Service spec. ``resolved``: the distinct numbers it leads to, sorted."""

    name: str
    port: int
    protocol: str
    target_port: int | str
    node_port: int | None = None
    app_protocol: str | None = None
    resolved: tuple[int, ...] = ()
    ready: int = 0  # addresses that kube-proxy can use for this very port


class HopState(StrEnum):
    OK = "ok"
    BROKEN = "broken"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"


class Hop(Frozen, frozen=True):
    """One step on the way of a request: ``what`` (``DNS``), its ``text``, and whether it carries."""

    what: str
    text: str
    state: HopState = HopState.OK


class ServiceView(Frozen, frozen=True):
    """Everything epview knows about one Service.

    ``ready`` counts backends in state ready, ``not_ready`` those in state notReady or pending,
    ``terminating`` the serving and terminating ones; finished pods count nowhere.
    ``gaps`` names the resources that a verdict needed and epview could not see (``"events"``);
    ``unknown_rules`` the rules that could therefore not be judged. ``loading`` is true until the
    lists it depends on are complete. ``recheck_at``: when the verdict may change by time alone.
    """

    key: Key
    uid: str = ""
    type: str = "ClusterIP"
    created: datetime | None = None
    labels: Mapping[str, str] = MappingProxyType({})
    headless: bool = False
    cluster_ips: tuple[str, ...] = ()
    external_name: str = ""
    external_ips: tuple[str, ...] = ()
    load_balancer: tuple[str, ...] = ()
    dns_name: str = ""
    selector: Mapping[str, str] | None = None
    backed_by: BackedBy = BackedBy.NOTHING
    kept_by: str = ""  # who wrote the addresses of a Service without selector, when known
    ports: tuple[PortView, ...] = ()
    backends: tuple[Backend, ...] = ()
    path: tuple[Hop, ...] = ()
    ready: int = 0
    not_ready: int = 0
    terminating: int = 0
    health: Health = Health.UNKNOWN
    headline: Finding | None = None
    findings: tuple[Finding, ...] = ()
    gaps: tuple[str, ...] = ()
    planned: bool = False  # judged from manifests: its pods do not exist yet
    unknown_rules: tuple[str, ...] = ()
    loading: bool = False
    recheck_at: datetime | None = None

    @property
    def namespace(self) -> str:
        return self.key.namespace

    @property
    def name(self) -> str:
        return self.key.name


class Phase(StrEnum):
    """State of one resource's stream."""

    WAITING = "waiting"  # not asked yet
    LISTING = "listing"  # the first list is on its way
    LIVE = "live"  # listed, and the watch is open (or the source is complete by nature)
    POLLING = "polling"  # listed again and again, since watching is not allowed
    STALE = "stale"  # listed once, but the stream is broken; `retry_at` tells when it is tried again
    FORBIDDEN = "forbidden"  # 403
    GONE = "gone"  # the server does not serve this resource
    FAILED = "failed"  # never listed, and the last try failed
    PLANNED = "planned"  # manifests: what is asked for is known, what will become of it is not


class ResourceState(Frozen, frozen=True):
    """What a source says of one resource in one namespace (``""``: all namespaces, or cluster scope).

    ``total`` is known once the server told it (``remainingItemCount``). ``since`` is when the phase
    began, and for STALE since when the data stands. ``message`` is a sentence fit for a person.
    """

    resource: str
    namespace: str = ""
    phase: Phase = Phase.WAITING
    loaded: int = 0
    total: int | None = None
    since: datetime | None = None
    message: str = ""
    retry_at: datetime | None = None

    @property
    def usable(self) -> bool:
        """The data is complete, though perhaps of a while ago."""
        return self.phase in (Phase.LIVE, Phase.POLLING, Phase.STALE)

    @property
    def missing(self) -> bool:
        """It exists and cannot be had; what is only planned is no loss."""
        return not self.usable and self.phase is not Phase.PLANNED

    @property
    def settled(self) -> bool:
        """The first try is over, well or badly."""
        return self.phase not in (Phase.WAITING, Phase.LISTING)


class SourceInfo(Frozen, frozen=True):
    """Where the data comes from. ``kind``: cluster, files, recording or demo.

    ``namespaces`` is the scope: names, or None for all. ``notices`` are standing remarks that the
    interface shows for as long as they hold (``TLS verification is off``).
    """

    kind: str
    context: str = ""
    cluster: str = ""
    user: str = ""
    server: str = ""
    server_version: str = ""
    namespaces: tuple[str, ...] | None = None
    notices: tuple[str, ...] = ()


class NamespaceView(Frozen, frozen=True):
    """A namespace with the health of its Services; counts are None where they are not in scope."""

    name: str
    phase: str = ""
    counts: Mapping[Health, int] | None = None


class View(Frozen, frozen=True):
    """One state of the whole, handed to the screens at most some ten times a second.

    ``changed`` are the Services that differ from the previous View, including those that are gone;
    ``findings`` belong to no Service. ``now`` is the server's time when it was made.
    """

    now: datetime
    revision: int
    source: SourceInfo
    services: Mapping[Key, ServiceView]
    changed: frozenset[Key] = frozenset()
    states: tuple[ResourceState, ...] = ()
    namespaces: tuple[NamespaceView, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def synced(self) -> bool:
        return bool(self.states) and all(state.settled for state in self.states)
