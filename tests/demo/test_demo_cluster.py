"""What others see of the demo: the cluster object, its kubeconfig, and the command behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from demo_help import NOW

from epview.demo.demo import DemoCluster, run_demo_server
from epview.sources.source import SourceError

SERVE = "import sys; from epview.demo.demo import run_demo_server; sys.exit(run_demo_server())"
NOHUP = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
WAIT = """
import signal
from epview.demo.demo import DemoCluster
with DemoCluster() as cluster:
    print(cluster.write_kubeconfig(), flush=True)
    signal.pause()
"""


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


# -- signals ---------------------------------------------------------------------------------------


@contextmanager
def running(code, folder):
    """A process that keeps its temporary files in ``folder``, and what it prints first."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )
    with process:
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_serves_until_a_signal(number, tmp_path):
    with running(SERVE, tmp_path) as (process, path):
        assert path.parent == tmp_path
        server = json.loads(path.read_text())["clusters"][0]["cluster"]["server"]
        assert server.startswith("http://127.0.0.1:")
        process.send_signal(number)
        process.send_signal(number)  # impatiently
        out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert out == ""
    assert "export KUBECONFIG=" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_the_command_outlives_its_terminal_when_told_so(tmp_path):
    with running(NOHUP + SERVE, tmp_path) as (process, path):
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_is_ended_on_the_spot_leaves_no_file(number, tmp_path):
    with running(WAIT, tmp_path) as (process, path):
        assert path.exists()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == -number
    assert err == ""
    assert list(tmp_path.iterdir()) == []


def test_signals_are_as_before_when_the_cluster_is_gone():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with DemoCluster(objects=[]) as cluster:
        cluster.write_kubeconfig()
    assert {number: signal.getsignal(number) for number in before} == before


# -- a cluster by hand -----------------------------------------------------------------------------


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
    with DemoCluster(objects=[{"kind": "List", "items": [namespace]}], frozen_at=NOW) as cluster:
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
