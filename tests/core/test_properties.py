"""Whatever way a state is reached, the View is the same; and nothing that changed is forgotten.

A random life of a small cluster: creations, updates, deletions, re-creations under the same name with
another uid, relists, streams that open and close. Settings are deterministic, so that a run says the same
everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.builders import (
    INFO,
    NOW,
    Tree,
    ago,
    build,
    controllers_work,
    endpoint,
    endpoint_slice,
    endpoints,
    http_get,
    node,
    pod,
    put,
    service,
    states,
    unhealthy,
)

from epview.core.changes import Change, Drop, Put, Relist
from epview.core.history import History
from epview.core.join import join
from epview.core.objects import BY_RESOURCE, KINDS, Key, Object
from epview.core.projector import Projector
from epview.core.view import Health, ResourceState, View
from epview.core.view import Phase as Stage

LATER = NOW + timedelta(hours=2)
quiet = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a life of twenty steps shrinks for minutes: read the first one
)

NAMESPACES = ("shop", "shop", "shop", "stage")
LABELS: tuple[Mapping[str, str], ...] = (
    {"app": "web"},
    {"app": "wbe"},
    {"app": "web", "tier": "x"},
    {"job": "n"},
)
SELECTORS = ({"app": "web"}, {"app": "web", "tier": "x"}, {}, {"app.kubernetes.io/name": "web"})
IPS = ("10.244.1.1", "10.244.1.2", "10.96.0.10", "192.168.1.1", "fd00::1")


@st.composite
def services(draw: st.DrawFn) -> Tree:
    spec = draw(
        st.sampled_from(
            [
                {},
                {"clusterIP": "None"},
                {"ipFamilies": ["IPv4", "IPv6"]},
                {"publishNotReadyAddresses": True},
                {"internalTrafficPolicy": "Local"},
                {"type": "NodePort", "externalTrafficPolicy": "Local"},
                {"type": "ExternalName", "externalName": "db.shop.svc.cluster.local"},
                {"type": "ExternalName", "externalName": "web.stage.svc"},
                {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
                {"ports": [{"port": 80, "targetPort": 8080}], "clusterIP": "10.96.0.77"},
            ]
        )
    )
    born = draw(st.sampled_from([5, 25, 86400]))
    return service(
        draw(st.sampled_from(["web", "wbe", "db", "my-web"])),
        draw(st.sampled_from(NAMESPACES)),
        selector=draw(st.sampled_from(SELECTORS)),
        metadata={"creationTimestamp": ago(born)},
        **spec,
    )


WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}
ENDED = {"terminated": {"exitCode": 1, "startedAt": ago(60), "finishedAt": ago(50)}}
LONG_AGO = {"terminated": {"exitCode": 1, "startedAt": ago(9000), "finishedAt": ago(8990)}}


@st.composite
def pods(draw: st.DrawFn) -> Tree:
    seconds = draw(st.sampled_from([1, 15, 50, 100, 3600]))
    return pod(
        draw(st.sampled_from(["web-1", "web-2", "db-0"])),
        draw(st.sampled_from(NAMESPACES)),
        labels=draw(st.sampled_from(LABELS)),
        ready=draw(st.booleans()),
        ips=draw(st.sampled_from([(), *((ip,) for ip in IPS)])),
        node=draw(st.sampled_from(["node-a", "node-b", ""])),
        readiness=draw(st.sampled_from([None, http_get()])),
        startup=draw(st.sampled_from([None, http_get(failureThreshold=30)])),
        started=draw(st.booleans()),
        state=draw(st.sampled_from([None, None, WAITING])),
        last_state=draw(st.sampled_from([{}, ENDED])),
        restarts=draw(st.sampled_from([0, 1, 4])),
        running_for=seconds,
        changed=seconds,
        phase=draw(st.sampled_from(["Running", "Running", "Running", "Succeeded"])),
        ports=draw(st.sampled_from([None, [], [{"name": "web", "containerPort": 8080}]])),
        metadata=draw(st.sampled_from([{}, {}, {"deletionTimestamp": ago(30)}])),
    )


@st.composite
def lists(draw: st.DrawFn) -> Tree:
    """Endpoints or a slice, with and without a Service of that name, with and without a pod behind."""
    name = draw(st.sampled_from(["web", "db", "my-web", "my-wbe", "lost"]))
    namespace = draw(st.sampled_from(NAMESPACES))
    address = draw(st.sampled_from(IPS))
    about = pod(draw(st.sampled_from(["web-1", "db-0"])), namespace)
    if draw(st.booleans()):
        manager = draw(st.sampled_from(["", "endpointslice-controller.k8s.io", "mesh.example"]))
        behind = draw(st.sampled_from([None, about]))
        one = endpoint(address, pod=behind, ready=draw(st.booleans()))
        return endpoint_slice(
            f"s-{draw(st.integers(0, 1))}", name, namespace, manager=manager, endpoints=[one]
        )
    ready = {"ready": [address]} if draw(st.booleans()) else {"not_ready": [address]}
    extra = draw(
        st.sampled_from(
            [
                {},
                {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}},
                {"creationTimestamp": ago(3)},
            ]
        )
    )
    return endpoints(name, namespace, **ready, **extra)


@st.composite
def others(draw: st.DrawFn) -> Tree:
    if draw(st.booleans()):
        made = node(
            draw(st.sampled_from(["node-a", "node-b"])),
            zone=draw(st.sampled_from(["z1", "z2"])),
            ready=draw(st.sampled_from(["True", "Unknown"])),
            unschedulable=draw(st.sampled_from([False, False, True])),
        )
        made["status"]["addresses"] = [{"type": "InternalIP", "address": draw(st.sampled_from(IPS))}]
        return made
    if draw(st.booleans()):
        at = {"name": draw(st.sampled_from(["deny", "some"])), "namespace": draw(st.sampled_from(NAMESPACES))}
        rules = draw(
            st.sampled_from([[], [{}], [{"from": [{"podSelector": {}}]}], [{"ports": [{"port": 1}]}]])
        )
        spec = {"podSelector": {"matchLabels": draw(st.sampled_from(LABELS))}, "ingress": rules}
        return {"kind": "NetworkPolicy", "metadata": {**at, "uid": at["name"]}, "spec": spec}
    phase = draw(st.sampled_from(["Active", "Terminating"]))
    name = draw(st.sampled_from(NAMESPACES))
    return {"kind": "Namespace", "metadata": {"name": name, "uid": name}, "status": {"phase": phase}}


objects = st.one_of(services(), pods(), pods(), lists(), lists(), others())
numbers = st.integers(0, 1000)
step = st.one_of(
    st.tuples(st.just("put"), objects),
    st.tuples(st.just("put"), objects),
    st.tuples(st.just("create"), objects),
    st.tuples(st.just("drop"), numbers),
    st.tuples(st.just("drop"), numbers),
    st.tuples(st.just("again"), numbers),
    st.tuples(st.just("event"), numbers),
    st.tuples(st.just("relist"), numbers),
)
steps = st.lists(step, min_size=8, max_size=20)
steps_and_states = st.lists(
    st.one_of(step, step, st.tuples(st.just("state"), numbers)), min_size=8, max_size=20
)


def start() -> list[Tree]:
    """Where each life begins: one Service of every sort, so that most steps mean something to somebody."""
    web, stateful = pod(readiness=http_get()), pod("db-0", labels={"job": "n"}, ips=["10.244.1.2"])
    listed = [{"addresses": [{"ip": "10.244.1.2", "targetRef": endpoint("x", pod=stateful)["targetRef"]}]}]
    return [
        service(),
        service("wbe", selector={"app": "wbe"}),
        service("db", selector={}),
        service("my-web", selector={}),
        service("alias", selector={}, type="ExternalName", externalName="db.shop.svc.cluster.local"),
        service("alias2", selector={}, type="ExternalName", externalName="alias.shop.svc"),
        web,
        stateful,
        endpoints("db", subsets=listed),
        node("node-a", zone="z1"),
        {"kind": "Namespace", "metadata": {"name": "shop", "uid": "shop"}, "status": {"phase": "Active"}},
    ]


class Life:
    """Turns random steps into changes that a real API server could send, and remembers the final state."""

    def __init__(self) -> None:
        self.now: dict[tuple[str, Key], Object] = {}
        self.states = {state.resource: state for state in states()}
        self._born = 0
        self.begin = [self._put(build(tree), tree["kind"], fresh=False) for tree in start()]

    def changes(self, step: tuple[str, Any]) -> list[Change]:
        what, value = step
        if what in ("put", "create"):
            return [self._put(build(value), value["kind"], fresh=what == "create")]
        if what == "state":
            return [self._state(value)]
        if not self.now:
            return []
        kind, key = sorted(self.now)[value % len(self.now)]
        if what == "again":
            return self._again(kind, key)
        if what == "relist":
            return [self._relist(kind, value)]
        if what == "event":
            return self._event(kind, key)
        if kind == "Event":
            return []  # they only expire, which is told to mean nothing
        obj = self.now.pop((kind, key))
        return [Drop(kind, key, obj.metadata.uid)]

    def _put(self, obj: Object, kind: str, *, fresh: bool) -> Put:
        old = self.now.get((kind, obj.key))
        if old is None or fresh:
            self._born += 1
            uid = f"{kind}-{self._born}"
        else:
            uid = old.metadata.uid
        made = _with_uid(obj, uid)
        self.now[(kind, obj.key)] = made
        return Put(kind, made)

    def _again(self, kind: str, key: Key) -> list[Change]:
        """Gone and back under the same name, as another object; or, unseen, only its successor."""
        old = self.now[(kind, key)]
        if kind == "Event":
            return []
        self._born += 1
        made = _with_uid(old, f"{kind}-{self._born}")
        self.now[(kind, key)] = made
        seen = self._born % 2
        return [*([Drop(kind, key, old.metadata.uid)] if seen else []), Put(kind, made)]

    def _event(self, kind: str, key: Key) -> list[Change]:
        obj = self.now[(kind, key)]
        if kind != "Pod":
            return []
        about = pod(key.name, key.namespace, metadata={"uid": obj.metadata.uid})
        self._born += 1
        event = unhealthy(
            about, f"Readiness probe failed: HTTP probe failed with statuscode: {500 + self._born}"
        )
        event["metadata"]["name"] = f"e{self._born}"
        found = put(event)
        self.now[("Event", found.object.key)] = found.object
        return [found]

    def _relist(self, kind: str, value: int) -> Relist:
        namespace = ("", *NAMESPACES)[value % 3] if kind not in ("Node", "Namespace") else ""
        for key in sorted(k for (of, k) in self.now if of == kind and namespace in ("", k.namespace)):
            if value % 7 == 0 and kind != "Event":
                del self.now[(kind, key)]  # deleted while the watch was away
                break
        kept = [o for (k, key), o in self.now.items() if k == kind and namespace in ("", key.namespace)]
        return Relist(kind, namespace, tuple(kept))

    def _state(self, value: int) -> ResourceState:
        resource = sorted(BY_RESOURCE)[value % len(BY_RESOURCE)]
        phase = (Stage.LIVE, Stage.FORBIDDEN, Stage.STALE, Stage.LISTING)[value % 4]
        self.states[resource] = ResourceState(resource=resource, phase=phase)
        return self.states[resource]

    def final(self, shuffle: int) -> list[Change]:
        """The final state alone, in any order: what a fresh start would be given."""
        puts: list[Change] = [Put(kind, _copy(obj)) for (kind, _), obj in self.now.items()]
        puts += self.states.values()
        random.Random(shuffle).shuffle(puts)
        return puts


def _with_uid(obj: Object, uid: str) -> Object:
    meta_ = msgspec.structs.replace(obj.metadata, uid=uid)
    return msgspec.structs.replace(obj, metadata=meta_)


def _copy(obj: Object) -> Object:
    """An object of its own: worlds share what is equal within themselves."""
    return _with_uid(obj, obj.metadata.uid)


def fresh(life: Life, shuffle: int, now: Any = NOW, history: History | None = None) -> View:
    """From scratch, by one who remembers what the other has seen; None for nothing."""
    made = Projector()
    made.apply(life.final(shuffle))
    made.history = history or History()
    return made.project(now, INFO)


@quiet
@given(steps_and_states, st.integers(0, 5))
def test_any_way_to_a_state_gives_the_same_view(life_steps: list[tuple[str, Any]], shuffle: int) -> None:
    life, projector = Life(), Projector()
    projector.apply([*life.begin, *states()])
    for taken in life_steps:
        projector.apply(life.changes(taken))
        projector.project(NOW, INFO)
    found, wanted = projector.project(NOW, INFO), fresh(life, shuffle, history=projector.history)
    assert dict(found.services) == dict(wanted.services)
    assert found.namespaces == wanted.namespaces
    settled, forgotten = projector.project(LATER, INFO), fresh(life, shuffle, LATER)
    assert dict(settled.services) == dict(forgotten.services)


@quiet
@given(steps)
def test_every_service_whose_view_changed_is_touched(life_steps: list[tuple[str, Any]]) -> None:
    """Projecting what was touched equals joining everything again, after each single change."""
    life, projector = Life(), Projector()
    projector.apply([*life.begin, *states()])
    for taken in life_steps:
        projector.apply(life.changes(taken))
        found = projector.project(NOW, INFO)
        again = {
            key: join(projector.world, key, NOW, history=projector.history)
            for key in projector.world.services
        }
        assert dict(found.services) == again


@quiet
@given(steps)
def test_time_alone_changes_a_verdict_when_it_says_so(life_steps: list[tuple[str, Any]]) -> None:
    """Without any change a View made later equals one made from scratch then, also between and at each due time."""
    life, projector = Life(), Projector()
    projector.apply([*life.begin, *states()])
    for taken in life_steps:
        projector.apply(life.changes(taken))
    projector.project(NOW, INFO)
    moments = [NOW + timedelta(seconds=s) for s in (1, 7, 31, 61)]
    for _ in range(40):
        due = projector.due
        if due is None or due > LATER:
            break
        moments.append(due)
        projector.project(due, INFO)
    for moment in [max(*moments), LATER]:
        found = projector.project(moment, INFO)
        wanted = fresh(life, 0, moment, projector.history)
        assert dict(found.services) == dict(wanted.services)
        assert found.findings == wanted.findings


@quiet
@given(steps)
def test_only_what_changed_is_reported_as_changed(life_steps: list[tuple[str, Any]]) -> None:
    life, projector = Life(), Projector()
    projector.apply([*life.begin, *states()])
    before = projector.project(NOW, INFO)
    for taken in life_steps:
        projector.apply(life.changes(taken))
        after = projector.project(NOW, INFO)
        keys = set(before.services) | set(after.services)
        assert after.changed == {k for k in keys if before.services.get(k) != after.services.get(k)} or (
            after is before
        )
        before = after


@st.composite
def healthy_worlds(draw: st.DrawFn) -> list[Tree]:
    """Services with ready pods behind them, with what a healthy cluster shows besides."""
    trees: list[Tree] = [node("node-a", zone="z1"), node("node-b", zone="z2")]
    for number in range(draw(st.integers(1, 4))):
        app, family = f"app-{number}", draw(st.sampled_from(["IPv4", "IPv6"]))
        named = draw(st.booleans())
        headless = draw(st.booleans())
        port = {"name": "http", "port": 8080 if headless else 80, "targetPort": "http" if named else 8080}
        trees.append(
            service(
                app,
                selector={"app": app},
                ports=[port],
                ipFamilies=[family],
                clusterIP="None" if headless else f"10.96.0.{number}",
                publishNotReadyAddresses=draw(st.booleans()),
            )
        )
        for index in range(draw(st.integers(1, 4))):
            once = [(1, ENDED)] if index == 0 else []  # of one pod: three of them are no good health
            restarts, last_state = draw(st.sampled_from([(0, {}), (3, LONG_AGO), *once]))
            ip = f"10.244.{number}.{index + 1}" if family == "IPv4" else f"fd00::{number}:{index + 1}"
            trees.append(
                pod(
                    f"{app}-{index}",
                    labels={"app": app, "pod-template-hash": "x"},
                    ips=[ip],
                    node=draw(st.sampled_from(["node-a", "node-b"])),
                    readiness=draw(st.sampled_from([None, http_get()])),
                    restarts=restarts,
                    last_state=last_state,
                    running_for=draw(st.sampled_from([1, 3600])),
                    changed=draw(st.sampled_from([1, 3600])),
                )
            )
            if draw(st.booleans()):
                trees.append(
                    unhealthy(trees[-1], "Readiness probe failed: HTTP probe failed with statuscode: 503")
                )
    if draw(st.booleans()):
        trees += [service("db", selector={}), endpoints("db", ready=["192.168.1.100"])]
    return trees


@quiet
@given(healthy_worlds(), st.booleans())
def test_a_healthy_world_raises_no_error_and_no_warning(trees: list[Tree], nodes_seen: bool) -> None:
    made = Projector()
    made.apply([put(tree) for tree in trees])
    made.apply(controllers_work(trees))
    made.apply(states([] if nodes_seen else ["nodes"]))
    view = made.project(NOW, INFO)
    for found in view.services.values():
        assert found.health in (Health.OK, Health.INFO), (found.key, found.headline)
        assert set(found.unknown_rules) <= (set() if nodes_seen else {"EP702"})
    assert not view.findings


@quiet
@given(steps, st.sampled_from([k.resource for k in KINDS if k.required and k.resource != "events"]))
def test_never_green_over_a_blind_spot(life_steps: list[tuple[str, Any]], blind: str) -> None:
    """Without one required resource no Service that depends on it is called well."""
    life = Life()
    for taken in life_steps:
        life.changes(taken)
    made = Projector()
    made.apply([Put(k, o) for (k, _), o in life.now.items() if k != _kind_of(blind)])
    made.apply(states([blind]))
    for found in made.project(NOW, INFO).services.values():
        if found.type == "ExternalName" or (blind == "pods" and not found.selector):
            continue
        assert found.health not in (Health.OK, Health.INFO), (found.key, found.gaps)


def _kind_of(resource: str) -> str:
    return BY_RESOURCE[resource].kind
