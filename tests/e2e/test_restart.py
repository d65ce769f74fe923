"""The API server is killed under the screen and comes back: nothing is blanked, nothing is missed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from kubelet import Kubectl, service
from support.terminal import Terminal, wait_for

pytestmark = [pytest.mark.real_cluster, pytest.mark.terminal, pytest.mark.timeout(180)]


class ApiServer:
    """The process whose pid the control plane leaves beside its kubeconfig; it can be killed and redone."""

    def __init__(self, kubeconfig: str) -> None:
        self._pid_file = Path(kubeconfig).parent / "run" / "kube-apiserver.pid"
        if not self._pid_file.exists():
            pytest.skip("the control plane does not say which process its API server is")
        pid = int(self._pid_file.read_text())
        self._command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")

    def kill(self) -> None:
        pid = int(self._pid_file.read_text())
        os.kill(pid, signal.SIGKILL)

        def gone() -> bool:
            stat = Path(f"/proc/{pid}/stat")
            return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"

        wait_for("the API server to be gone", gone)

    def start(self) -> None:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._pid_file.write_text(f"{process.pid}\n")
        process.returncode = 0  # it outlives this test on purpose


def test_the_screen_survives_a_restart_of_the_api_server(epview: str, kubectl: Kubectl) -> None:
    server = ApiServer(kubectl.kubeconfig)
    kubectl.apply(service("web", {"app": "web"}, {"name": "http", "port": 80, "targetPort": 8080}))
    for number in (1, 2):
        kubectl.pod(f"web-{number}", {"app": "web"}, ports=[{"containerPort": 8080}], node=f"node-{number}")
        kubectl.run(f"web-{number}", f"10.244.{number}.3", ready=True)
    command = [epview, "--kubeconfig", kubectl.kubeconfig, "-n", kubectl.namespace]
    with Terminal(command, width=120, height=36) as terminal:
        terminal.wait("web", "2/2", "live")

        server.kill()
        try:
            terminal.wait("stale", "web", "2/2", timeout=15)
        finally:
            server.start()
        wait_for("the API server to be back", lambda: kubectl("get", "pods", check=False), timeout=60)
        kubectl.run("web-2", "10.244.2.3", ready=False)

        terminal.wait("live", "1/2", gone=["stale"], timeout=60)
        terminal.keys("q")
        assert terminal.exit_code() == 0
