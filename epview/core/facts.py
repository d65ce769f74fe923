"""The facts about one Service that rules and the view share, computed once for each judgement."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Final

from epview.core import controllers, proxy
from epview.core.cause import Cause
from epview.core.history import History
from epview.core.moment import Moment
from epview.core.objects import (
    BY_RESOURCE,
    Annotations,
    Endpoint,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    Event,
    Key,
    Node,
    Pod,
    Service,
    ServicePort,
)
from epview.core.roots import Root, by_root, rolling_out
from epview.core.view import Phase
from epview.core.world import World

STUCK_AFTER: Final = 60.0
"""Seconds past its grace period in which a terminating pod may still be on its way."""


class BlindError(Exception):
    """A verdict needs a resource that epview cannot see; caught by the rule machinery.

    ``partly``: what decides reachability is seen; only an optional resource (`Kind.required`), or what
    lies outside the chosen scope, is not. That one verdict is unknown, the Service is not in the dark.
    """

    def __init__(self, resource: str, *, partly: bool = False) -> None:
        super().__init__(resource)
        self.resource = resource
        self.partly = partly


class Facts:
    """One Service in the world at one moment.

    Sets of pods, as the rules name them: ``matching`` (the selector's), of which ``finished``,
    ``terminating`` and ``active``; of the active ones ``ready`` and ``not_ready`` by their Ready
    condition. All in order of name.
    """

    def __init__(
        self, world: World, service: Service, moment: Moment, history: History | None = None
    ) -> None:
        self.world = world
        self.history = history or History()
        self.service = service
        self.key: Key = service.key
        self.moment = moment
        self.endpoints = world.endpoints.get(self.key)
        self.slices: list[EndpointSlice] = world.slices_of(self.key)
        self.selector: dict[str, str] = service.selector
        self.external: bool = service.spec.type == "ExternalName"
        self._targets: dict[tuple[str, str], tuple[proxy.Target, ...]] = {}
        self._resolved: dict[ServicePort, dict[int | None, list[Pod]]] = {}
        self._seen: dict[str, bool] = {}
        self.causes: dict[Key, tuple[Cause, ...]] | None = None  # filled by `trouble` when first asked for

    # -- what can be seen ---------------------------------------------------------------------

    def need(self, *resources: str) -> None:
        """Raise `BlindError` unless each resource is completely known for this namespace."""
        for resource in resources:
            if not self.sees(resource) and not self._as_good(resource):
                partly = self.selectorless and self.plans(resource)
                raise BlindError(resource, partly=partly or not BY_RESOURCE[resource].required)

    def need_applied(self) -> None:
        """Raise `BlindError` for a Service that only a manifest tells of: no uid, no status yet."""
        if not self.service.metadata.uid:
            raise BlindError("services", partly=True)

    def plans(self, resource: str) -> bool:
        """Only manifests tell of it: what it is to be is known, not what became of it."""
        state = self.world.state_of(resource, self.key.namespace)
        return state is not None and state.phase is Phase.PLANNED

    def _as_good(self, resource: str) -> bool:
        """Lists of addresses for a Service without selector are written by hand, in manifests too."""
        return self.selectorless and resource in ("endpoints", "endpointslices") and self.plans(resource)

    def need_everywhere(self, resource: str) -> None:
        """Raise `BlindError` unless the resource is known in all namespaces."""
        self.need(resource)
        if not self.world.sees(resource):
            raise BlindError(resource, partly=True)

    def need_live(self, *resources: str) -> None:
        """As `need`, and the stream is open: for rules on lag, which must not judge old data."""
        for resource in resources:
            if not self.world.follows(resource, self.key.namespace) and not self._as_good(resource):
                raise BlindError(resource, partly=not BY_RESOURCE[resource].required)

    def settled(self, *resources: str) -> None:
        """Raise `BlindError` while the first list of a resource is still on its way: a verdict that it may
        overturn in a moment would only flicker.
        """
        for resource in resources:
            state = self.world.state_of(resource, self.key.namespace)
            if state is not None and not state.settled:
                raise BlindError(resource)

    def sees(self, resource: str) -> bool:
        known = self._seen.get(resource)
        if known is None:
            known = self._seen[resource] = self.world.sees(resource, self.key.namespace)
        return known

    # -- the Service --------------------------------------------------------------------------

    @property
    def selectorless(self) -> bool:
        """No selector, and endpoints are expected from somebody: not ExternalName."""
        return not self.external and not self.selector

    def selects_pods(self, *, planned: bool = False) -> bool:
        """The Service has a selector that the controllers serve. Raises `BlindError` without Pods.

        ``planned``: pods that manifests only promise will do, since the rule asks how they are made, not
        how they are.
        """
        if self.external or not self.selector:
            return False
        if not self.sees("pods") and not (planned and self.plans("pods")):
            self.need("pods")
        return True

    @property
    def placeholder(self) -> bool:
        """Headless, without selector and without ports: a name that some tool keeps, with nothing to reach.

        Patroni's ``NAME-config``, for instance: its Endpoints carry annotations, never an address.
        """
        return self.selectorless and self.service.headless and not self.service.spec.ports

    @property
    def written_by_apiserver(self) -> bool:
        """``default/kubernetes``: the API server keeps its Endpoints and slice itself."""
        return self.key == ("default", "kubernetes")

    def young(self, seconds: float = 30) -> bool:
        """The Service is younger than that: its surroundings may still be on their way."""
        return not self.moment.older(self.service.metadata.creation_timestamp, seconds)

    # -- pods ---------------------------------------------------------------------------------

    @cached_property
    def matching(self) -> list[Pod]:
        return [] if self.external or not self.selector else self.world.pods_of(self.key)

    @cached_property
    def finished(self) -> list[Pod]:
        return [pod for pod in self.matching if pod.finished]

    @cached_property
    def terminating(self) -> list[Pod]:
        return [pod for pod in self.matching if not pod.finished and pod.terminating]

    @cached_property
    def stuck(self) -> list[Pod]:
        """Terminating pods well past deletionTimestamp, which already includes the grace period."""
        return [p for p in self.terminating if self.moment.older(p.metadata.deletion_timestamp, STUCK_AFTER)]

    @cached_property
    def active(self) -> list[Pod]:
        return [pod for pod in self.matching if not pod.finished and not pod.terminating]

    @cached_property
    def ready(self) -> list[Pod]:
        return [pod for pod in self.active if pod.ready]

    @cached_property
    def not_ready(self) -> list[Pod]:
        return [pod for pod in self.active if not pod.ready]

    @cached_property
    def roots(self) -> dict[Root, list[Pod]]:
        """The active pods by the workload at their root."""
        return by_root(self.world, self.active)

    @cached_property
    def rolling_out(self) -> frozenset[Key]:
        """The active pods of a new revision beside which the former one still serves."""
        return rolling_out(self.roots)

    def events(self, pod: Pod) -> list[Event]:
        """Events about this very pod (its uid), newest first."""
        return self.world.events_of(pod.metadata.uid)

    def node(self, pod: Pod) -> Node | None:
        return self.world.node(pod.spec.node_name)

    # -- addresses ----------------------------------------------------------------------------

    @cached_property
    def listed(self) -> list[tuple[EndpointAddress, bool, tuple[EndpointPort, ...]]]:
        """The Endpoints' addresses with their readiness and ports."""
        return [
            (address, ready, subset.ports or ())
            for subset in (self.endpoints.subsets if self.endpoints else None) or ()
            for addresses, ready in ((subset.addresses, True), (subset.not_ready_addresses, False))
            for address in addresses or ()
        ]

    @cached_property
    def sliced(self) -> list[tuple[Endpoint, EndpointSlice]]:
        """The slices' endpoints; FQDN slices left out, since kube-proxy takes none of them."""
        return [
            (endpoint, slice_)
            for slice_ in self.slices
            if slice_.address_type in ("IPv4", "IPv6")
            for endpoint in slice_.endpoints or ()
        ]

    @cached_property
    def ready_addresses(self) -> list[str]:
        """Ready addresses in slices or Endpoints, without repeats, in order."""
        found = [a for endpoint, _ in self.sliced if endpoint.ready for a in (endpoint.addresses or ())[:1]]
        found += [address.ip for address, ready, _ in self.listed if ready]
        return list(dict.fromkeys(found))

    def targets(self, port: ServicePort) -> tuple[proxy.Target, ...]:
        """What kube-proxy knows under a Service port, in each of the Service's IP families."""
        known = self._targets.get((port.name, port.protocol))
        if known is None:
            families = self.service.families if self.service.families_known else proxy.FAMILIES
            known = tuple(
                target
                for family in families
                for target in proxy.targets(self.service, port, self.slices, family)
            )
            self._targets[port.name, port.protocol] = known
        return known

    def usable(self, port: ServicePort) -> int:
        """How many addresses kube-proxy can use for a Service port: those that are ready."""
        return len({target.address for target in self.targets(port) if target.ready})

    def resolved(self, port: ServicePort) -> dict[int | None, list[Pod]]:
        """Which number the port resolves to in which active pods; None: in these it does not."""
        numbers = self._resolved.get(port)
        if numbers is None:
            numbers = self._resolved[port] = {}
            for pod in self.active:
                numbers.setdefault(controllers.find_port(pod, port), []).append(pod)
        return numbers

    # -- times --------------------------------------------------------------------------------

    @property
    def written_at(self) -> datetime | None:
        """When the Endpoints were last written, as far as their metadata tells."""
        return written(self.endpoints) if self.endpoints else None

    def lasts(self, since: datetime | None, seconds: float) -> bool:
        """Whether something that the objects date at ``since`` has held for that long, undisturbed.

        For what is normal while things move: two lists that differ, an address in two slices. Nothing
        that decides who is listed was seen to change meanwhile.
        """
        seen = self.history.changed(self.key)
        return self.moment.older(max((t for t in (since, seen) if t), default=None), seconds)


def written(obj: Service | Endpoints | EndpointSlice) -> datetime | None:
    """When an object was last written, as far as its metadata tells.

    Some sources leave managedFields out; the annotation last-change-trigger-time then is a bound from
    below, since it is the time of the change that led to the write.
    """
    meta = obj.metadata
    times = [entry.time for entry in meta.managed_fields] or [meta.creation_timestamp]
    return max((t for t in (*times, _triggered(meta.annotations)) if t), default=None)


def _triggered(annotations: Annotations) -> datetime | None:
    try:
        found = datetime.fromisoformat(annotations.last_change_trigger_time or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def ref(obj: Pod | Service | EndpointSlice | object) -> str:
    """``Pod/shop/web-1``: how findings name an object; of a pod that is only planned, what would make it."""
    key: Key = obj.key  # type: ignore[union-attr]
    if isinstance(obj, Pod) and not obj.status.phase and obj.metadata.owner_references:
        owner = obj.metadata.owner_references[0]
        return f"{owner.kind}/{key.namespace}/{owner.name}"
    return f"{type(obj).__name__}/{key}"
