"""Real clients: kubectl, the official Python client, and epview itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest
from demo_help import Client, eventually

from epview.demo.demo import DemoCluster

KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="no kubectl on PATH")


@pytest.fixture(scope="module")
def kubeconfig(still, tmp_path_factory):
    return still.kubeconfig(tmp_path_factory.mktemp("kube") / "config")


@pytest.fixture(scope="module")
def kubectl(kubeconfig):
    home = kubeconfig.parent
    environment = os.environ | {
        "KUBECONFIG": str(kubeconfig),
        "HOME": str(home),
        "KUBECACHEDIR": str(home / "cache"),
    }

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [KUBECTL, *arguments], env=environment, capture_output=True, text=True, timeout=50, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@needs_kubectl
def test_get_prints_everything(kubectl):
    text = kubectl("get", "svc,ep,endpointslices,pods,events,nodes,ns,deploy,rs,sts,ds", "-A")
    for word in (
        "service/my-external-db",
        "192.168.1.100:5432",
        "CrashLoopBackOff",
        "rates.fx.example",
        "3868/SCTP",
    ):
        assert word in text
    assert "Unhealthy" in text


@needs_kubectl
def test_get_wide_has_more_columns(kubectl):
    head, *rows = kubectl("get", "pods", "-o", "wide").splitlines()
    assert head.split()[:7] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert any("10.244." in row for row in rows)
    assert "app=web" in kubectl("get", "svc", "web", "-o", "wide")


@needs_kubectl
def test_get_as_json_and_by_selector(kubectl):
    found = json.loads(kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=web", "-o", "json"))
    assert len(found["items"][0]["endpoints"]) == 4
    assert "kind: Service" in kubectl("get", "svc", "web", "-o", "yaml")


@needs_kubectl
def test_describe_a_service_its_endpoints_and_its_pods(kubectl):
    text = kubectl("describe", "svc", "web")
    assert "http-port  80/TCP" in text
    assert "10.244." in text
    assert "NotReadyAddresses:" in kubectl("describe", "endpoints", "checkout")
    pods = kubectl("describe", "pods", "-l", "app=checkout")
    assert "http-get http://:http/healthz delay=0s timeout=1s period=10s #success=1 #failure=3" in pods
    assert "Readiness probe failed: HTTP probe failed with statuscode: 503" in pods


@needs_kubectl
def test_logs_and_refusals(kubectl):
    assert len(kubectl("logs", "sessions-0", "--tail", "3").splitlines()) == 3
    assert "(NotFound)" in kubectl("get", "pod", "nobody", code=1)
    assert "(Forbidden)" in kubectl("--context", "demo-viewer", "get", "pods", "-A", code=1)
    assert "(MethodNotAllowed)" in kubectl("delete", "pod", "sessions-0", "--wait=false", code=1)


@needs_kubectl
def test_others_are_impersonated(kubectl):
    refused = 'User "demo-viewer" cannot list resource "nodes"'
    assert refused in kubectl("get", "nodes", "--as", "demo-viewer", code=1)
    assert refused in kubectl("get", "nodes", "--context", "demo-viewer", code=1)
    assert "Endpoints:" in kubectl("describe", "svc", "web", "--context", "demo-viewer")
    assert 'User "jane" cannot list' in kubectl("get", "pods", "--as", "jane", code=1)


@needs_kubectl
def test_get_watch_prints_changes_as_they_come(frozen, tmp_path):
    config = frozen.kubeconfig(tmp_path / "config")
    environment = os.environ | {"KUBECONFIG": str(config), "HOME": str(tmp_path)}
    command = [KUBECTL, "get", "pods", "-w"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        try:
            head, *_ = [
                watching.stdout.readline() for _ in range(len(frozen.store.objects("pods", "shop")) + 1)
            ]
            frozen.delete("pods", "shop", "sessions-0")
            change = watching.stdout.readline()
        finally:
            watching.terminate()
    assert head.split()[0] == "NAME"
    assert change.split()[0] == "sessions-0"


# -- epview ----------------------------------------------------------------------------------------


def test_epview_tells_what_the_viewer_may_not_see(kubeconfig):
    command = [sys.executable, "-m", "epview", "check", "-o", "json", "--fail-on", "never"]
    options = ["--kubeconfig", str(kubeconfig), "--context", "demo-viewer"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=50, check=False)
    found = json.loads(done.stdout)
    gap, *others = found["gaps"]
    assert {other["resource"] for other in others} >= {"networkpolicies", "deployments"}
    assert (gap["resource"], gap["reason"]) == ("events", "forbidden")
    assert 'User "demo-viewer" cannot list' in gap["message"]
    assert "web" in {service["name"] for service in found["services"]}


# -- the official Python client --------------------------------------------------------------------


@pytest.fixture
def api(frozen, tmp_path):
    kubernetes = pytest.importorskip("kubernetes")
    config = frozen.kubeconfig(tmp_path / "config")
    client = kubernetes.config.new_client_from_config(str(config))
    yield kubernetes, client
    client.rest_client.pool_manager.clear()  # its own close leaves the connections open
    client.close()


def test_the_python_client_lists_and_understands(api):
    kubernetes, client = api
    core = kubernetes.client.CoreV1Api(client)
    service = core.read_namespaced_service("web", "shop")
    assert [p.name for p in service.spec.ports] == ["http-port", "admin-port"]
    first = core.list_pod_for_all_namespaces(limit=10)
    assert first.metadata.remaining_item_count > 0
    rest = core.list_pod_for_all_namespaces(_continue=first.metadata._continue)
    assert len(first.items) + len(rest.items) == len(core.list_pod_for_all_namespaces().items)
    assert core.list_namespaced_endpoints("shop").items
    assert core.list_event_for_all_namespaces(field_selector="reason=Unhealthy").items
    assert core.list_node().items[0].status.node_info.kubelet_version
    slices = kubernetes.client.DiscoveryV1Api(client).list_namespaced_endpoint_slice("shop")
    assert {s.address_type for s in slices.items} == {"IPv4"}
    assert kubernetes.client.AppsV1Api(client).list_namespaced_deployment("shop").items
    assert kubernetes.client.VersionApi(client).get_code().minor == "34"
    assert "level=" in core.read_namespaced_pod_log("sessions-0", "shop", tail_lines=1)


def test_the_python_client_watches(api, frozen):
    kubernetes, client = api
    core = kubernetes.client.CoreV1Api(client)
    listed = core.list_namespaced_pod("shop")
    seen, ready = [], threading.Event()

    def watch() -> None:
        stream = kubernetes.watch.Watch().stream(
            core.list_namespaced_pod,
            "shop",
            resource_version=listed.metadata.resource_version,
            timeout_seconds=15,
        )
        ready.set()
        for event in stream:
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                break

    thread = threading.Thread(target=watch)
    thread.start()
    ready.wait()
    frozen.advance(9)
    frozen.delete("pods", "shop", "sessions-0")
    thread.join(20)
    assert seen[0][0] == "ADDED"
    assert seen[-1] == ("DELETED", "sessions-0")


def test_the_python_client_is_refused_properly(api):
    kubernetes, client = api
    core = kubernetes.client.CoreV1Api(client)
    with pytest.raises(kubernetes.client.ApiException) as caught:
        core.read_namespaced_pod("nobody", "shop")
    assert (caught.value.status, json.loads(caught.value.body)["reason"]) == (404, "NotFound")
    client.set_default_header("Impersonate-User", "demo-viewer")  # it does not read ``as``
    assert core.list_namespaced_pod("shop").items
    with pytest.raises(kubernetes.client.ApiException) as caught:
        core.list_node()
    assert (caught.value.status, json.loads(caught.value.body)["reason"]) == (403, "Forbidden")


def test_a_living_cluster_moves_by_itself():
    with DemoCluster() as cluster:
        client = Client(cluster)
        target = f"/api/v1/events?watch=1&resourceVersion={cluster.store.version}"
        stream = client.open(target)
        assert json.loads(stream.readline())["type"] in ("ADDED", "MODIFIED")
        eventually(lambda: cluster.store.version > 0)
        client.close()
