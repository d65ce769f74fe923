"""What others see of the demo: the cluster object, its kubeconfig, and the command behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from demo_help import NOW

from epview.demo.demo import DemoCluster, run_demo_server, serve_objects
from epview.sources.source import SourceError

COMMAND = "import sys; from epview.demo.demo import run_demo_server; sys.exit(run_demo_server(PORT))"


def test_the_kubeconfig_is_private_and_goes_with_the_cluster(still):
    cluster = DemoCluster(objects=[])
    with cluster:
        path = cluster.write_kubeconfig()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        config = json.loads(path.read_text())
    assert not path.exists()
    assert config["current-context"] == "demo"
    assert {c["name"]: c["context"]["user"] for c in config["contexts"]} == {
        "demo": "demo-admin",
        "demo-viewer": "demo-viewer",
    }
    assert {c["context"]["namespace"] for c in config["contexts"]} == {"shop"}


def test_an_unknown_scenario_is_a_sentence():
    with pytest.raises(SourceError, match=r"no demo scenario “moon”.*company") as caught:
        DemoCluster("moon")
    assert caught.value.kind == "usage"


def test_a_port_in_use_is_a_sentence():
    with DemoCluster(objects=[]) as cluster:
        port = int(cluster.url.rpartition(":")[2])
        with pytest.raises(SourceError, match=f"Port {port} is in use"):
            DemoCluster(objects=[], port=port).start()


def test_the_command_refuses_a_port_in_use(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run_demo_server(taken.getsockname()[1]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is in use" in err


def test_the_command_refuses_an_unknown_scenario(capsys):
    assert run_demo_server(None, "moon") == 2
    assert "moon" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_serves_until_a_signal(number, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", COMMAND.replace("PORT", "None")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        path = Path(process.stdout.readline().strip())
        assert path.parent == tmp_path
        assert json.loads(path.read_text())["clusters"][0]["cluster"]["server"].startswith(
            "http://127.0.0.1:"
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert out == ""
    assert "export KUBECONFIG=" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_cluster_stands_still_until_it_is_moved(frozen):
    version = frozen.store.version
    assert frozen.clock() == NOW
    assert frozen.advance(0.5) == NOW + timedelta(seconds=0.5)
    assert frozen.store.version == version
    frozen.advance(30)
    assert frozen.store.version > version


def test_only_a_frozen_cluster_is_moved_by_hand():
    with pytest.raises(TypeError):
        DemoCluster(objects=[]).advance(1)


def test_objects_are_served_instead_of_a_scenario():
    namespace = {"kind": "Namespace", "metadata": {"name": "mine"}}
    with serve_objects([{"kind": "List", "items": [namespace]}], frozen_at=NOW) as cluster:
        assert [o["metadata"]["name"] for o in cluster.store.objects("namespaces")] == ["mine"]
        cluster.apply({"kind": "Namespace", "metadata": {"name": "yours"}})
        assert len(cluster.store.objects("namespaces")) == 2


def test_nothing_heavy_is_imported():
    code = (
        "import sys, epview.demo.demo;"
        "print([m for m in ('textual', 'kubernetes', 'rich', 'yaml', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
