"""The demo's controllers: what they write, keep, leave alone and clean up."""

from __future__ import annotations

import msgspec
import pytest
from demo_help import NOW

from epview.core.controllers import expected, reconciled
from epview.core.objects import (
    MANAGED_BY_LABEL,
    MIRRORING_CONTROLLER,
    SERVICE_NAME_LABEL,
    SLICE_CONTROLLER,
    Endpoints,
    EndpointSlice,
    Node,
    Pod,
    Service,
)
from epview.demo import kubelet
from epview.demo.clock import HeldClock
from epview.demo.controllers import OVER_CAPACITY, Controllers
from epview.demo.demo import DemoCluster
from epview.demo.derived import TRIGGER
from epview.demo.shapes import (
    Workload,
    container,
    endpoint_port,
    endpoints,
    http_probe,
    service,
    service_port,
)
from epview.demo.stage import Stage
from epview.demo.store import Store


class Bench:
    """A store, its controllers, and three ready pods behind ``web``."""

    def __init__(self) -> None:
        self.store = Store(HeldClock(NOW), seed=1)
        self.controllers = Controllers(self.store)
        for number in (1, 2, 3):
            labels = {"topology.kubernetes.io/zone": "a"}
            self.store.put({"kind": "Node", "metadata": {"name": f"node-{number}", "labels": labels}})
        self.stage = Stage(self.store, 1, NOW)
        box = container("c", "i:1.0", (("http", 8080),), readiness=http_probe("/", "http"))
        self.refs = self.stage.staff(
            Workload(namespace="ns", name="web", containers=(box,), replicas=3), self.stage.ago(hours=1)
        )
        self.serve()

    def serve(self, **spec) -> None:
        spec.setdefault("selector", {"app": "web"})
        port = service_port(80, "http", "http")
        self.put(service("ns", "web", self.stage.ago(days=1), [port], cluster_ip="10.0.0.1", **spec))

    def put(self, *objects) -> None:
        for obj in objects:
            self.store.put(obj)
        self.controllers.run()

    def change(self, ref, step, *args) -> None:
        self.stage.change(ref, step, *args)
        self.controllers.run()

    @property
    def endpoints(self):
        entry = self.store.get("endpoints", "ns", "web")
        return entry and entry.obj

    def slices(self, manager=SLICE_CONTROLLER):
        return [
            obj
            for obj in self.store.objects("endpointslices")
            if obj["metadata"]["labels"].get(MANAGED_BY_LABEL) == manager
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_ready_pods_stand_in_both(bench):
    (slice_,) = bench.slices()
    assert len(bench.endpoints["subsets"][0]["addresses"]) == 3
    assert len(slice_["endpoints"]) == 3
    meta = slice_["metadata"]
    assert meta["generateName"] == "web-"
    assert meta["labels"][SERVICE_NAME_LABEL] == "web"
    assert (meta["ownerReferences"][0]["kind"], meta["ownerReferences"][0]["controller"]) == ("Service", True)
    assert "ownerReferences" not in bench.endpoints["metadata"]


def test_an_update_keeps_names_and_tells_its_trigger(bench):
    name = bench.slices()[0]["metadata"]["name"]
    bench.stage.now = bench.store.clock.advance(60)
    bench.change(bench.refs[0], kubelet.set_ready, False)
    (slice_,) = bench.slices()
    assert slice_["metadata"]["name"] == name
    assert slice_["metadata"]["generation"] == 2
    for obj in (slice_, bench.endpoints):
        assert obj["metadata"]["annotations"][TRIGGER] == "2026-01-15T12:01:00Z"
    assert len(bench.endpoints["subsets"][0]["notReadyAddresses"]) == 1


def test_a_pod_that_vanished_leaves_no_trigger(bench):
    bench.stage.bury(bench.refs[0])
    bench.controllers.run()
    assert "annotations" not in bench.endpoints["metadata"]
    assert "annotations" not in bench.slices()[0]["metadata"]


def test_nothing_changed_nothing_written(bench):
    version = bench.store.version
    bench.stage.event(bench.stage.pod(bench.refs[0]), "Pulled", "again")
    bench.store.patch("pods", "ns", bench.refs[0][1], {"metadata": {"annotations": {"x": "y"}}})
    bench.controllers.run()
    assert bench.store.version == version + 2


def test_a_terminating_pod_leaves_endpoints_and_stays_in_the_slice(bench):
    bench.change(bench.refs[0], kubelet.delete, 30)
    assert len(bench.endpoints["subsets"][0]["addresses"]) == 2
    conditions = [e["conditions"] for e in bench.slices()[0]["endpoints"]]
    assert {"ready": False, "serving": True, "terminating": True} in conditions


def test_no_pods_leave_a_placeholder(bench):
    bench.serve(selector={"app": "other"})
    assert "subsets" not in bench.endpoints
    (slice_,) = bench.slices()
    assert (slice_["endpoints"], slice_["ports"]) == (None, None)
    bench.serve()
    assert len(bench.slices()[0]["endpoints"]) == 3
    assert len(bench.slices()) == 1


def test_a_removed_selector_freezes_and_doubles(bench):
    before = bench.endpoints["subsets"]
    bench.serve(selector=None)
    bench.change(bench.refs[0], kubelet.set_ready, False)
    assert bench.endpoints["subsets"] == before
    assert len(bench.slices()) == 1
    assert len(bench.slices(MIRRORING_CONTROLLER)) == 1


def test_hand_written_endpoints_are_overwritten_but_for_their_annotations(bench):
    mine = endpoints("ns", "web", NOW, ["192.0.2.1"], [endpoint_port(1)], annotations={"mine": "yes"})
    bench.put(mine)
    assert bench.endpoints["metadata"]["annotations"]["mine"] == "yes"
    assert len(bench.endpoints["subsets"][0]["addresses"]) == 3


def test_mirroring_follows_and_is_asked_not_to(bench):
    bench.put(service("ns", "db", NOW, [service_port(5432)], cluster_ip="10.0.0.2"))
    where = endpoints("ns", "db", NOW, ["192.0.2.1"], [endpoint_port(5432)], labels={"x": "y"})
    bench.put(where)
    (slice_,) = bench.slices(MIRRORING_CONTROLLER)
    assert slice_["metadata"]["labels"]["x"] == "y"
    assert slice_["metadata"]["ownerReferences"][0]["kind"] == "Endpoints"
    assert slice_["endpoints"] == [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}]
    where["metadata"]["labels"] = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    bench.put(where)
    assert bench.slices(MIRRORING_CONTROLLER) == []


def test_a_deleted_service_takes_its_objects_along(bench):
    bench.put(service("ns", "db", NOW, [service_port(5432)], cluster_ip="10.0.0.2"))
    bench.put(endpoints("ns", "db", NOW, ["192.0.2.1"], [endpoint_port(5432)]))
    for name in ("web", "db"):
        bench.store.delete("services", "ns", name)
    bench.controllers.run()
    assert bench.endpoints is None
    assert bench.store.objects("endpointslices") == []
    assert bench.store.get("endpoints", "ns", "db") is not None  # a person's, not a controller's


def test_foreign_slices_are_left_alone(bench):
    labels = {SERVICE_NAME_LABEL: "web", MANAGED_BY_LABEL: "somebody-else"}
    head = {"name": "theirs", "namespace": "ns", "labels": labels}
    foreign = {"kind": "EndpointSlice", "metadata": head, "addressType": "IPv4", "endpoints": [], "ports": []}
    bench.put(foreign)
    entry = bench.store.get("endpointslices", "ns", "theirs")
    bench.serve(selector={"app": "other"})
    assert bench.store.get("endpointslices", "ns", "theirs") is entry


def test_a_deleted_slice_is_written_again(bench):
    name = bench.slices()[0]["metadata"]["name"]
    bench.store.delete("endpointslices", "ns", name)
    bench.controllers.run()
    assert len(bench.slices()) == 1


def test_external_names_get_nothing(bench):
    bench.put(service("ns", "out", NOW, [], cluster_ip="", selector={"app": "web"}, type="ExternalName"))
    assert bench.store.get("endpoints", "ns", "out") is None


def test_too_many_addresses_are_cut_in_endpoints_and_chunked_in_slices(bench):
    pod = bench.stage.pod(bench.refs[0])
    more = []
    for number in range(1050):
        head = {**pod["metadata"], "name": f"extra-{number}", "uid": f"uid-{number}"}
        ip = f"10.1.{number // 250}.{number % 250}"
        more.append({**pod, "metadata": head, "status": {**pod["status"], "podIPs": [{"ip": ip}]}})
    with bench.controllers.paused():
        for obj in more:
            bench.store.put(obj)
    bench.controllers.run()
    assert bench.endpoints["metadata"]["annotations"][OVER_CAPACITY] == "truncated"
    assert len(bench.endpoints["subsets"][0]["addresses"]) == 1000
    assert sum(len(s["endpoints"]) for s in bench.slices()) == 1053
    assert max(len(s["endpoints"]) for s in bench.slices()) == 100
    version = bench.store.version
    bench.controllers.run()
    assert bench.store.version == version


def everything_agrees(cluster: DemoCluster) -> None:
    """What stands in the store is what the pure functions expect, for every Service with a selector.

    But for the slices of those that are stalled.
    """
    store = cluster.store
    nodes = {o["metadata"]["name"]: msgspec.convert(o, Node) for o in store.objects("nodes")}
    pods = [msgspec.convert(o, Pod) for o in store.objects("pods")]
    slices = [msgspec.convert(o, EndpointSlice) for o in store.objects("endpointslices")]
    for obj in store.objects("services"):
        one = msgspec.convert(obj, Service)
        if not reconciled(one):
            continue
        mine = [
            p
            for p in pods
            if p.key.namespace == one.key.namespace and one.selector.items() <= p.metadata.labels.items()
        ]
        wanted = expected(one, mine, nodes)
        entry = store.get("endpoints", *one.key)
        assert (msgspec.convert(entry.obj, Endpoints).subsets or ()) == wanted.subsets
        if tuple(one.key) in cluster.controllers.stalled:
            continue
        got = [
            s.endpoints or ()
            for s in slices
            if s.service_name == one.key.name
            and s.key.namespace == one.key.namespace
            and s.managed_by == SLICE_CONTROLLER
        ]
        assert sorted(map(repr, got)) == sorted(repr(group.endpoints) for group in wanted.slices)


def test_the_company_agrees_with_the_pure_functions_at_every_step():
    cluster = DemoCluster(frozen_at=NOW)
    cluster._build()
    everything_agrees(cluster)
    for _ in range(60):
        cluster.advance(5)
        everything_agrees(cluster)


def test_a_stalled_service_keeps_its_slices_until_it_is_so_no_longer(bench):
    before = bench.slices()
    bench.controllers.stalled = {("ns", "web")}
    bench.stage.now = bench.store.clock.advance(60)
    bench.change(bench.refs[0], kubelet.set_ready, False)
    bench.stage.now = bench.store.clock.advance(30)
    bench.change(bench.refs[1], kubelet.set_ready, False)
    assert len(bench.endpoints["subsets"][0]["addresses"]) == 1
    assert bench.slices() == before
    bench.controllers.stalled = frozenset()
    bench.controllers.run()
    (slice_,) = bench.slices()
    assert sorted(e["conditions"]["ready"] for e in slice_["endpoints"]) == [False, False, True]
    assert slice_["metadata"]["annotations"][TRIGGER] == "2026-01-15T12:01:00Z"  # the first it waited for
