"""Read-only and discreet: what is asked of the server, and what is never shown of what it answers."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from ears import Heard, Plugin, eventually, write_kubeconfig
from kubeserver import KubeServer, refuse
from support.builders import Tree, pod, service, unhealthy
from support.shop import stock

from epview import cli
from epview.core.objects import KINDS, Key
from epview.core.view import Phase
from epview.reports.outputs import OUTPUTS
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.connection import allowed
from epview.sources.source import SourceError

CANARY = "canary-7f3a"
ROOT = Path(__file__).parents[2]


def leaky() -> Tree:
    """A pod that holds a credential wherever people put one, and that fails its probe."""
    probe = {"exec": {"command": ["check", "--token", CANARY, f"PASSWORD={CANARY}"]}}
    tree = pod(ready=False, readiness=probe, restarts=3)
    tree["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"env": CANARY}),
        "vendor.example/api-token": CANARY,
        "vendor.example/dsn": f"postgres://user:{CANARY}@db/x",
    }
    tree["metadata"]["managedFields"] = [{"manager": CANARY, "operation": "Update"}]
    tree["spec"]["containers"][0] |= {
        "env": [{"name": "PLAIN", "value": CANARY}],
        "args": ["serve", f"--db-password={CANARY}"],
        "livenessProbe": {
            "httpGet": {
                "path": f"/healthz?token={CANARY}",
                "port": 8080,
                "httpHeaders": [{"name": "Authorization", "value": f"Bearer {CANARY}"}],
            }
        },
    }
    return tree


@pytest.fixture
def leaking(server: KubeServer) -> KubeServer:
    web = service()
    web["metadata"]["annotations"] = {"vendor.example/password": CANARY}
    failing = leaky()
    stock(server, web, failing, unhealthy(failing, "exit status 1"))
    return server


@pytest.fixture(params=["token", "basic", "plugin", "tokenFile"])
def user(request: pytest.FixtureRequest, tmp_path: Path) -> dict:
    """Each kind of credential, with the canary for its secret part."""
    if request.param == "plugin":
        plugin = Plugin(tmp_path)
        plugin.token = CANARY
        plugin.user["exec"]["env"] = [{"name": "SECRET", "value": CANARY}]
        plugin.user["exec"]["args"] = [f"--secret={CANARY}"]
        return plugin.user
    if request.param == "tokenFile":
        (tmp_path / "token").write_text(CANARY)
        return {"tokenFile": str(tmp_path / "token")}
    return {"token": CANARY} if request.param == "token" else {"username": "jane", "password": CANARY}


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_report_holds_a_secret(leaking: KubeServer, tmp_path: Path, capsys, user: dict, output: str):
    config = write_kubeconfig(tmp_path, leaking.url, user=user)
    code = cli.main(["check", "--kubeconfig", str(config), "-o", output, "--fail-on", "info"])
    out, err = capsys.readouterr()
    assert (code, err) == (1, "")
    assert "web" in out
    assert CANARY not in out


def test_the_probe_is_told_without_its_secret(leaking: KubeServer, tmp_path: Path, capsys):
    config = write_kubeconfig(tmp_path, leaking.url)
    cli.main(["check", "--kubeconfig", str(config), "-o", "json"])
    assert "exec [check --token ••• PASSWORD=•••]" in capsys.readouterr().out


@pytest.mark.parametrize("code", [401, 403, 500])
def test_no_refusal_tells_a_secret(
    server: KubeServer, tmp_path: Path, capsys, user: dict, code: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    for kind in KINDS:
        server.always(kind.resource, "list", refuse(code, "no", "No"))
    config = write_kubeconfig(tmp_path, server.url, user=user)
    assert cli.main(["check", "--kubeconfig", str(config)]) == 3
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 1
    assert CANARY not in out + err + caplog.text


def test_no_traceback_tells_a_secret(server: KubeServer, connect, user: dict):
    server.always("pods", "list", refuse(401, "no", "Unauthorized"))
    client = connect(server.url, user=user)
    with pytest.raises(SourceError) as caught:
        client.get("/api/v1/pods")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_key_that_cannot_be_read_is_not_quoted(shop: KubeServer, check):
    done = check(user={"client-certificate-data": "AAAA", "client-key-data": CANARY, "token": CANARY})
    assert done.code == 3
    assert "client-key-data of the kubeconfig is not valid base64" in done.err
    assert CANARY not in done.err


def test_no_whole_object_holds_a_secret(leaking: KubeServer, connect):
    source = ClusterSource(connect(leaking.url), ("shop",))
    leaking.script("web-1", "list", lambda reply: reply.send(200, leaky()))
    shown = source.get("Pod", Key("shop", "web-1"))
    assert shown["spec"]["containers"][0]["env"] == [{"name": "PLAIN", "value": "•••"}]
    assert CANARY not in json.dumps(shown)
    source.stop()


def test_no_state_and_no_notice_holds_a_secret(leaking: KubeServer, connect, heard: Heard, user: dict):
    for resource in ("events", "nodes"):
        leaking.always(resource, "list", refuse(401, "no", "Unauthorized"))
    source = ClusterSource(connect(leaking.url, user=user), ("shop",))
    source.start(heard)
    heard.until(Phase.LIVE, "pods")
    heard.until(Phase.FAILED, "events")
    assert CANARY not in repr(source.info()) + repr(heard.states())
    source.stop()


@pytest.fixture
def every_request(server: KubeServer, connect, heard: Heard) -> Iterator[KubeServer]:
    """A whole session: all lists and watches, version, namespace, one whole object, a log."""
    source = ClusterSource(connect(server.url), ("shop",))
    source.start(heard)
    for kind in KINDS:
        heard.until(Phase.LIVE, kind.resource)
    eventually("all questions", lambda: {"version", "shop"} <= {r.resource for r in server.journal})
    source.get("Pod", Key("shop", "a"))
    source.logs("shop", "a")
    yield server
    source.stop()


def test_a_session_only_reads_and_only_what_is_allowed(every_request: KubeServer):
    eventually("the watches", lambda: len(every_request.requests(verb="watch")) == len(KINDS))
    for request in every_request.journal:
        assert request.method == "GET"
        assert allowed(request.path)
        assert "content-length" not in request.headers
        assert not {"secrets", "configmaps", "proxy", "exec"} & set(request.path.split("/"))


def test_there_is_one_door_to_the_network():
    modules = (
        r"socket|socketserver|ssl|http\.(?:client|server)|urllib\.request|urllib3|requests|aiohttp|httpx"
    )
    network = re.compile(rf"^\s*(?:import|from) (?:{modules})\b", re.MULTILINE)
    package = ROOT / "epview"
    users = {path.parent for path in package.rglob("*.py") if network.search(path.read_text("utf-8"))}
    assert users == {package / "sources" / "kube", package / "demo"}


WATCHED_FROM_OUTSIDE = """
import json, sys
from epview import cli
seen = []
def hook(event, args):
    if event in ("socket.connect", "socket.sendto"):
        seen.append(("to", args[1]))
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"):
        seen.append(("runs", str(args[0])))
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen.append(("writes", str(args[0])))
sys.addaudithook(hook)
code = cli.main(sys.argv[1:])
print(json.dumps(sorted(set(map(tuple, seen)), key=repr), default=list), file=sys.stderr)
sys.exit(code)
"""


def test_it_talks_to_the_api_server_and_to_nobody_else(shop: KubeServer, tmp_path: Path):
    config = write_kubeconfig(tmp_path, shop.url)
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED_FROM_OUTSIDE, "check", "--kubeconfig", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr) == [["to", ["127.0.0.1", shop.port]]]


def test_every_promise_names_a_test_that_is_there():
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    promises = re.findall(r"^- .*?(?=^- |^#|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert promises
    assert all("](tests/" in promise for promise in promises)
    assert all((ROOT / path).exists() for path in re.findall(r"\]\(([^)]+)\)", text))
