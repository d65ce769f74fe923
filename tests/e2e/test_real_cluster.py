"""epview against a real kube-apiserver with its real controllers.

The objects are those an article on Kubernetes Endpoints would show; the kubelet is played by patching
pod status, and everything asserted is what `epview check` prints and what the terminal shows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubelet import Kubectl, service
from support.terminal import Terminal, wait_for

pytestmark = [pytest.mark.real_cluster, pytest.mark.timeout(180)]

Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(epview: str, kubectl: Kubectl) -> Check:
    """`epview check -o json` in the test's namespace: {Service name: its part of the report}."""

    def run(*words: str) -> dict[str, Any]:
        command = [epview, "check", "--kubeconfig", kubectl.kubeconfig, "-n", kubectl.namespace, *words]
        done = subprocess.run(
            [*command, "-o", "json", "--fail-on", "never"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["complete"], report["gaps"]
        return {s["name"]: s for s in report["services"]}

    return run


@pytest.fixture
def screen(epview: str, kubectl: Kubectl) -> Any:
    terminals: list[Terminal] = []

    def open_(*words: str, width: int = 120, height: int = 36) -> Terminal:
        command = [epview, "--kubeconfig", kubectl.kubeconfig, "-n", kubectl.namespace, *words]
        terminals.append(Terminal(command, width=width, height=height))
        return terminals[-1]

    yield open_
    for terminal in terminals:
        terminal.close()


PORTS = [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9090}]


def three_pods(kubectl: Kubectl) -> None:
    """Service checkout with three pods, of which the third fails its readiness probe."""
    kubectl.apply(service("checkout", {"app": "checkout"}, {"name": "http", "port": 80, "targetPort": 8080}))
    for number in (1, 2, 3):
        name = f"checkout-{number}"
        kubectl.pod(name, {"app": "checkout"}, ports=PORTS, node=f"node-{number}")
        kubectl.run(name, f"10.244.{number}.7", ready=number != 3, changed_ago=120)
    kubectl.unhealthy("checkout-3", "HTTP probe failed with statuscode: 503", 14)
    wait_for(
        "the controller to list three addresses",
        lambda: len(addresses(kubectl, "checkout")) == 3,
    )


def addresses(kubectl: Kubectl, name: str) -> list[str]:
    found = kubectl("get", "endpoints", name, "-o", "json", check=False)
    subsets = json.loads(found).get("subsets", []) if found else []
    return sorted(
        {a["ip"] for s in subsets for k in ("addresses", "notReadyAddresses") for a in s.get(k, [])}
    )


def test_three_pods_of_which_one_fails_its_readiness_probe(kubectl: Kubectl, check: Check) -> None:
    three_pods(kubectl)

    seen = check()["checkout"]

    assert (seen["ready"], seen["notReady"]) == (2, 1)
    assert seen["health"] == "warning"
    assert seen["headline"]["rule"] == "EP303"
    assert "503" in seen["headline"]["message"]
    bad = next(b for b in seen["backends"] if b["state"] == "notReady")
    assert bad["address"] == "10.244.3.7"
    assert bad["node"] == "node-3"
    assert bad["zone"] == "zone-3"
    assert bad["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert "Endpoints/checkout" in bad["listedIn"]
    assert any(name.startswith("EndpointSlice/checkout-") for name in bad["listedIn"])
    probe = bad["failingProbe"]
    assert probe["probe"] == (
        "http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3"
    )
    assert probe["message"] == "HTTP probe failed with statuscode: 503"
    assert probe["count"] == 14
    assert {f["rule"] for f in seen["findings"] if f["folded"]} == {"EP302"}


def test_the_report_follows_each_change(kubectl: Kubectl, check: Check) -> None:
    three_pods(kubectl)

    kubectl.run("checkout-3", "10.244.3.7", ready=True)
    wait_for("all to be ready", lambda: check()["checkout"]["ready"] == 3)
    assert check()["checkout"]["health"] in ("ok", "info")

    for number in (1, 2, 3):
        kubectl.run(f"checkout-{number}", f"10.244.{number}.7", ready=False)
    wait_for("none to be ready", lambda: check()["checkout"]["ready"] == 0)
    seen = check()["checkout"]
    assert seen["health"] == "error"
    assert seen["headline"]["rule"] == "EP303"
    assert {"EP301"} <= {f["rule"] for f in seen["findings"] if f["folded"]}

    kubectl("delete", "pods", "-l", "app=checkout", "--grace-period=0", "--force")
    wait_for("the selector to match nothing", lambda: not check()["checkout"]["backends"])
    assert check()["checkout"]["headline"]["rule"] == "EP201"


def test_a_service_with_two_named_ports(kubectl: Kubectl, check: Check) -> None:
    kubectl.apply(
        service(
            "my-app",
            {"app": "my-app"},
            {"name": "http-port", "port": 80, "targetPort": "http"},
            {"name": "admin-port", "port": 8080, "targetPort": "admin"},
        )
    )
    kubectl.pod("my-app-1", {"app": "my-app"}, ports=PORTS, node="node-1")
    other = [{"name": "http", "containerPort": 3000}, {"name": "admin", "containerPort": 9090}]
    kubectl.pod("my-app-2", {"app": "my-app"}, ports=other, node="node-2")
    for number in (1, 2):
        kubectl.run(f"my-app-{number}", f"10.244.{number}.9", ready=True, changed_ago=60)
    wait_for("two addresses", lambda: len(addresses(kubectl, "my-app")) == 2)

    seen = check("my-app")["my-app"]

    assert [(p["name"], p["port"], p["targetPort"]) for p in seen["ports"]] == [
        ("http-port", 80, "http"),
        ("admin-port", 8080, "admin"),
    ]
    ports = {b["pod"]: {p["name"]: p["port"] for p in b["ports"]} for b in seen["backends"]}
    assert ports == {
        "my-app-1": {"http-port": 8080, "admin-port": 9090},
        "my-app-2": {"http-port": 3000, "admin-port": 9090},
    }
    assert seen["ready"] == 2
    assert seen["health"] in ("ok", "info")


def test_a_named_port_that_no_pod_has(kubectl: Kubectl, check: Check) -> None:
    kubectl.apply(service("web", {"app": "web"}, {"name": "web", "port": 80, "targetPort": "htp"}))
    kubectl.pod("web-1", {"app": "web"}, ports=PORTS, node="node-1")
    kubectl.run("web-1", "10.244.1.11", ready=True, changed_ago=60)
    wait_for("the pod in a slice", lambda: "10.244.1.11" in kubectl("get", "endpointslices", "-o", "json"))

    seen = check()["web"]

    assert seen["headline"]["rule"] == "EP401"
    assert "http" in seen["headline"]["message"]
    assert seen["ready"] == 0


def test_my_external_db_without_a_selector(kubectl: Kubectl, check: Check) -> None:
    kubectl.apply(service("my-external-db", None, {"protocol": "TCP", "port": 5432, "targetPort": 5432}))
    wait_for("the Service", lambda: "my-external-db" in check())
    assert check()["my-external-db"]["headline"]["rule"] == "EP102"
    assert check()["my-external-db"]["backedBy"] == "nothing"

    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "my-external-db"},
            "subsets": [{"addresses": [{"ip": "192.168.1.100"}], "ports": [{"port": 5432}]}],
        }
    )
    wait_for("the manual address", lambda: check()["my-external-db"]["ready"] == 1)
    wait_for("the mirrored slice", lambda: len(check()["my-external-db"]["backends"][0]["listedIn"]) == 2)

    seen = check()["my-external-db"]
    assert seen["backedBy"] == "manual"
    assert seen["health"] == "info"
    assert seen["headline"]["rule"] == "EP101"
    assert "192.168.1.100:5432" in seen["headline"]["message"]
    assert seen["backends"][0]["address"] == "192.168.1.100"
    assert seen["backends"][0]["pod"] is None


def test_endpoints_that_ask_not_to_be_mirrored(kubectl: Kubectl, check: Check) -> None:
    kubectl.apply(service("legacy", None, {"port": 80, "targetPort": 80}))
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "legacy", "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": "192.168.1.7"}], "ports": [{"port": 80}]}],
        }
    )

    def not_mirrored() -> bool:
        headline = check()["legacy"]["headline"]
        return bool(headline) and headline["rule"] == "EP602"

    wait_for("EP602 after its grace of 10 s", not_mirrored, timeout=30)


def test_frozen_endpoints_after_the_selector_was_removed(kubectl: Kubectl, check: Check) -> None:
    three_pods(kubectl)
    remove = json.dumps([{"op": "remove", "path": "/spec/selector"}])
    kubectl("patch", "service", "checkout", "--type=json", "-p", remove)

    wait_for("EP504", lambda: (check()["checkout"]["headline"] or {}).get("rule") == "EP504")
    assert check()["checkout"]["backedBy"] == "manual"


def test_a_viewer_of_one_namespace_misses_nothing_there(kubectl: Kubectl, epview: str) -> None:
    three_pods(kubectl)
    rules = [
        ("", ["services", "endpoints", "pods", "events"]),
        ("discovery.k8s.io", ["endpointslices"]),
    ]
    kubectl.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "epview"},
            "rules": [
                {"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]}
                for group, resources in rules
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "epview"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "epview"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "viewer"}],
        },
    )
    viewer = str(Path(kubectl.kubeconfig).with_name("viewer.kubeconfig"))
    base = [epview, "check", "--kubeconfig", viewer, "-o", "json", "--fail-on", "never"]

    def judged() -> dict[str, Any] | None:
        done = subprocess.run([*base, "-n", kubectl.namespace], capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    report = wait_for("the rights to take effect", judged)
    assert isinstance(report, dict)
    assert report["complete"]
    assert [s["name"] for s in report["services"]] == ["checkout"]

    refused = subprocess.run([*base, "-n", "default"], capture_output=True, text=True, check=False)
    assert refused.returncode == 3
    assert "forbidden" in refused.stderr.lower()
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.terminal
def test_the_screen_follows_a_pod_that_turns_ready(kubectl: Kubectl, screen: Any) -> None:
    three_pods(kubectl)
    kubectl.apply(service("my-external-db", None, {"port": 5432}))
    terminal = screen()

    terminal.wait("checkout", "2/3", "503", "my-external-db", "no selector")
    kubectl.run("checkout-3", "10.244.3.7", ready=True)
    terminal.wait("3/3", timeout=10)

    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "my-external-db"},
            "subsets": [{"addresses": [{"ip": "192.168.1.100"}], "ports": [{"port": 5432}]}],
        }
    )
    terminal.wait("192.168.1.100:5432", "manual", timeout=10)
    terminal.keys("q")
    assert terminal.exit_code() == 0


@pytest.mark.terminal
def test_drilling_from_service_to_pod(kubectl: Kubectl, screen: Any) -> None:
    three_pods(kubectl)
    terminal = screen("checkout")

    terminal.wait("checkout", "10.244.3.7", "checkout-3", "not ready")
    terminal.keys("Enter")
    terminal.wait("http-get http://:8080/healthz", "#failure=3")
    terminal.keys("q")
    terminal.wait("10.244.1.7", "10.244.2.7")
    terminal.keys("C-c")
    assert terminal.exit_code() == 0
