"""Fixtures of the end-to-end tier: a terminal needs tmux, the real control plane a kubeconfig."""

from __future__ import annotations

import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from kubelet import Kubectl, real_kubeconfig


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    no_tmux = pytest.mark.skip(reason="needs tmux")
    no_cluster = pytest.mark.skip(reason="needs a real control plane: name it in EPVIEW_TEST_KUBECONFIG")
    for item in items:
        if item.get_closest_marker("terminal") and not shutil.which("tmux"):
            item.add_marker(no_tmux)
        if item.get_closest_marker("real_cluster") and not real_kubeconfig():
            item.add_marker(no_cluster)


@pytest.fixture
def epview() -> str:
    """The installed console script of the environment that runs the tests."""
    return str(Path(sys.executable).with_name("epview"))


@pytest.fixture
def kubectl() -> Iterator[Kubectl]:
    """A namespace of its own on the real control plane, with three nodes; removed afterwards."""
    name = f"epview-{uuid.uuid4().hex[:8]}"
    admin = Kubectl(real_kubeconfig(), name)
    admin("create", "namespace", name)
    admin.nodes("node-1", "node-2", "node-3")
    yield admin
    # without a kubelet nobody ends a pod but us, and a namespace waits for its pods
    admin("delete", "pods", "--all", "--grace-period=0", "--force", "--wait=false", check=False)
    admin("delete", "namespace", name, "--wait=false")
