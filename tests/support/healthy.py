"""Healthy worlds: parts that work well, each in a place of its own, and the claim that all is quiet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from support.builders import (
    INFO,
    NOW,
    Tree,
    controllers_work,
    http_get,
    meta,
    node,
    pod,
    put,
    service,
    states,
)

from epview.core.projector import Projector
from epview.core.view import Health, View

quiet = settings(
    derandomize=True, deadline=None, max_examples=300, database=None, phases=(Phase.explicit, Phase.generate)
)
NODES = ("node-a", "node-b", "node-c")


class Place:
    """Where a part is built: its namespace, names and addresses that nobody else has."""

    def __init__(self, draw: st.DrawFn, number: int, namespace: str) -> None:
        self.draw, self.number, self.namespace = draw, number, namespace
        self.name = f"{draw(st.sampled_from(['api', 'web', 'cart', 'search']))}-{number}"
        self._hosts = 0

    def choose(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def ip(self, family: str = "IPv4") -> str:
        self._hosts += 1
        return (
            f"10.{self.number + 1}.0.{self._hosts}"
            if family == "IPv4"
            else f"fd00::{self.number:x}:{self._hosts:x}"
        )

    def service(self, name: str = "", **more: Any) -> Tree:
        more.setdefault("clusterIP", f"10.96.{self.number}.{self._hosts + 1}")
        more.setdefault("selector", {"app": self.name})
        return service(name or self.name, self.namespace, **more)

    def workload(
        self, kind: str, name: str = "", replicas: int = 3, owner: Tree | None = None, **spec: Any
    ) -> Tree:
        name = name or self.name
        owners = {"ownerReferences": [reference(owner)]} if owner else {}
        template = {"metadata": {"labels": {"app": self.name}}, "spec": {"containers": []}}
        return {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": meta(kind, name, self.namespace, **owners),
            "spec": {"replicas": replicas, "template": template, **spec},
            "status": {
                "replicas": replicas,
                "desiredNumberScheduled": replicas,
                "currentNumberScheduled": replicas,
            },
        }

    def pod(
        self, name: str, owner: Tree, *, labels: Tree | None = None, metadata: Tree | None = None, **more: Any
    ) -> Tree:
        more.setdefault("ips", [self.ip()])
        more.setdefault("node", self.choose(*NODES))
        return pod(
            name,
            self.namespace,
            labels={"app": self.name, **(labels or {})},
            metadata={"ownerReferences": [reference(owner)], **(metadata or {})},
            **more,
        )


def reference(owner: Tree) -> Tree:
    at = owner["metadata"]
    return {"kind": owner["kind"], "name": at["name"], "uid": at["uid"], "controller": True}


def deployed(at: Place, image_hash: str = "6f7d", name: str = "", **more: Any) -> list[Tree]:
    """A Deployment with its ReplicaSet and a few ready pods."""
    name = name or at.name
    deployment = at.workload("Deployment", name)
    revision = at.workload("ReplicaSet", f"{name}-{image_hash}", owner=deployment)
    count = at.choose(1, 2, 3)
    pods = [
        at.pod(
            f"{name}-{image_hash}-{n}",
            revision,
            labels={"pod-template-hash": image_hash},
            readiness=at.choose(None, http_get(), http_get(port="http"), http_get(port=9901)),
            **more,
        )
        for n in range(count)
    ]
    return [deployment, revision, *pods]


Part = Callable[[Place], list[Tree]]


@st.composite
def worlds(draw: st.DrawFn, parts: Sequence[Part], most: int = 5) -> list[Tree]:
    """A few Nodes and up to ``most`` of the parts."""
    cordoned = draw(st.booleans())
    trees = [
        node(name, zone=f"zone-{n % 2}", unschedulable=cordoned and name == NODES[2])
        for n, name in enumerate(NODES)
    ]
    together = draw(st.booleans())
    for number in range(draw(st.integers(1, most))):
        part = draw(st.sampled_from(parts))
        trees += part(Place(draw, number, "shop" if together else f"team-{number}"))
    return trees


def judged(trees: list[Tree]) -> View:
    """What is told of them once the controllers have done their work."""
    made = Projector()
    made.apply([put(tree) for tree in trees])
    made.apply(controllers_work([tree for tree in trees if tree["kind"] != "EndpointSlice"]))
    made.apply(states())
    return made.project(NOW, INFO)


def assert_quiet(view: View) -> None:
    for found in view.services.values():
        told = [(finding.rule, finding.severity.value, finding.message) for finding in found.findings]
        assert found.health in (Health.OK, Health.INFO), (found.key, told)
        assert not found.unknown_rules, (found.key, found.unknown_rules)
    assert not view.findings
