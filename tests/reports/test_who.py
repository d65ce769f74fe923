"""`epview who`: the sentence a person reads, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.builders import endpoints, pod, service

from epview import cli


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "world.json"
    items = [service(), pod(), service("db", selector={}), endpoints("db", ready=["192.168.1.100"])]
    path.write_text(json.dumps({"kind": "List", "items": items}), "utf-8")
    return str(path)


def who(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(["who", *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_pod_in_a_sentence(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = who(capsys, "10.244.1.1:8080", "-f", file)
    assert code == 0
    assert out.splitlines()[0] == (
        "10.244.1.1:8080 → pod shop/web-1: node node-a, container app (http), ready; Service shop/web"
    )


def test_by_hand_in_a_sentence(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = who(capsys, "192.168.1.100", "-f", file)
    assert out.splitlines()[0] == "192.168.1.100 → listed by hand in Endpoints shop/db; Service shop/db"


def test_json(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = who(capsys, "10.244.1.1", "-f", file, "-o", "json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["kind"], answer["host"], answer["port"]) == ("Owners", "10.244.1.1", None)
    assert [owner["object"] for owner in answer["owners"]] == ["Pod/shop/web-1"]
    assert answer["owners"][0]["services"] == [{"namespace": "shop", "name": "web"}]


def test_nobody_is_1_and_nobody_seen_is_4(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "part.json"
    missing.write_text(json.dumps({"kind": "List", "items": [service()]}), "utf-8")
    code, out, _ = who(capsys, "10.9.9.9", "-f", str(missing))
    assert code == 4
    assert "belongs to nothing that can be seen here" in out
    assert "Not seen: endpoints, endpointslices" in out
    code, out, _ = who(capsys, "10.9.9.9", "--demo")
    assert (code, out) == (1, "10.9.9.9 belongs to nothing that can be seen here.\n")


def test_the_demo_is_asked_in_all_namespaces_unless_told_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = who(capsys, "10.96.0.1", "--demo")
    assert (code, out) == (0, "10.96.0.1 → cluster IP of Service default/kubernetes: port https → 6443\n")
    code, _, _ = who(capsys, "10.96.0.1", "--demo", "-n", "shop")
    assert code == 1


@pytest.mark.parametrize("arguments", [["a b"], ["10.0.0.1:x"], [], ["10.0.0.1", "-f", "x", "--demo"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = who(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("epview: ")
