"""The README is true: every command in it runs. The two set-up commands are run by CI, bare."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.terminal import Terminal

from epview.demo.demo import DemoCluster

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SETUP = "python3 -m venv"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    lines = [line.split("  #")[0].split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


RUN = [c for c in commands() if not c.startswith(SETUP)]
INTERACTIVE = [c for c in RUN if re.match(r"epview( -| \w+/|$)", c)]
PLAIN = [c for c in RUN if c not in INTERACTIVE and "demo-server" not in c]


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The program on PATH and a kubeconfig that leads to the demo."""
    with DemoCluster() as demo:
        yield {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(demo.write_kubeconfig()),
        }


def test_each_set_up_is_one_command() -> None:
    setups = [c for c in commands() if c.startswith(SETUP)]
    assert len(setups) == 2
    assert "--demo" in setups[0]
    assert "pytest" in setups[1]


KUSTOMIZATION = {
    "kustomization.yaml": "namePrefix: eu-\nresources: [web.yaml]\n",
    "web.yaml": """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}]}]}
""",
}


@pytest.mark.parametrize("command", PLAIN)
def test_plain_commands(command: str, environment: dict[str, str], tmp_path: Path) -> None:
    for name, text in KUSTOMIZATION.items():
        (tmp_path / name).write_text(text, "utf-8")
    if "kubectl" in command and not shutil.which("kubectl"):
        pytest.skip("needs kubectl")
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout


@pytest.mark.terminal
@pytest.mark.parametrize("command", INTERACTIVE)
def test_commands_that_open_the_interface(command: str, environment: dict[str, str]) -> None:
    with Terminal(command, width=100, height=30, env=environment) as terminal:
        terminal.wait("epview", "live")
        terminal.keys("C-c")
        assert terminal.exit_code() == 0
        assert "prompt-is-back" in terminal.screen()


@pytest.mark.terminal
def test_the_demo_server(environment: dict[str, str]) -> None:
    command = next(c for c in RUN if "demo-server" in c)
    with Terminal(command, width=200, env=environment) as terminal:
        terminal.wait("kubeconfig")
        terminal.keys("C-c")
        assert terminal.exit_code() == 130


def test_pictures_exist() -> None:
    pictures = re.findall(r"!\[[^]]*\]\((\S+)\)", README)
    assert pictures
    for picture in pictures:
        assert (Path(__file__).parents[2] / picture).is_file(), picture
