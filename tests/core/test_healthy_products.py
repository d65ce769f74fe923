"""Quiet with what people really install: the shapes that well-known products give their Services.

As in test_healthy.py, a world is any mixture of parts; no error and no warning may appear in it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from support.builders import Tree, ago, endpoint, endpoint_slice, endpoints, http_get, meta, unhealthy
from support.healthy import NODES, Part, Place, assert_quiet, deployed, judged, quiet, worlds


def port(name: str, number: int, target: int | str = 0, protocol: str = "TCP") -> Tree:
    return {"name": name, "port": number, "targetPort": target or number, "protocol": protocol}


def opened(name: str, number: int, protocol: str = "TCP", **more: Any) -> Tree:
    return {"name": name, "containerPort": number, "protocol": protocol, **more}


def containers(**ports: list[Tree]) -> Tree:
    """``spec`` and ``status`` of a pod with these containers, all running well."""
    up = {"ready": True, "started": True, "restartCount": 0, "state": {"running": {"startedAt": ago(3600)}}}
    return {
        "spec": {
            "containers": [
                {"name": name, "image": f"registry.example/{name}:1", "ports": listed}
                for name, listed in ports.items()
            ]
        },
        "status": {"containerStatuses": [{"name": name, **up} for name in ports]},
    }


def members(at: Place, count: int, peers: str, **more: Any) -> list[Tree]:
    """A StatefulSet whose pods have names of their own, under the Service ``peers``."""
    made = at.workload("StatefulSet", replicas=count, serviceName=peers)
    spec = more.pop("spec", {})
    labels = more.pop("labels", {})
    return [
        made,
        *(
            at.pod(
                f"{at.name}-{n}",
                made,
                labels={"controller-revision-hash": f"{at.name}-1", **labels},
                spec={**spec, "hostname": f"{at.name}-{n}", "subdomain": peers},
                **more,
            )
            for n in range(count)
        ),
    ]


def going(seconds_left: float = 20) -> Tree:
    return {"deletionTimestamp": ago(-seconds_left), "deletionGracePeriodSeconds": 30}


def to_pod(tree: Tree, **more: Any) -> Tree:
    """An address of Endpoints that names its pod."""
    metadata = tree["metadata"]
    named = {"kind": "Pod", **{field: metadata[field] for field in ("namespace", "name", "uid")}}
    return {"ip": tree["status"]["podIP"], "targetRef": named, **more}


# -- the cluster's own -----------------------------------------------------------------------------


def cluster_dns(at: Place) -> list[Tree]:
    """One number under two protocols."""
    dns = containers(
        coredns=[opened("dns", 53, "UDP"), opened("dns-tcp", 53), opened("metrics", 9153)],
    )
    targets = at.choose((53, 53), ("dns", "dns-tcp"))
    ports = [port("dns", 53, targets[0], "UDP"), port("dns-tcp", 53, targets[1]), port("metrics", 9153)]
    return [*deployed(at, **dns), at.service(ports=ports)]


def ingress_controller(at: Place) -> list[Tree]:
    """Outside traffic stays on its node; the webhook's Jobs have ended."""
    controller = containers(
        controller=[opened("http", 80), opened("https", 443), opened("webhook", 8443)],
    )
    job = {"kind": "Job", "metadata": {"name": f"{at.name}-admission-create", "uid": f"job/{at.number}"}}
    done = at.pod(
        f"{at.name}-admission-create-x", job, labels={"app": "admission"}, phase="Succeeded", ready=False
    )
    return [
        *deployed(at, **controller),
        done,
        {
            **at.service(
                type="LoadBalancer",
                externalTrafficPolicy="Local",
                ports=[port("http", 80, "http"), port("https", 443, "https")],
            ),
            "status": {"loadBalancer": {"ingress": [{"hostname": "edge.example.com"}]}},
        },
        at.service(f"{at.name}-admission", ports=[port("https-webhook", 443, "webhook")]),
    ]


def agents_while_they_roll(at: Place) -> list[Tree]:
    """A DaemonSet replaces its pods one node after the other; clients talk to that of their own node."""
    made = at.workload("DaemonSet")
    labels = {"controller-revision-hash": "7d"}
    pods = [at.pod(f"{at.name}-{name}", made, node=name, labels=labels) for name in NODES[:2]]
    last = {"node": NODES[2], "labels": {"controller-revision-hash": "8e"}}
    starting = at.pod(
        f"{at.name}-new",
        made,
        ready=False,
        readiness=http_get(),
        running_for=3,
        changed=4,
        metadata={"creationTimestamp": ago(5)},
        **last,
    )
    leaving = at.pod(f"{at.name}-old", made, metadata=going(), **last)
    return [made, *pods, *at.choose([], [starting], [leaving]), at.service(internalTrafficPolicy="Local")]


def a_node_is_drained(at: Place) -> list[Tree]:
    made = deployed(at)
    leaving = at.pod(f"{at.name}-a", made[1], labels={"pod-template-hash": "6f7d"}, metadata=going())
    new = at.pod(
        f"{at.name}-b",
        made[1],
        labels={"pod-template-hash": "6f7d"},
        ready=False,
        ips=[],
        phase="Pending",
        running_for=3,
        changed=3,
        started=False,
        state={"waiting": {"reason": "ContainerCreating"}},
        metadata={"creationTimestamp": ago(3)},
    )
    evicted = at.pod(
        f"{at.name}-c", made[1], ready=False, ips=[], phase="Failed", status={"reason": "Evicted"}
    )
    return [*made, leaving, new, *at.choose([], [evicted]), at.service()]


def the_last_pod_moves(at: Place) -> list[Tree]:
    """The only pod of a StatefulSet is replaced: it serves to its end, and the next one waits for that."""
    made = members(at, 1, at.name, metadata=going())
    return [*made, at.service(f"{at.name}-client")]


def after_the_last_request(at: Place) -> list[Tree]:
    """Pods that are told to end and serve no more, beside those that stay."""
    made = deployed(at)
    ended = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(2)}}
    gone = at.pod(f"{at.name}-z", made[1], ready=False, state=ended, metadata=going())
    said = unhealthy(gone, "Readiness probe failed: HTTP probe failed with statuscode: 503", seen=3)
    return [*made, gone, said, at.service()]


# -- monitoring --------------------------------------------------------------------------------------


def monitoring(at: Place) -> list[Tree]:
    """Named ports of several containers, a gossip port under both protocols, a headless Service for peers."""
    pods = containers(
        app=[opened("web", 9093), opened("mesh-tcp", 9094), opened("mesh-udp", 9094, "UDP")],
        reloader=[opened("reloader-web", 8080)],
    )
    peers = f"{at.name}-operated"
    gossip = [port("tcp-mesh", 9094), port("udp-mesh", 9094, 9094, "UDP")]
    return [
        *members(at, 3, peers, **pods),
        at.service(
            peers,
            clusterIP="None",
            publishNotReadyAddresses=True,
            ports=[port("web", 9093, "web"), *gossip],
        ),
        at.service(
            ports=[port("web", 80, "web"), port("reloader-web", 8080, "reloader-web")],
            sessionAffinity=at.choose("None", "ClientIP"),
        ),
    ]


def kubelets(at: Place) -> list[Tree]:
    """A Service of the nodes themselves, which an operator keeps."""
    ports = [port("https-metrics", 10250), port("cadvisor", 4194)]
    listed = [
        {"ip": f"172.18.{at.number}.{n}", "targetRef": {"kind": "Node", "name": name}}
        for n, name in enumerate(NODES)
    ]
    subset = {"addresses": listed, "ports": [{"name": p["name"], "port": p["port"]} for p in ports]}
    return [
        at.service(selector={}, clusterIP="None", ports=ports),
        endpoints(at.name, at.namespace, subsets=[subset]),
    ]


# -- data ----------------------------------------------------------------------------------------------


def leader_of_a_database(at: Place) -> list[Tree]:
    """Patroni points the Endpoints at its leader, and keeps its settings in the annotations of others."""
    made = members(at, 2, at.name)
    made[1]["metadata"]["labels"]["role"] = "master"
    made[2]["metadata"]["labels"]["role"] = "replica"
    writer = at.choose({}, {"managedFields": [{"manager": "Patroni", "operation": "Update"}]})
    listed = {
        "addresses": [to_pod(made[1], hostname=f"{at.name}-0")],
        "ports": [{"name": "pg", "port": 5432}],
    }
    pg = [port("pg", 5432)]
    return [
        *made,
        at.service(selector={}, ports=pg),
        endpoints(at.name, at.namespace, subsets=[listed], **writer),
        at.service(f"{at.name}-repl", selector={"app": at.name, "role": "replica"}, ports=pg),
        at.service(f"{at.name}-config", selector={}, ports=[], clusterIP="None"),
        endpoints(f"{at.name}-config", at.namespace, annotations={"config": "{}"}),
    ]


def a_second_name_for_the_leader(at: Place) -> list[Tree]:
    """A headless Service whose name leads to another one's cluster IP."""
    first = at.service()
    owner = {
        "ownerReferences": [{"kind": "PostgresCluster", "name": at.name, "uid": at.name, "controller": True}]
    }
    name = f"{at.name}-primary"
    pg = [port("http", 8080)]
    return [
        *deployed(at),
        first,
        at.service(name, selector={}, clusterIP="None", ports=pg, metadata=owner),
        endpoints(name, at.namespace, ready=[first["spec"]["clusterIP"]], **owner),
    ]


def peers_that_find_each_other(at: Place) -> list[Tree]:
    """Members published before they are ready, one of them just starting; and one Service for each."""
    peers = f"{at.name}-headless"
    pods = containers(redis=[opened("tcp-redis", 6379)], sentinel=[opened("redis-sentinel", 26379)])
    made = members(at, 3, peers, **pods)
    for tree in made[1:]:
        tree["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = tree["metadata"]["name"]
    both = [port("tcp-redis", 6379, "tcp-redis"), port("tcp-sentinel", 26379, "redis-sentinel")]
    return [
        *made,
        at.service(peers, clusterIP="None", publishNotReadyAddresses=True, ports=both),
        at.service(ports=both),
        *(
            at.service(
                f"{at.name}-{n}",
                type="NodePort",
                selector={"statefulset.kubernetes.io/pod-name": f"{at.name}-{n}"},
                ports=both[:1],
            )
            for n in range(3)
        ),
    ]


def two_revisions_for_weeks(at: Place) -> list[Tree]:
    """OnDelete: the new template waits for somebody to delete the pods."""
    made = members(at, 3, at.name, metadata={"creationTimestamp": ago(3_000_000)})
    made[3]["metadata"]["labels"]["controller-revision-hash"] = f"{at.name}-2"
    same = [port("http", 8080)]
    return [*made, at.service(ports=same, clusterIP="None"), at.service(f"{at.name}-read")]


def a_job_of_many(at: Place) -> list[Tree]:
    """An Indexed Job whose pods call each other by name; some are done."""
    job = {"kind": "Job", "metadata": {"name": at.name, "uid": f"job/{at.number}"}}
    names = {"hostname": f"{at.name}-0", "subdomain": at.name}
    runs = [at.pod(f"{at.name}-{n}-x", job, spec=names, ports=[], running_for=40, changed=40) for n in (0, 1)]
    done = at.pod(f"{at.name}-2-x", job, phase="Succeeded", ready=False)
    return [*runs, done, at.service(clusterIP="None", publishNotReadyAddresses=True, ports=[])]


# -- kept by others ------------------------------------------------------------------------------------


def global_service(at: Place) -> list[Tree]:
    """Another cluster serves too, or alone."""
    managed = "endpointslice-mesh-controller.cilium.io"
    there = [endpoint(at.ip(), ready=True), endpoint(at.ip(), ready=True)]
    remote = endpoint_slice(f"{at.name}-c2", at.name, at.namespace, manager=managed, endpoints=there)
    here = at.choose([], deployed(at), [at.workload("Deployment", replicas=0)])
    return [*here, at.service(), remote]


def imported_service(at: Place) -> list[Tree]:
    owner = {"ownerReferences": [{"kind": "ServiceImport", "name": at.name, "uid": at.name}]}
    there = [endpoint(at.ip(), ready=True)]
    slice_ = endpoint_slice(
        f"{at.name}-c1", at.name, at.namespace, manager="lighthouse-agent.submariner.io", endpoints=there
    )
    return [at.service(selector={}, metadata=owner), slice_]


def served_by_an_activator(at: Place) -> list[Tree]:
    """A revision scaled to zero: its public Service points at pods that start one with the next request."""
    made = deployed(at)
    owner = {"ownerReferences": [{"kind": "ServerlessService", "name": at.name, "uid": at.name}]}
    name = f"{at.name}-00001"
    listed = {"addresses": [to_pod(tree) for tree in made[2:]], "ports": [{"name": "http", "port": 8080}]}
    return [
        *made,
        at.service(),
        at.service(name, selector={}, metadata=owner),
        endpoints(name, at.namespace, subsets=[listed], **owner),
    ]


def members_of_another_system(at: Place) -> list[Tree]:
    """Lists of outside addresses: volumes, a database of both families, slices without conditions."""
    old = endpoints(at.name, at.namespace, ready=["10.70.0.1", "10.70.0.2"], ports=[{"port": 1}])
    db = endpoint_slice(
        f"{at.name}-db-1",
        f"{at.name}-db",
        at.namespace,
        endpoints=[{"addresses": [f"192.168.{at.number}.7"]}],
        ports=[{"name": "pg", "port": 5432, "protocol": "TCP"}],
    )
    return [
        at.service(selector={}, ports=[{"port": 1, "targetPort": 1}]),
        old,
        at.service(f"{at.name}-db", selector={}, ports=[port("pg", 5432)]),
        db,
    ]


# -- workloads of all kinds ------------------------------------------------------------------------


def gates_are_open(at: Place) -> list[Tree]:
    """Pods that a load balancer has taken in."""
    gate = "target-health.elbv2.k8s.aws/k8s-shop-web"
    made = deployed(at, spec={"readinessGates": [{"conditionType": gate}]})
    for tree in made[2:]:
        tree["status"]["conditions"].append({"type": gate, "status": "True"})
    return [*made, at.service()]


def many_ports(at: Place) -> list[Tree]:
    numbers = range(8000, 8030)
    pods = containers(app=[opened(f"p{n}", n) for n in numbers])
    ports = [{**port(f"p{n}", n, f"p{n}"), "appProtocol": "kubernetes.io/h2c"} for n in numbers]
    return [*deployed(at, **pods), at.service(ports=ports, trafficDistribution="PreferSameZone")]


def blue_and_green(at: Place) -> list[Tree]:
    made = [*deployed(at, "55cc", f"{at.name}-blue"), *deployed(at, "66dd", f"{at.name}-green")]
    for tree in made:
        if tree["kind"] == "Pod":
            tree["metadata"]["labels"]["color"] = "blue" if "-blue-" in tree["metadata"]["name"] else "green"
    return [*made, at.service(selector={"app": at.name, "color": "green"})]


def a_hard_start(at: Place) -> list[Tree]:
    """Well since minutes, but the events of its start are still there."""
    made = deployed(at, running_for=310, changed=300, metadata={"creationTimestamp": ago(500)})
    late = made[2]
    refused = unhealthy(late, "Readiness probe failed: connect: connection refused", seen=305, count=1)
    pulled = {**refused, "metadata": meta("Event", f"{at.name}.pull", at.namespace), "reason": "BackOff"}
    unplaced = {
        **refused,
        "metadata": meta("Event", f"{at.name}.place", at.namespace),
        "reason": "FailedScheduling",
    }
    return [
        *made,
        refused,
        {**pulled, "message": "Back-off pulling image"},
        {**unplaced, "message": "0/3 nodes are available"},
        at.service(),
    ]


def solver(at: Place) -> list[Tree]:
    """Pod and Service of a challenge, both seconds old."""
    owner = {"kind": "Challenge", "metadata": {"name": at.name, "uid": at.name}}
    young = {"creationTimestamp": ago(5)}
    made = at.pod(f"{at.name}-x", owner, running_for=3, changed=3, metadata=young)
    return [made, at.service(type="NodePort", metadata=young)]


def several_for_the_same(at: Place) -> list[Tree]:
    """Headless for balancing clients, one with the port's number left out, one with an external IP."""
    bare = at.service(f"{at.name}-bare", ports=[{"port": 8080}])
    return [
        *deployed(at),
        at.service(clusterIP="None", ports=[port("http", 8080, at.choose(8080, "http"))]),
        bare,
        at.service(f"{at.name}-outer", externalIPs=["198.51.100.9"]),
    ]


def followed(at: Place) -> list[Tree]:
    """Whoever keeps the list writes the pod's uid, as no person does."""
    made = deployed(at)
    name = f"{at.name}-active"
    listed = {"addresses": [to_pod(made[2])], "ports": [{"name": "http", "port": 8080}]}
    return [*made, at.service(name, selector={}), endpoints(name, at.namespace, subsets=[listed])]


PRODUCTS: tuple[Part, ...] = (
    cluster_dns, ingress_controller, agents_while_they_roll, a_node_is_drained, the_last_pod_moves,
    after_the_last_request, monitoring, kubelets, leader_of_a_database, a_second_name_for_the_leader,
    peers_that_find_each_other, two_revisions_for_weeks, a_job_of_many, global_service, imported_service,
    served_by_an_activator, members_of_another_system, gates_are_open, many_ports, blue_and_green, a_hard_start,
    solver, several_for_the_same, followed,
)  # fmt: skip


@pytest.mark.parametrize("part", PRODUCTS, ids=lambda part: part.__name__)
def test_each_product_is_quiet(part: Part) -> None:
    @settings(quiet, max_examples=15)
    @given(worlds((part,), most=1))
    def check(trees: list[Tree]) -> None:
        assert_quiet(judged(trees))

    check()


@settings(quiet, max_examples=150)
@given(worlds(PRODUCTS))
def test_a_cluster_full_of_products_is_quiet(trees: list[Tree]) -> None:
    assert_quiet(judged(trees))
