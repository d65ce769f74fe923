"""`epview check` from its arguments to its exit code, where no cluster is needed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from support.builders import (
    Tree,
    ago,
    controllers_work,
    endpoints,
    http_get,
    plain,
    pod,
    service,
    unhealthy,
)

from epview import __version__, cli
from epview.core.objects import BY_KIND
from epview.core.view import SourceInfo
from epview.reports.outcome import Outcome
from epview.reports.outputs import OUTPUTS, table
from epview.reports.report import schema
from epview.sources.files import FileSource
from epview.sources.gather import gather

NOW = "2026-01-15T12:00:00Z"


def dump(folder: Path, *trees: Tree, name: str = "dump.json") -> str:
    """A complete dump: the objects and what the controllers made of them."""
    made = [
        {"apiVersion": BY_KIND[put.kind].version, "kind": put.kind, **plain(put.object)}
        for put in controllers_work(trees)
    ]
    path = folder / name
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [*trees, *made]}), "utf-8")
    return str(path)


@pytest.fixture
def healthy(tmp_path: Path) -> str:
    return dump(tmp_path, service(), pod())


@pytest.fixture
def broken(tmp_path: Path) -> str:
    return dump(tmp_path, service(), pod(ready=False, readiness=http_get()), name="broken.json")


@pytest.fixture
def degraded(tmp_path: Path) -> str:
    ready = pod("web-2", ips=["10.244.1.2"])
    return dump(tmp_path, service(), ready, pod(ready=False, readiness=http_get()), name="degraded.json")


@pytest.fixture
def manual(tmp_path: Path) -> str:
    by_hand = service("db", selector={})
    return dump(tmp_path, by_hand, endpoints("db", ready=["192.168.1.100"]), name="manual.json")


def check(*arguments: str) -> int:
    return cli.main(["check", "--now", NOW, *arguments])


# -- exit codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threshold", "codes"),
    [
        ("error", {"healthy": 0, "manual": 0, "degraded": 0, "broken": 1}),
        ("warning", {"healthy": 0, "manual": 0, "degraded": 1, "broken": 1}),
        ("info", {"healthy": 0, "manual": 1, "degraded": 1, "broken": 1}),
        ("never", {"healthy": 0, "manual": 0, "degraded": 0, "broken": 0}),
    ],
)
def test_the_threshold_decides(
    threshold: str, codes: dict[str, int], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, code in codes.items():
        assert check("-f", request.getfixturevalue(name), "--fail-on", threshold) == code, name
    assert capsys.readouterr().err == ""


def test_error_is_the_default_threshold(broken: str, degraded: str) -> None:
    assert check("-f", broken) == 1
    assert check("-f", degraded) == 0


def test_a_finding_without_a_service_counts(tmp_path: Path) -> None:
    path = dump(tmp_path, service(), pod(), endpoints("legacy", ready=["192.168.1.1"]))
    assert check("-f", path, "--fail-on", "info") == 1
    assert check("-f", path, "--fail-on", "warning") == 0
    assert check("-f", path, "--fail-on", "info", "shop/web") == 0


def test_what_is_folded_does_not_count(tmp_path: Path) -> None:
    """publishNotReadyAddresses makes a failing probe a detail of a warning."""
    published = service(publishNotReadyAddresses=True)
    path = dump(tmp_path, published, pod(ready=False, readiness=http_get()))
    assert check("-f", path, "--fail-on", "error") == 0
    assert check("-f", path, "--fail-on", "warning") == 1


def test_incomplete_data_is_4_whatever_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "part.json"
    path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": [service(), pod()]}), "utf-8")
    assert check("-f", str(path)) == 4
    assert "not seen: endpoints" in capsys.readouterr().out
    assert check("-f", str(path), "--allow-partial") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fail-on", "sometimes"],
        ["-o", "yml"],
        ["--no-such-flag"],
        ["-f"],
        ["--request-timeout", "soon", "-f", "x"],
        ["one", "two"],
        ["shop/web/x"],
        ["web/"],
        ["/web"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["check", *arguments])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("epview: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize("arguments", [["--now", NOW], ["-f", "x.yaml", "--demo"], ["-f", "/nowhere/x.yaml"]])
def test_contradictions_and_missing_files_are_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("epview: ")
    assert captured.out == ""


@pytest.mark.parametrize("namespace", ["a/../b", "one,two", "Shop", "-x-"])
def test_what_can_be_no_namespace_is_2(
    namespace: str, kubeconfig: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", "--kubeconfig", kubeconfig, f"--namespace={namespace}"]) == 2
    assert f"{namespace} is no name of a namespace" in capsys.readouterr().err


def test_a_service_in_another_namespace_than_the_flag_is_2(
    healthy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("-f", healthy, "-n", "other", "shop/web") == 2
    assert "shop/web is in the namespace shop, but -n names other." in capsys.readouterr().err
    assert check("-f", healthy, "-n", "other", "-A", "shop/web") == 0
    assert check("-f", healthy, "-n", "", "shop/web") == 0


@pytest.mark.parametrize("time", ["2026-01-15t12:00:00z", "2026-01-15T13:00:00+01:00", "2026-01-15 12:00"])
def test_times_in_many_spellings(healthy: str, time: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["check", "-f", healthy, "-o", "json", "--now", time])
    assert json.loads(capsys.readouterr().out)["time"] == NOW


@pytest.mark.parametrize("port", ["-1", "65536", "80x", ""])
def test_what_is_no_port_is_2(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["demo-server", f"--port={port}"])
    assert caught.value.code == 2
    assert "is no port" in capsys.readouterr().err


def test_a_bad_time_is_2(healthy: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["check", "-f", healthy, "--now", "yesterday"])
    assert caught.value.code == 2


def test_a_service_that_is_not_there_is_2_and_names_the_nearest(
    healthy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("-f", healthy, "wbe") == 2
    assert "Did you mean web?" in capsys.readouterr().err
    assert check("-f", healthy, "web", "-l", "tier=none") == 2
    assert "no Service shop/web with the labels tier=none" in capsys.readouterr().err


def test_a_namespace_that_is_not_there_is_2(healthy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("-f", healthy, "-n", "shpo") == 2
    assert "Did you mean shop?" in capsys.readouterr().err


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config), "utf-8")
    return str(path)


def test_a_cluster_that_cannot_be_reached_is_3(kubeconfig: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--kubeconfig", kubeconfig, "--request-timeout", "5s"]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("epview: ")
    assert "Traceback" not in captured.err


@pytest.mark.fault(52)
def test_a_reader_that_goes_away_is_no_failure(healthy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("epview.reports.check.write", gone)
    monkeypatch.setattr("epview.cli.drop_output", lambda: None)
    assert check("-f", healthy) == 141


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    ("redirection", "code", "told"),
    [
        (">&-", 141, ""),
        ("<&- >/dev/null", 0, ""),
        ("2>&- >/dev/null", 0, ""),
        ("-n shpo 2>&-", 2, ""),
        pytest.param(
            ">/dev/full",
            1,
            "epview: The output cannot be written: no space left on device.\n",
            marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full"),
        ),
    ],
)
def test_closed_streams_and_a_full_disk(healthy: str, redirection: str, code: int, told: str) -> None:
    command = f'"{sys.executable}" -m epview check -f "{healthy}" {redirection}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", told)


@pytest.mark.parametrize("arguments", [["check", "-f", "{}"], ["explain", "EP303"], ["--help"]])
def test_an_encoding_without_arrows_is_no_failure(manual: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "epview", *(a.format(manual) for a in arguments)]
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, done.stderr) == (0, "")


def test_forced_colours_make_no_terminal(
    degraded: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    check("-f", degraded)
    lines = capsys.readouterr().out.splitlines()
    assert "\x1b[" in lines[0]
    assert "EP303" in lines[1]
    assert "readiness" in lines[1]


# -- which rules count -----------------------------------------------------------------------------


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = check(*arguments, "-o", "json")
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("chosen", "health", "headline"),
    [
        ([], "error", "EP303"),
        (["--ignore", "EP303"], "error", "EP301"),
        (["--ignore", "ep303,EP301"], "ok", None),
        (["--ignore", "EP303", "--ignore", "EP301"], "ok", None),
        (["--rule", "EP301"], "error", "EP301"),
        (["--rule", "EP106"], "ok", None),
        (["--rule", "EP106,EP303"], "error", "EP303"),
        (["--rule", "EP303,EP301", "--ignore", "EP303"], "error", "EP301"),
    ],
)
def test_health_headline_summary_and_exit_code_agree_with_the_rules_that_count(
    broken: str, capsys: pytest.CaptureFixture[str], chosen: list[str], health: str, headline: str | None
) -> None:
    code, report = judged(capsys, "-f", broken, *chosen)
    [found] = report["services"]
    assert found["health"] == health
    assert (found["headline"] or {"rule": None})["rule"] == headline
    assert report["summary"][health] == 1
    assert code == (1 if health == "error" else 0)
    assert headline is None or headline in [f["rule"] for f in found["findings"] if not f["folded"]]


def test_rules_that_do_not_count_are_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = dump(tmp_path, service(), pod(), endpoints("legacy", ready=["192.168.1.1"]))
    code, report = judged(capsys, "-f", path, "--ignore", "EP507", "--fail-on", "info")
    assert (code, report["findings"]) == (0, [])
    code, report = judged(capsys, "-f", path, "--rule", "EP507", "--fail-on", "info")
    assert code == 1
    assert [f["rule"] for f in report["findings"]] == ["EP507"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rule", "EP3033"], "There is no rule EP3033. Did you mean EP303?"),
        (["--ignore", "EP303,EP40X"], "There is no rule EP40X. Did you mean EP40"),
        (["--rule", "probes"], "There is no rule probes. `epview explain` lists them."),
        (["--rule", ""], "There is no rule ''."),
        (["--rule", "EP303", "--ignore", "EP303"], "No rule is left"),
    ],
)
def test_an_unknown_rule_is_2(
    healthy: str, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert check("-f", healthy, *arguments) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


# -- what is written -------------------------------------------------------------------------------


def test_one_service_by_name_and_by_namespace(healthy: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["web"], ["shop/web"], ["web", "-n", "shop"]):
        assert check("-f", healthy, *arguments, "-o", "json") == 0
        assert [s["name"] for s in json.loads(capsys.readouterr().out)["services"]] == ["web"]


def test_the_report_tells_when_and_where(healthy: str, capsys: pytest.CaptureFixture[str]) -> None:
    check("-f", healthy, "-o", "json")
    report = json.loads(capsys.readouterr().out)
    assert (report["time"], report["epview"], report["complete"]) == (NOW, __version__, True)
    assert report["source"]["kind"] == "files"
    assert report["source"]["namespaces"] is None
    assert report["summary"] == {"services": 1, "error": 0, "warning": 0, "info": 0, "ok": 1, "unknown": 0}


def test_a_cluster_tells_itself_which_namespaces_it_could_read(
    healthy: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All were asked for: a user who may read one namespace only is told of that one."""
    narrowed = SourceInfo(kind="cluster", namespaces=("shop",))
    monkeypatch.setattr(FileSource, "info", lambda _: narrowed)
    check("-f", healthy, "-A", "-o", "json")
    assert json.loads(capsys.readouterr().out)["source"]["namespaces"] == ["shop"]


def test_the_failing_probe_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failing = pod(ready=False, readiness=http_get(port="http"))
    event = unhealthy(failing, "Readiness probe failed: HTTP probe failed with statuscode: 503", count=44)
    check("-f", dump(tmp_path, service(), failing, event), "-o", "json", "--fail-on", "never")
    (backend,) = json.loads(capsys.readouterr().out)["services"][0]["backends"]
    assert backend["state"] == "notReady"
    assert backend["failingProbe"] == {
        "kind": "readiness",
        "container": "app",
        "probe": "http-get http://:http/healthz delay=0s timeout=1s period=10s #success=1 #failure=3",
        "message": "HTTP probe failed with statuscode: 503",
        "count": 44,
        "firstSeen": ago(300),
        "lastSeen": ago(5),
    }


HOSTILE = "\x1b[31m\x07\u202e\x00[red]{x}\u2028é漢🙂"


def test_hostile_text_keeps_the_schema_and_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = pod(ready=False, readiness=http_get(path=HOSTILE), labels={"app": HOSTILE})
    event = unhealthy(failing, f"Readiness probe failed: {HOSTILE}")
    path = dump(tmp_path, service(selector={"app": HOSTILE}), failing, event)
    check("-f", path, "-o", "json", "--fail-on", "never")
    written = capsys.readouterr().out
    jsonschema.Draft202012Validator(schema()).validate(json.loads(written))
    check("-f", path, "--fail-on", "never")
    written += capsys.readouterr().out
    assert not set("\x1b\x07\x00\u202e\u2028") & set(written)
    assert "[red]" in written


def test_the_table_has_one_line_a_service_however_long(
    degraded: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check("-f", degraded)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["STATUS", "NAMESPACE", "SERVICE", "TYPE", "READY", "BACKED", "BY", "WHY"]
    assert lines[1].split()[1:6] == ["warning", "shop", "web", "ClusterIP", "1/2"]
    assert "EP303" in lines[1]
    assert lines[-1] == "1 Service: 1 warning"


def test_what_is_well_without_events_is_not_called_unjudged(
    healthy: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSource, "_missing", lambda _: {"events": "Forbidden."})
    assert check("-f", healthy, "--allow-partial") == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split()[1] == "ok"
    assert line.rstrip().endswith("(events cannot be seen)")


def test_a_narrow_terminal_leaves_its_room_to_the_reason(degraded: str) -> None:
    view = gather(source := FileSource([degraded])).project(source.now(), source.info())
    lines = {}
    for width in (80, 120):
        console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
        table.write_to(console, Outcome(view, tuple(view.services.values())))
        lines[width] = console.file.getvalue().splitlines()
    assert lines[80][0].split() == ["STATUS", "NAMESPACE", "SERVICE", "READY", "WHY"]
    assert lines[80][1].split()[2:5] == ["shop", "web", "1/2"]
    assert lines[120][0].split() == ["STATUS", "NAMESPACE", "SERVICE", "TYPE", "READY", "BACKED", "BY", "WHY"]
    assert max(map(len, lines[80])) <= 80


@pytest.mark.parametrize("form", OUTPUTS)
def test_every_output_tells_by_the_same_exit_codes(
    broken: str, healthy: str, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    part = tmp_path / "part.json"
    part.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": [service(), pod()]}), "utf-8")
    assert check("-f", broken, "-o", form) == 1
    assert "web" in capsys.readouterr().out
    assert check("-f", healthy, "-o", form) == 0
    assert capsys.readouterr().err == ""
    assert check("-f", str(part), "-o", form) == 4
    captured = capsys.readouterr()
    assert "endpointslices" in (captured.err if form == "name" else captured.out)


def test_a_finding_is_told_at_the_file_where_its_service_stands(
    broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    check("-f", broken, "-o", "github")
    assert capsys.readouterr().out.startswith("::error file=broken.json,title=EP303 Service shop/web::")


def test_what_stands_twice_is_said_on_stderr(healthy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("-f", healthy, "-f", healthy, "-o", "json") == 0
    captured = capsys.readouterr()
    twice = f"Service shop/web ({healthy} and {healthy})"
    assert captured.err.startswith(f"epview: stands twice, the last one counts: {twice}, ")
    assert captured.err.count("\n") == 1
    json.loads(captured.out)


def test_of_many_that_stand_twice_some_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = dump(tmp_path, *(service(f"s{number}", selector={}) for number in range(8)))
    check("-f", path, "-f", path, "--allow-partial")
    told = capsys.readouterr().err
    assert "Service shop/s4 (" in told
    assert told.endswith("), and 3 more.\n")


def test_what_is_left_out_is_said_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config: Tree = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    (tmp_path / "other.json").write_text(json.dumps(config), "utf-8")
    dump(tmp_path, service(), pod())
    assert check("-f", str(tmp_path), "-o", "json") == 0
    captured = capsys.readouterr()
    assert captured.err == "epview: left out what it does not read: 1 ConfigMap.\n"
    json.loads(captured.out)


# -- the rest of the command line ------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--version"], ["check", "--version"], ["explain", "--version"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 0
    assert capsys.readouterr().out.strip() == f"epview {__version__}"


@pytest.mark.parametrize("command", [[], ["check"], ["explain"], ["demo-server"]])
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, "--help"])
    assert caught.value.code == 0
    assert "usage:" in capsys.readouterr().out.lower()


def test_help_of_check_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    told = capsys.readouterr().out
    assert all(f"  {code}  " in told for code in (0, 1, 2, 3, 4))
