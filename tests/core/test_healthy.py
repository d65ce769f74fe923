"""Quiet when healthy: whatever a cluster that works well shows, there is no error and no warning in it.

Each part below is something real clusters are full of and that a hasty rule would complain of. A world is
any mixture of parts, each in a namespace of its own or all in one.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from support.builders import (
    Tree,
    ago,
    endpoint,
    endpoint_slice,
    endpoints,
    http_get,
    meta,
    pod,
    service,
    unhealthy,
)
from support.healthy import NODES, Part, Place, assert_quiet, deployed, judged, quiet, reference, worlds

# -- what healthy clusters are full of -----------------------------------------------------------------


def plain(at: Place) -> list[Tree]:
    target = at.choose(8080, "http")
    affinity = at.choose({}, {"sessionAffinity": "ClientIP"}, {"internalTrafficPolicy": "Cluster"})
    ports = [{"name": "http", "port": 80, "targetPort": target}]
    return [*deployed(at), at.service(ports=ports, **affinity)]


def ports_nobody_declares(at: Place) -> list[Tree]:
    return [*deployed(at, ports=[]), at.service()]


def rollout(at: Place) -> list[Tree]:
    """New pods in their warm-up, old ones ready or on their way out."""
    old = deployed(at)
    deployment = old[0]
    revision = at.workload("ReplicaSet", f"{at.name}-99aa", owner=deployment)
    fresh = at.pod(
        f"{at.name}-99aa-x",
        revision,
        labels={"pod-template-hash": "99aa"},
        ready=at.choose(True, False),
        readiness=http_get(initialDelaySeconds=5),
        running_for=3,
        changed=3,
        metadata={"creationTimestamp": ago(6)},
    )
    slow = at.pod(
        f"{at.name}-99aa-w",
        revision,
        labels={"pod-template-hash": "99aa"},
        ready=False,
        started=False,
        startup=http_get(failureThreshold=30),
        running_for=60,
        changed=60,
        metadata={"creationTimestamp": ago(62)},
    )
    waiting = at.pod(
        f"{at.name}-99aa-y",
        revision,
        labels={"pod-template-hash": "99aa"},
        ready=False,
        ips=[],
        phase="Pending",
        running_for=4,
        changed=4,
        state={"waiting": {"reason": "ContainerCreating"}},
        started=False,
        metadata={"creationTimestamp": ago(4)},
    )
    leaving = at.pod(
        f"{at.name}-6f7d-z",
        old[1],
        labels={"pod-template-hash": "6f7d"},
        metadata={"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30},
    )
    return [
        *old,
        revision,
        *at.choose([fresh], [fresh, leaving], [waiting], [slow], [slow, leaving], [leaving]),
        at.service(),
    ]


def scaled_up(at: Place) -> list[Tree]:
    """A pod seconds after it was asked for: placed, its containers not made yet."""
    made = deployed(at)
    late = at.pod(
        f"{at.name}-late",
        made[1],
        labels={"pod-template-hash": "6f7d"},
        ready=False,
        ips=[],
        phase="Pending",
        changed=4,
        running_for=4,
        status={"containerStatuses": []},
        metadata={"creationTimestamp": ago(4)},
    )
    return [*made, late, at.service()]


def canary(at: Place) -> list[Tree]:
    return [*deployed(at), *deployed(at, "77bb", f"{at.name}-canary"), at.service()]


def stateful(at: Place) -> list[Tree]:
    """A StatefulSet with its headless Service for peers and one for clients."""
    peers = f"{at.name}-peers"
    made = at.workload("StatefulSet", serviceName=peers)
    pods = [
        at.pod(
            f"{at.name}-{n}",
            made,
            labels={"controller-revision-hash": f"{at.name}-5c", "apps.kubernetes.io/pod-index": str(n)},
            spec={"hostname": f"{at.name}-{n}", "subdomain": peers},
        )
        for n in range(3)
    ]
    same = [{"name": "http", "port": 8080, "targetPort": 8080}]
    return [
        made,
        *pods,
        at.service(peers, clusterIP="None", ports=same, publishNotReadyAddresses=at.choose(True, False)),
        at.service(f"{at.name}-client"),
    ]


def node_agents(at: Place) -> list[Tree]:
    """A DaemonSet, one pod on every node, reached on the node itself."""
    made = at.workload("DaemonSet")
    host = [{"name": "http", "containerPort": 8080, "hostPort": 8080 + at.number}]
    network = at.choose({}, {"hostNetwork": True})
    pods = [
        at.pod(
            f"{at.name}-{name}",
            made,
            node=name,
            ports=host,
            labels={"controller-revision-hash": "7d"},
            spec={
                "nodeName": name,
                "containers": [{"name": "app", "image": "registry.example/agent:1", "ports": host}],
                **network,
            },
        )
        for name in NODES
    ]
    policy = at.choose(
        {"internalTrafficPolicy": "Local"}, {"type": "NodePort", "externalTrafficPolicy": "Local"}
    )
    return [made, *pods, at.service(**policy)]


def jobs(at: Place) -> list[Tree]:
    """Finished Jobs that bear the label of the release, and others that do not."""
    job = {"kind": "Job", "metadata": {"name": f"{at.name}-migrate", "uid": f"job-{at.number}"}}
    ended = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(1800)}}
    done = at.pod(f"{at.name}-migrate-x", job, ready=False, phase="Succeeded", state=ended)
    other = {"kind": "Job", "metadata": {"name": f"{at.name}-report-28391", "uid": f"other-{at.number}"}}
    runs = pod(
        f"{at.name}-report-x",
        at.namespace,
        labels={"job-name": "report"},
        ips=[at.ip()],
        metadata={"ownerReferences": [reference(other)]},
    )
    return [*deployed(at), done, runs, at.service()]


def locks(at: Place) -> list[Tree]:
    """Endpoints as a leader election's lock, with and without an owner."""
    lock = {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}
    return [*deployed(at), at.service(), endpoints(f"{at.name}-lock", at.namespace, **lock)]


def operators(at: Place) -> list[Tree]:
    """Slices that a mesh or an operator keeps: beside a selector, and in place of one."""
    owner = {"ownerReferences": [{"kind": "Gateway", "name": "edge", "uid": "edge"}]}
    remote = endpoint_slice(
        f"{at.name}-remote",
        at.name,
        at.namespace,
        manager="mesh.example.com",
        endpoints=[endpoint(at.ip(), ready=True)],
        **owner,
    )
    kept = at.service(f"{at.name}-kept", selector={}, metadata=owner)
    slices = endpoint_slice(
        f"{at.name}-kept-1",
        f"{at.name}-kept",
        at.namespace,
        manager="mesh.example.com",
        endpoints=[endpoint(at.ip(), ready=True)],
        **owner,
    )
    return [*deployed(at), at.service(), remote, kept, slices]


def dual_stack(at: Place) -> list[Tree]:
    made = deployed(at)
    for tree in made[2:]:
        tree["status"]["podIPs"].append({"ip": at.ip("IPv6")})
    families = at.choose(["IPv4", "IPv6"], ["IPv6", "IPv4"])
    return [*made, at.service(ipFamilies=families, ipFamilyPolicy="RequireDualStack")]


def by_hand(at: Place) -> list[Tree]:
    outside = endpoints(at.name, at.namespace, ready=[f"192.168.{at.number}.100"])
    return [at.service(selector={}), outside]


def aliases(at: Place) -> list[Tree]:
    target = at.choose(
        "db.example.com", "db.example.com.", f"{at.name}-real.{at.namespace}.svc.cluster.local"
    )
    alias = service(
        f"{at.name}-alias",
        at.namespace,
        selector={},
        ports=[],
        type="ExternalName",
        clusterIP="",
        externalName=target,
    )
    return [*deployed(at), alias, at.service(f"{at.name}-real")]


def load_balancers(at: Place) -> list[Tree]:
    given_ = {"status": {"loadBalancer": {"ingress": [{"ip": f"203.0.113.{at.number}"}]}}}
    there = {**at.service(type="LoadBalancer"), **given_}
    young = at.service(f"{at.name}-young", type="LoadBalancer", metadata={"creationTimestamp": ago(20)})
    return [*deployed(at), there, young]


def policies(at: Place) -> list[Tree]:
    """Everything denied, then the port of the Service allowed again; and one about egress alone."""

    def policy(name: str, **spec: Any) -> Tree:
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": meta("NetworkPolicy", f"{at.name}-{name}", at.namespace),
            "spec": spec,
        }

    mine = {"matchLabels": {"app": at.name}}
    peers = at.choose(
        [], [{"podSelector": {}}], [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]
    )
    allowed = {"ports": at.choose([{"port": 8080}], [{"port": "http"}], [{"port": 8000, "endPort": 9000}])}
    return [
        *deployed(at),
        at.service(),
        policy("deny", podSelector=mine, policyTypes=["Ingress", "Egress"]),
        policy(
            "allow",
            podSelector=mine,
            policyTypes=["Ingress"],
            ingress=[{**allowed, **({"from": peers} if peers else {})}],
        ),
        policy("egress", podSelector=mine, policyTypes=["Egress"], egress=[{}]),
    ]


def past_troubles(at: Place) -> list[Tree]:
    """What once failed and is well again: events within the hour, restarts, a last exit."""
    ended = {
        "terminated": {
            "exitCode": at.choose(0, 1, 143),
            "reason": "Error",
            "startedAt": ago(7200),
            "finishedAt": ago(3700),
        }
    }
    made = deployed(at, restarts=at.choose(1, 3), last_state=ended)
    failed = unhealthy(
        made[2], "Readiness probe failed: connect: connection refused", seen=3300, first=3590, count=12
    )
    return [*made, failed, at.service()]


def sidecars(at: Place) -> list[Tree]:
    proxy = [
        {
            "name": "proxy",
            "image": "registry.example/proxy:1",
            "restartPolicy": "Always",
            "ports": [{"name": "mesh", "containerPort": 15001}],
        }
    ]
    app = [{"name": "app", "image": "registry.example/app:1"}]
    running = {
        "initContainerStatuses": [
            {"name": "proxy", "ready": True, "started": True, "state": {"running": {"startedAt": ago(3600)}}}
        ]
    }
    made = deployed(at, spec={"containers": app, "initContainers": proxy}, status=running)
    return [*made, at.service(ports=[{"name": "http", "port": 80, "targetPort": "mesh"}])]


def of_the_cluster_itself(at: Place) -> list[Tree]:
    """``default/kubernetes``, which the API server keeps."""
    if at.number:
        return plain(at)
    https = [{"name": "https", "port": 6443, "protocol": "TCP"}]
    return [
        service(
            "kubernetes",
            "default",
            selector={},
            clusterIP="10.96.0.1",
            ports=[{"name": "https", "port": 443, "targetPort": 6443}],
        ),
        endpoints(
            "kubernetes",
            "default",
            ready=["172.20.0.2"],
            ports=https,
            labels={"endpointslice.kubernetes.io/skip-mirror": "true"},
        ),
        endpoint_slice(
            "kubernetes", "kubernetes", "default", endpoints=[endpoint("172.20.0.2", ready=True)], ports=https
        ),
    ]


PARTS: tuple[Part, ...] = (
    plain, ports_nobody_declares, rollout, scaled_up, canary, stateful, node_agents, jobs, locks, operators,
    dual_stack, by_hand, aliases, load_balancers, policies, past_troubles, sidecars, of_the_cluster_itself,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_each_part_of_a_healthy_cluster_is_quiet(part: Part) -> None:
    @settings(quiet, max_examples=15)
    @given(worlds((part,), most=1))
    def check(trees: list[Tree]) -> None:
        assert_quiet(judged(trees))

    check()


@quiet
@given(worlds(PARTS))
def test_a_healthy_cluster_is_quiet(trees: list[Tree]) -> None:
    assert_quiet(judged(trees))
