"""What `epview.core.controllers` predicts, held against what the real controllers write.

The generator makes small worlds from a seed; many are created in one namespace, the controllers settle,
and every Service is compared: Endpoints, slices, mirrored slices, then all of it again after a change.
EPVIEW_CASES asks for more of them, EPVIEW_SEED for others. What differs is printed as small as it gets.
"""

from __future__ import annotations

import itertools
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
import pytest
import yaml
from kubelet import real_kubeconfig
from rest import RefusedError, Rest
from support.comparison import Sides, There, by_key, compare, normal, slices_of
from support.controller_cases import Case, Json, case, nodes

from epview.core.controllers import reconciled
from epview.core.objects import (
    BY_KIND,
    Endpoints,
    EndpointSlice,
    Key,
    Object,
)
from epview.demo.demo import DemoCluster
from epview.sources.decode import decode_list

CASES = int(os.environ.get("EPVIEW_CASES", "120"))
SEED = int(os.environ.get("EPVIEW_SEED", "1"))
BATCH = 60
CALM = 0.5  # seconds without a write before the verdict
# Two of the controllers come back to what failed (a stale cache, an unknown node) after 1 s, 2 s, 4 s …
# up to 1,000 s; a write to the Service or the Endpoints has them look at once.
NUDGES = 6

pytestmark = [pytest.mark.real_cluster, pytest.mark.timeout(120 + 2 * CASES)]


def read(rest: Rest, namespace: str, kind: str) -> list[Any]:
    page = decode_list(BY_KIND[kind], rest.list(kind, namespace))
    found: list[Object] = list(itertools.chain.from_iterable(page.batches()))
    assert not page.skipped
    return found


# -- running cases -----------------------------------------------------------------------------------


@dataclass
class Outcome:
    different: dict[str, Sides] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    compared: int = 0
    demo: list[str] = field(default_factory=list)


class Lab:
    """A control plane, and as many connections as help it."""

    def __init__(self, kubeconfig: str) -> None:
        self._rests = [Rest(kubeconfig) for _ in range(3)]
        self.rest = self._rests[0]
        self._namespaces: list[str] = []
        there = {n.key.name for n in read(self.rest, "", "Node")}
        for node in nodes():
            if node["metadata"]["name"] not in there:
                self.rest.create(node)

    def close(self) -> None:
        for namespace in self._namespaces:
            self._empty(namespace)
        for rest in self._rests:
            rest.close()

    def _empty(self, namespace: str) -> None:
        """Without a kubelet nobody ends a pod but us, and a namespace waits for its pods."""
        for pod in read(self.rest, namespace, "Pod"):
            if pod.metadata.finalizers:
                self.rest.patch("Pod", namespace, pod.key.name, {"metadata": {"finalizers": None}})
        self.rest.ask("DELETE", f"/api/v1/namespaces/{namespace}/pods?gracePeriodSeconds=0")
        self.rest.delete("Namespace", "", namespace)

    def run(self, cases: Mapping[str, Case], *, demo: bool = False) -> Outcome:
        """Create, settle, compare; change, settle, compare. A case the API refuses is put aside."""
        namespace = f"epview-{uuid.uuid4().hex[:8]}"
        self.rest.create({"kind": "Namespace", "metadata": {"name": namespace}})
        self._namespaces.append(namespace)
        outcome = Outcome()
        twin = _Twin(namespace) if demo else None

        def create(rest: Rest, one: Case) -> None:
            for obj in one.objects:
                rest.create(obj, namespace)

        def change(rest: Rest, one: Case) -> None:
            for step in one.changes:
                kind, name = step["kind"], step["name"]
                if "delete" in step:
                    rest.delete(kind, namespace, name, force=step["delete"] == "now")
                else:
                    rest.patch(kind, namespace, name, step["patch"])

        for phase, act in (("as created", create), ("after its change", change)):
            self._each(cases, act, outcome.refused)
            there, different = self._settle(namespace, outcome.refused)
            outcome.compared += len(there.services.keys() | there.endpoints.keys())
            for name, sides in different.items():
                outcome.different.setdefault(name, ({phase: sides[0]}, {phase: sides[1]}))
            if twin:
                outcome.demo += [f"{phase}: {told}" for told in twin.follow(self.rest, there, cases, phase)]
        return outcome

    def _each(
        self, cases: Mapping[str, Case], act: Callable[[Rest, Case], None], refused: dict[str, str]
    ) -> None:
        def some(rest: Rest, names: list[str]) -> None:
            for name in names:
                try:
                    act(rest, cases[name])
                except RefusedError as error:
                    refused[name] = str(error)

        names = [name for name in cases if name not in refused]
        with ThreadPoolExecutor(len(self._rests)) as pool:
            shares = [names[n :: len(self._rests)] for n in range(len(self._rests))]
            for done in [pool.submit(some, r, share) for r, share in zip(self._rests, shares, strict=True)]:
                done.result()

    def _settle(self, namespace: str, refused: Mapping[str, str]) -> tuple[There, dict[str, Sides]]:
        """Wait until nothing is written any more; what still differs then is nudged a few times."""
        services = by_key(read(self.rest, namespace, "Service"))
        pods = read(self.rest, namespace, "Pod")
        known = {n.key.name: n for n in read(self.rest, namespace, "Node")}
        before: set[tuple[Key, str]] | None = None
        since, nudges = time.monotonic(), 0
        while True:
            there = There(
                services,
                pods,
                known,
                by_key(read(self.rest, namespace, "Endpoints")),
                read(self.rest, namespace, "EndpointSlice"),
            )
            versions = there.versions()
            if versions != before:
                before, since = versions, time.monotonic()
                different = {n: s for n, s in compare(there).items() if n not in refused}
            if time.monotonic() - since > CALM:
                if not different or nudges == NUDGES:
                    return there, different
                nudges, since = nudges + 1, time.monotonic()
                for name in different:
                    self._nudge(there, Key(namespace, name), nudges)
            time.sleep(0.05)

    def _nudge(self, there: There, key: Key, number: int) -> None:
        note = {"metadata": {"annotations": {"example.com/nudge": str(number)}}}
        for kind, held in (("Service", there.services), ("Endpoints", there.endpoints)):
            if key in held:
                self.rest.patch(kind, key.namespace, key.name, note)


class _Twin:
    """The demo's own controllers, given the same objects."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._demo = DemoCluster(objects=[])

    def follow(self, rest: Rest, there: There, cases: Mapping[str, Case], phase: str) -> Iterator[str]:
        store = self._demo.store
        by_hand = {
            o["metadata"]["name"] if phase == "as created" else o["name"]
            for one in cases.values()
            for o in (one.objects if phase == "as created" else one.changes)
            if o["kind"] == "Endpoints"
        }
        given: list[Json] = []
        for kind in ("Node", "Service", "Pod", "Endpoints"):
            for obj in json.loads(rest.list(kind, self._namespace))["items"]:
                service = there.services.get(Key(self._namespace, obj["metadata"]["name"]))
                if kind == "Endpoints" and service is not None and reconciled(service):
                    continue  # the controller's
                if kind != "Endpoints" or obj["metadata"]["name"] in by_hand:
                    given.append({"kind": kind, **obj})
        left = {p.key.name for p in there.pods}
        for entry in store.objects("pods", self._namespace):
            if entry["metadata"]["name"] not in left:
                store.delete("pods", self._namespace, entry["metadata"]["name"])
        self._demo.apply(*given)
        yield from self._differences(there)

    def _differences(self, there: There) -> Iterator[str]:
        store = self._demo.store
        theirs = _derived(there.endpoints.values(), there.slices)
        ours = _derived(
            [msgspec.convert(o, Endpoints) for o in store.objects("endpoints", self._namespace)],
            [msgspec.convert(o, EndpointSlice) for o in store.objects("endpointslices", self._namespace)],
        )
        for name in sorted(theirs.keys() | ours.keys()):
            if theirs.get(name) != ours.get(name):
                yield f"{name}: real\n{pretty(theirs.get(name))}demo\n{pretty(ours.get(name))}"


def _derived(endpoints: Iterable[Endpoints], slices: Iterable[EndpointSlice]) -> dict[str, Any]:
    """What the controllers wrote about each Service, with its labels."""
    found: dict[str, list[Any]] = {}
    for obj in endpoints:
        found.setdefault(obj.key.name, []).append({"labels": obj.metadata.labels, "subsets": obj.subsets})
    held = list(slices)
    filled = {(one.service_name, one.managed_by, one.address_type) for one in held if one.endpoints}
    for one in held:
        if not one.endpoints and (one.service_name, one.managed_by, one.address_type) in filled:
            continue
        owners = [(o.kind, o.name) for o in one.metadata.owner_references]
        body = {"labels": one.metadata.labels, "owners": owners, **slices_of([one])[0]}
        found.setdefault(one.service_name, []).append(body)
    return {name: normal(parts) for name, parts in found.items()}


# -- making it small ---------------------------------------------------------------------------------


# What keeps the cases of a namespace apart, and what a pod with an address always has.
KEPT = ("case", "nodeName")


def smaller(tree: Any) -> Iterator[Any]:
    """Every tree with one element or one key less, large pieces first."""
    steps = range(len(tree)) if isinstance(tree, list) else list(tree) if isinstance(tree, dict) else ()
    steps = [step for step in steps if step not in KEPT]
    for step in steps:
        yield (
            [v for n, v in enumerate(tree) if n != step]
            if isinstance(tree, list)
            else {k: v for k, v in tree.items() if k != step}
        )
    for step in steps:
        for less in smaller(tree[step]):
            changed = tree.copy()
            changed[step] = less
            yield changed


def shrink(lab: Lab, one: Case, seconds: float = 40) -> tuple[Case, Sides | None]:
    """The smallest case that still differs, tried out on the real controllers many at a time."""
    sides: Sides | None = None
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fewer = ({"objects": one.objects, "changes": less} for less in smaller(one.changes))
        other = ({"objects": less, "changes": one.changes} for less in smaller(one.objects))
        trees = list(itertools.islice(itertools.chain(fewer, other), 2 * BATCH))
        tried = {f"s{n}": Case(**tree).named(f"s{n}") for n, tree in enumerate(trees) if _whole(tree)}
        outcome = lab.run(tried)
        kept = [name for name in tried if name in outcome.different]
        if not kept:
            break
        sides = outcome.different[kept[0]]
        one = Case(**trees[int(kept[0][1:])])
    return one, sides


def _whole(tree: Json) -> bool:
    return all("kind" in o and o.get("metadata", {}).get("name") for o in tree["objects"]) and all(
        "kind" in c and "name" in c and ("patch" in c or "delete" in c) for c in tree["changes"]
    )


def pretty(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=None, width=110)


# -- the tests ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    found = Lab(real_kubeconfig())
    yield found
    found.close()


def test_the_real_controllers_write_what_is_expected(lab: Lab) -> None:
    random = Random(SEED)
    made = {f"c{n}": case(random) for n in range(CASES)}
    total = Outcome()
    for names in _batches(list(made)):
        outcome = lab.run({name: made[name].named(name) for name in names}, demo=True)
        total.different |= outcome.different
        total.refused |= outcome.refused
        total.demo += outcome.demo
        total.compared += outcome.compared
    assert not total.refused, f"the generator made what the API refuses: {pretty(total.refused)}"
    print(f"{CASES} cases, {total.compared} comparisons, seed {SEED}")
    smallest = sorted(total.different, key=lambda name: len(pretty(made[name].objects)))
    for name in smallest[:3]:
        sides = total.different[name]
        one, shrunk = shrink(lab, made[name])
        want, got = shrunk or sides
        print(f"\n== {name}: objects\n{pretty(one.objects)}-- changes\n{pretty(one.changes)}")
        print(f"-- expected\n{pretty(want)}-- written\n{pretty(got)}")
    for told in total.demo[:4]:
        print(f"\n== demo {told}")
    different, demo = sorted(total.different), len(total.demo)
    assert not different, f"{len(different)} of {CASES} cases differ: {different}"
    assert not demo, f"the demo's controllers write something else in {demo} cases"


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]
