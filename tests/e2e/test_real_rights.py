"""Least privilege on a real control plane: with exactly the rights of docs/rbac nothing is missing."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubelet import Kubectl, service
from support.ears import Heard
from support.terminal import wait_for

from epview.core.objects import KINDS
from epview.core.view import Phase
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions
from epview.sources.source import SourceError

pytestmark = [pytest.mark.real_cluster, pytest.mark.timeout(180)]

RBAC = Path(__file__).parents[2] / "docs" / "rbac"
PORTS = [{"name": "http", "containerPort": 8080}]

Report = dict[str, Any]


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """A Service with one ready pod, listed by the controllers."""
    kubectl.apply(service("web", {"app": "web"}, {"name": "http", "port": 80, "targetPort": 8080}))
    kubectl.pod("web-1", {"app": "web"}, ports=PORTS, node="node-1")
    kubectl.run("web-1", "10.244.1.7", ready=True, changed_ago=120)
    wait_for("a slice", lambda: "10.244.1.7" in kubectl("get", "endpointslices", "-o", "json"))
    return kubectl


@pytest.fixture
def account(web: Kubectl, tmp_path: Path) -> str:
    """The kubeconfig of a service account that has no rights yet."""
    web("create", "serviceaccount", "viewer")
    config = yaml.safe_load(Path(web.kubeconfig).read_text("utf-8"))
    config["users"] = [{"name": "viewer", "user": {"token": web("create", "token", "viewer").strip()}}]
    for context in config["contexts"]:
        context["context"] |= {"user": "viewer", "namespace": web.namespace}
    path = tmp_path / "viewer.kubeconfig"
    path.write_text(yaml.safe_dump(config), "utf-8")
    return str(path)


@pytest.fixture
def cluster_role(web: Kubectl) -> Iterator[str]:
    """The ClusterRole of the manifest under a name of its own, bound to the account."""
    name = f"epview-{uuid.uuid4().hex[:8]}"
    manifest = yaml.safe_load((RBAC / "clusterrole.yaml").read_text("utf-8"))
    web.apply({**manifest, "metadata": {"name": name}})
    web(
        "create",
        "clusterrolebinding",
        name,
        f"--clusterrole={name}",
        f"--serviceaccount={web.namespace}:viewer",
    )
    yield name
    web("delete", "clusterrolebinding,clusterrole", name)


@pytest.fixture
def check(epview: str, account: str) -> Callable[..., tuple[int, Report, str]]:
    def run(*words: str) -> tuple[int, Report, str]:
        command = [epview, "check", "--kubeconfig", account, "-o", "json", "--fail-on", "never", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
        return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr

    return run


def settled(check: Callable[..., tuple[int, Report, str]], *words: str) -> Report:
    """The report once the rights have reached the authorizer."""

    def whole() -> Report | None:
        code, report, _ = check(*words)
        return report if code == 0 else None

    report = wait_for("the rights", whole)
    assert isinstance(report, dict)
    return report


def test_without_rights_it_says_so(check: Callable[..., tuple[int, Report, str]]) -> None:
    code, _, told = check()
    assert code == 3
    assert "services is forbidden" in told
    assert len(told.splitlines()) == 1


def test_the_role_is_enough_for_its_namespace(
    web: Kubectl, check: Callable[..., tuple[int, Report, str]]
) -> None:
    web("apply", "-f", str(RBAC / "role.yaml"))
    web("create", "rolebinding", "epview", "--role=epview", f"--serviceaccount={web.namespace}:viewer")
    report = settled(check)
    assert (report["complete"], report["gaps"], report["source"]["notices"]) == (True, [], [])
    (found,) = report["services"]
    assert (found["health"] in ("ok", "info"), found["ready"], found["gaps"]) == (True, 1, [])
    code, elsewhere, _ = check("-n", "default")
    assert (code, elsewhere) == (3, {})


@pytest.mark.usefixtures("cluster_role")
def test_the_cluster_role_is_enough_for_all(
    web: Kubectl, check: Callable[..., tuple[int, Report, str]], account: str
) -> None:
    report = settled(check, "-A")
    assert (report["complete"], report["gaps"], report["source"]["notices"]) == (True, [], [])
    assert report["source"]["namespaces"] is None
    ours = [s for s in report["services"] if s["namespace"] == web.namespace]
    assert [(s["name"], s["unknownRules"]) for s in ours] == [("web", [])]
    source = KubeConnector(KubeOptions(kubeconfig=account)).open("", None)
    assert isinstance(source, ClusterSource)
    with pytest.raises(SourceError) as caught:  # there is no kubelet to ask, but the right to ask it
        source.logs(web.namespace, "web-1")
    source.stop()
    assert "forbidden" not in caught.value.message


@pytest.mark.fault(36)
def test_rights_that_go_and_come_back(web: Kubectl, account: str) -> None:
    def bind() -> None:
        web("create", "rolebinding", "epview", "--role=epview", f"--serviceaccount={web.namespace}:viewer")

    web("apply", "-f", str(RBAC / "role.yaml"))
    bind()
    heard = Heard()
    source = KubeConnector(KubeOptions(kubeconfig=account)).open("", (web.namespace,))
    assert isinstance(source, ClusterSource)

    def all_in(phase: Phase, message: str = "") -> bool:
        source.retry()  # whatever waits to ask again
        latest = [heard.states(kind.resource)[-1:] for kind in KINDS if kind.namespaced]
        return all(state and state[0].phase is phase and message in state[0].message for state in latest)

    source.start(heard)
    try:
        wait_for("all to be live", lambda: all_in(Phase.LIVE))
        web("delete", "rolebinding", "epview")

        def refused() -> bool:
            for reflector in source._reflectors:
                if reflector.state.phase is Phase.LIVE:
                    reflector.reconnect()  # an open watch outlives the right to it
            return all_in(Phase.STALE, "forbidden")

        wait_for("all to be refused", refused)
        assert heard.names("Pod") == {"web-1"}
        bind()
        wait_for("all to be live again", lambda: all_in(Phase.LIVE))
    finally:
        source.stop()
