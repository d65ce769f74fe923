"""Small worlds for the real controllers, made from a seed: one Service each, its pods, one change.

``@`` in names, selectors and subdomains stands for the name the case gets in its namespace.

Left out, because the API server or the kubelet never lets it come about: two addresses of one family in
a pod, irregular address forms, a Service without ports that is not headless, a pod with an address and
without a node (its empty nodeName makes the API server refuse the whole Endpoints object).
Left out because it depends on more than the objects: over 1,000 addresses (how the endpoint controller
shares out the room follows its hash order), and a change from or to hand-written ports that no slice
may have (the mirroring controller's update is refused, so the slice of before stays). Hand-written
Endpoints that change have addresses of one family: with two, the mirroring controller (1.37) may hand
the slice it deletes to one family and strike the other's from its list, and then fails and comes back
after 1 s, 2 s, 4 s …, until the random order of its maps is a lucky one.
Left out because no Struct of epview decodes it: the annotation ``service.kubernetes.io/topology-mode``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]

NODES = ("epview-node-1", "epview-node-2", "epview-node-3")
ZONES = {"epview-node-1": "zone-1", "epview-node-2": "zone-2"}  # the third has none
UNKNOWN_NODE = "epview-no-such-node"
FINALIZER = "example.com/held"
NAMES = ("http", "admin", "dns")
NUMBERS = (80, 53, 8080, 9090)
PROTOCOLS = ("TCP", "TCP", "TCP", "UDP", "SCTP")
SELECTOR = {"case": "@", "tier": "web"}


@dataclass
class Case:
    """What is created, in this order, and what is done to it once the controllers have settled.

    A change is ``{"kind", "name", "patch"}`` or ``{"kind", "name", "delete": "gently" | "now"}``.
    """

    objects: list[Json]
    changes: list[Json] = field(default_factory=list)

    def named(self, name: str) -> Case:
        text = json.dumps({"objects": self.objects, "changes": self.changes}).replace("@", name)
        return Case(**json.loads(text))


def case(random: Random) -> Case:
    return _manual(random) if random.random() < 0.25 else _selected(random)


def _node(name: str) -> Json:
    labels = {"topology.kubernetes.io/zone": ZONES[name]} if name in ZONES else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def nodes() -> list[Json]:
    return [_node(name) for name in NODES]


def _selected(random: Random) -> Case:
    service = _service(random, SELECTOR)
    pods = [_pod(random, n) for n in range(random.choice((0, 1, 1, 2, 2, 3, 4, 6)))]
    objects = [service, *pods]
    if random.random() < 0.4:  # the controllers see pods first, or the Service first
        objects = [*pods, service]
    if random.random() < 0.03:
        objects.insert(0, _endpoints(random))  # somebody's own, which the controller overwrites
    return Case(objects, _changes(random, service, pods))


def _manual(random: Random) -> Case:
    selector = SELECTOR if random.random() < 0.05 else None
    changed = random.random() < 0.5
    six = random.choice((0, 0, 1)) if changed else 0.25
    objects = [_service(random, selector), _endpoints(random, six)]
    if selector:  # or the controller may have made an Endpoints of that name before us
        objects.reverse()
    else:
        random.shuffle(objects)
    if random.random() < 0.05:
        objects = [o for o in objects if o["kind"] == "Endpoints"]  # no Service of that name
    changes: list[Json] = []
    written = next(o["subsets"] for o in objects if o["kind"] == "Endpoints")
    if changed:
        patch = {"subsets": _subsets(random, six)}
        if not _collides(written) and not _collides(patch["subsets"]):
            changes = [{"kind": "Endpoints", "name": "@", "patch": patch}]
    elif len(objects) == 2 and random.random() < 0.3:
        changes = [{"kind": "Service", "name": "@", "patch": {"spec": {"selector": SELECTOR}}}]
    return Case(objects, changes)


# -- Services ----------------------------------------------------------------------------------------


def _service(random: Random, selector: Json | None) -> Json:
    headless = random.random() < 0.3
    spec: Json = {"ports": _service_ports(random)}
    if selector:
        spec["selector"] = selector
    if random.random() < 0.05:
        spec |= {"type": "ExternalName", "externalName": "db.example.com"}
        return _object("Service", "@", {}, spec=spec)
    if headless:
        spec["clusterIP"] = "None"
        if random.random() < 0.4:
            del spec["ports"]
    elif random.random() < 0.15:
        spec["type"] = random.choice(("NodePort", "LoadBalancer"))
    if random.random() < 0.25:
        spec["publishNotReadyAddresses"] = True
    if random.random() < 0.4:
        spec["trafficDistribution"] = random.choice(("PreferClose", "PreferSameZone", "PreferSameNode"))
    spec |= random.choice(
        (
            {},
            {},
            {"ipFamilies": ["IPv4"]},
            {"ipFamilies": ["IPv6"]},
            {"ipFamilyPolicy": "PreferDualStack"},
            {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]},
        )
    )
    labels = {"team": "shop"} if random.random() < 0.3 else {}
    return _object("Service", "@", labels, spec=spec)


def _service_ports(random: Random) -> list[Json]:
    count = random.choice((1, 1, 1, 2, 2, 3))
    names = random.sample(NAMES, count)
    ports: list[Json] = []
    for name, number in zip(names, random.sample(NUMBERS, count), strict=True):
        port: Json = {"port": number, "protocol": random.choice(PROTOCOLS)}
        if count > 1 or random.random() < 0.5:
            port["name"] = name
        target = random.choice((None, *NUMBERS, *NAMES, *NAMES))
        if target is not None:
            port["targetPort"] = target
        if random.random() < 0.2:
            port["appProtocol"] = random.choice(("http", "kubernetes.io/h2c"))
        ports.append(port)
    return ports


# -- pods --------------------------------------------------------------------------------------------


def _pod(random: Random, number: int) -> Json:
    spec: Json = {"containers": [_container(random, n) for n in range(random.choice((1, 1, 2)))]}
    if random.random() < 0.25:
        sidecars = [_container(random, n, "init") for n in range(random.choice((1, 2)))]
        for sidecar in sidecars:
            if random.random() < 0.6:
                sidecar["restartPolicy"] = "Always"
        spec["initContainers"] = sidecars
    status = _status(random)
    if status.get("podIP") or random.random() < 0.7:
        spec["nodeName"] = random.choice((*NODES, *NODES, *NODES, UNKNOWN_NODE))
    if random.random() < 0.3:
        spec["hostname"] = random.choice(("db-0", "db-1"))
    if random.random() < 0.3:
        spec["subdomain"] = random.choice(("@", "@", "other"))
    obj = _object("Pod", f"@-{number}", _labels(random), spec=spec, status=status)
    if random.random() < 0.3:
        obj["metadata"]["finalizers"] = [FINALIZER]
    return obj


def _labels(random: Random) -> Json:
    return random.choice((SELECTOR, SELECTOR, SELECTOR, SELECTOR, {**SELECTOR, "x": "y"}, {"case": "@"}))


def _container(random: Random, number: int, prefix: str = "c") -> Json:
    names = [None, *random.sample(NAMES, random.choice((0, 1, 2, 3)))]
    ports = [
        {"containerPort": random.choice((*NUMBERS, 3000)), "protocol": random.choice(PROTOCOLS)}
        | ({"name": name} if name else {})
        for name in names[random.choice((0, 1)) :]
    ]
    return {"name": f"{prefix}-{number}", "image": "registry.example/app:1", "ports": ports}


def _status(random: Random) -> Json:
    four, six = f"10.244.1.{random.randrange(1, 8)}", f"fd00::{random.randrange(1, 8)}"
    ips = random.choice(([four], [four], [four], [six], [four, six], [four, six], [six, four], []))
    status: Json = {"phase": random.choice((*["Running"] * 8, "Pending", "Succeeded", "Failed", "Unknown"))}
    if ips:
        status |= {"podIP": ips[0], "podIPs": [{"ip": ip} for ip in ips]}
    ready = random.choice(("True", "True", "True", "False", "Unknown", None))
    # a merge patch replaces the whole list, so a missing condition is missing after a change, too
    status["conditions"] = [{"type": "PodScheduled", "status": "True"}]
    if ready:
        status["conditions"].append({"type": "Ready", "status": ready})
    return status


# -- Endpoints by hand -------------------------------------------------------------------------------


def _endpoints(random: Random, six: float = 0.25) -> Json:
    obj = _object("Endpoints", "@", {})
    obj["subsets"] = _subsets(random, six)
    if _collides(obj["subsets"]):  # one slice refused holds up the others of the same Endpoints
        del obj["subsets"][1:]
    if random.random() < 0.2:
        obj["metadata"]["labels"]["endpointslice.kubernetes.io/skip-mirror"] = random.choice(
            ("true", "false")
        )
    if random.random() < 0.05:
        obj["metadata"]["annotations"] = {"control-plane.alpha.kubernetes.io/leader": "{}"}
    return obj


def _subsets(random: Random, six: float) -> list[Json]:
    """``six``: how many of the addresses are IPv6."""
    return [_subset(random, six) for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3)))]


def _collides(subsets: list[Json]) -> bool:
    """Whether one address has two ports of one name: such a slice is refused."""
    seen = set()
    for number, subset in enumerate(subsets):
        ips = [a["ip"] for kind in ("addresses", "notReadyAddresses") for a in subset.get(kind, ())]
        for port in subset.get("ports", ()):
            name = port.get("name", "")
            value = (port["port"], port["protocol"], number if "appProtocol" in port else None)
            seen |= {(ip, name, value) for ip in ips}
    return len({(ip, name) for ip, name, _ in seen}) < len(seen)


def _subset(random: Random, six: float) -> Json:
    subset: Json = {}
    ready = random.choice((0, 1, 1, 2, 3))
    if random.random() < 0.04:
        ready = 130
    not_ready = random.choice((0, 0, 1, 2)) if ready else 1
    if ready:
        subset["addresses"] = [_address(random, ready, six) for _ in range(ready)]
    if not_ready:
        subset["notReadyAddresses"] = [_address(random, not_ready, six) for _ in range(not_ready)]
    count = random.choice((0, 1, 1, 1, 2))
    if count:
        subset["ports"] = [
            {"port": random.choice(NUMBERS), "protocol": random.choice(PROTOCOLS)}
            | ({"name": name} if count > 1 or random.random() < 0.5 else {})
            | ({"appProtocol": "http"} if random.random() < 0.2 else {})
            for name in random.choice((random.sample(NAMES, count), random.choices(NAMES, k=count)))
        ]
    return subset


def _address(random: Random, among: int, six: float) -> Json:
    number = random.randrange(1, 7 if among < 100 else 10_000)  # few: the same one stands in several places
    ip = f"fd00:1::{number:x}" if random.random() < six else f"192.168.{number // 250}.{number % 250}"
    address: Json = {"ip": ip}
    if random.random() < 0.2:
        address["hostname"] = random.choice(("a", "b"))
    if random.random() < 0.2:
        address["nodeName"] = random.choice((*NODES, UNKNOWN_NODE))
    if random.random() < 0.25:
        name = random.choice(("p-1", "p-2"))
        uid = random.choice(("", f"uid-{name}", "uid-other"))
        address["targetRef"] = {"kind": "Pod", "name": name} | ({"uid": uid} if uid else {})
    return address


# -- changes -----------------------------------------------------------------------------------------


def _changes(random: Random, service: Json, pods: list[Json]) -> list[Json]:
    changes: list[Json] = []
    for pod in pods:
        name = pod["metadata"]["name"]
        chance = random.random()
        if chance < 0.25 and "nodeName" in pod["spec"]:
            status = _status(random)
            _end_as_the_kubelet_does(pod["status"], status)
            status.setdefault("podIP", None)  # the network is gone
            status.setdefault("podIPs", None)
            changes.append({"kind": "Pod", "name": name, "patch": {"status": status}})
        elif chance < 0.35:
            labels = {"tier": random.choice(("web", None)), "case": "@"}
            changes.append({"kind": "Pod", "name": name, "patch": {"metadata": {"labels": labels}}})
        elif chance < 0.6:
            changes.append(
                {"kind": "Pod", "name": name, "delete": random.choice(("gently", "gently", "now"))}
            )
    if service["spec"].get("type") == "ExternalName":
        return changes
    if random.random() < 0.3:
        spec: Json = {}
        chance = random.random()
        if chance < 0.1:  # frozen as it is, so nothing else may change: which came first would count
            return [{"kind": "Service", "name": "@", "patch": {"spec": {"selector": None}}}]
        if chance < 0.4:
            spec["publishNotReadyAddresses"] = not service["spec"].get("publishNotReadyAddresses", False)
        elif chance < 0.7:
            spec["trafficDistribution"] = random.choice((None, "PreferClose", "PreferSameNode"))
        else:
            spec["ports"] = _service_ports(random)
        changes.append({"kind": "Service", "name": "@", "patch": {"spec": spec}})
    return changes


def _end_as_the_kubelet_does(before: Json, status: Json) -> None:
    """A finished pod stays finished and turns unready as it finishes.

    The controllers depend on it: a phase that changes without the Ready condition wakes none of them.
    """
    finished = ("Succeeded", "Failed")
    ready = {"type": "Ready", "status": "True"}
    if before["phase"] in finished or ready not in before["conditions"]:
        status["phase"] = before["phase"]
    elif status["phase"] in finished:
        status["conditions"] = [c for c in status["conditions"] if c["type"] != "Ready"]


def _object(kind: str, name: str, labels: Json, **parts: Any) -> Json:
    metadata = {"name": name, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **parts}
