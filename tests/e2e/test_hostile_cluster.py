"""A hostile API server and a hostile kubeconfig, looked at in a real terminal: no byte of theirs steers it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.hostile import CORPUS, Spoiler
from support.kubeserver import KubeServer, refuse
from support.rule_cases import all_cases, case_objects
from support.shop import stock
from support.terminal import Terminal, wait_for

from epview.reports.outputs import OUTPUTS

# What Textual writes: colours, cursor, modes, erasing and asking; its pushes of the kitty keyboard; OSC 22: the pointer's shape.
OWN = re.compile(
    rb"\x1b\[[0-9;:]*m|\x1b\[\d+;\d+H|\x1b\[\??[0-9;]+\$?[hlp]|\x1b\[[<>=?]?[0-9;]*[uJKntcq]|\x1b[78]|\x1b\]22;[a-z-]*\x07"
)
SMUGGLED = "\x1b[31;7777m\x1b[77;77H\x1b[?7777h"
TAILS = (SMUGGLED, *CORPUS)


def spoilt_cluster(server: KubeServer) -> Spoiler:
    """Some cases of the rules on one server, all words spoilt, and resources refused with hostile sentences."""
    chosen = [case for _, case in all_cases() if case.get("controllers", True) and "now" not in case][::12]
    for number, case in enumerate(chosen):
        spoil = Spoiler((*TAILS[number % len(TAILS) :], *TAILS[: number % len(TAILS)]))
        stock(server, *(spoil.tree(tree) for tree in case_objects(case)))
        stock(server, spoil.tree({"kind": "Namespace", "metadata": {"name": "shop"}}))
    server.always("networkpolicies", "list", refuse(403, f"no {SMUGGLED}{CORPUS[0]}", "Forbidden"))
    server.always("nodes", "list", lambda r: r.send(503, f"away {SMUGGLED}{CORPUS[4]}".encode()))
    server.headers["Warning"] = '299 - "odd [red]warning[/] \\"quoted\\""'
    return Spoiler(TAILS)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Path]:
    with KubeServer() as server:
        spoil = spoilt_cluster(server)
        context, cluster, user = f"c{SMUGGLED}{CORPUS[2]}", spoil("cluster"), spoil("user")
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": cluster, "cluster": {"server": server.url}}],
            "contexts": [
                {"name": name, "context": {"cluster": cluster, "user": user, "namespace": "shop"}}
                for name in (context, *(f"{tail}" for tail in CORPUS[:12]))
            ],
            "users": [{"name": user, "user": {"token": "t"}}],
        }
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(config), "utf-8")
        yield path


def smuggled(raw: bytes) -> list[bytes]:
    """What is left where Textual's own sequences are taken away, as far as it could steer a terminal."""
    rest = OWN.sub(b"", raw)
    found = [
        match.group() for match in re.finditer(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f].{0,20}", rest, re.DOTALL)
    ]
    found += [
        m.group()
        for m in re.finditer(rb"\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]", rest)
    ]
    return found + [m.group() for m in re.finditer(rb"\x1b\[[0-9;?]*(?:7777|77;77H)", raw)]


@pytest.mark.parametrize("text", [SMUGGLED, *CORPUS[:6], CORPUS[9]], ids=range(8))
def test_the_eyes_of_these_tests_are_open(text: str) -> None:
    assert smuggled(text.encode())
    assert not smuggled(b"\x1b[1;31mred\x1b[0m\x1b[2;7H\x1b[?25l")


@pytest.mark.terminal
@pytest.mark.fault(49)
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48)])
def test_no_byte_of_it_steers_the_terminal(
    epview: str, hostile: Path, tmp_path: Path, width: int, height: int
) -> None:
    raw = tmp_path / "raw"
    command = [epview, "-A", "--kubeconfig", str(hostile)]
    with Terminal(command, width=width, height=height) as terminal:
        terminal.pipe(raw)
        terminal.wait("SERVICE", "READY")
        seen = set()
        ways = [
            *("j", "G", "g", "?", "Escape", "n", "Escape", "C", "Escape", "E", "Escape", "f", "Escape"),
            *(
                "/",
                "[",
                "Enter",
                "Escape",
                ":",
                "n",
                "s",
                "Space",
                "Escape",
                "C-p",
                "S",
                "e",
                "r",
                "Escape",
                "Escape",
            ),
            *(
                "Enter",
                "2",
                "j",
                "j",
                "3",
                "G",
                "4",
                "j",
                "5",
                "G",
                "/",
                "[",
                "Escape",
                "1",
                "Enter",
                "y",
                "G",
            ),
            *("q", "q", "q"),
        ]
        for key in ways:
            terminal.keys(key)
            time.sleep(0.2 if key == "Escape" else 0.08)  # else Escape and the next key are one
            seen.add(terminal.screen())
        while terminal.running and terminal.screen():
            terminal.keys("Escape", "q")
            time.sleep(0.2)
        assert terminal.exit_code() == 0
        terminal.wait("prompt-is-back")
        assert len(seen) > 20
    wait_for("the bytes", lambda: raw.stat().st_size > 10_000)
    bytes_ = raw.read_bytes()
    ours, _, _ = bytes_.partition(b"prompt-is-back")
    assert smuggled(ours) == []


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.fault(49)
def test_no_output_of_check_steers_a_terminal(epview: str, hostile: Path, output: str) -> None:
    command = [epview, "check", "-A", "--kubeconfig", str(hostile), "-o", output, "--fail-on", "never"]
    done = subprocess.run([*command, "--allow-partial"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    for written in (done.stdout, done.stderr):
        assert smuggled(written) == []
        written.decode()


@pytest.mark.parametrize("context", CORPUS[:9], ids=range(9))
def test_a_name_that_is_not_known_is_told_harmlessly(epview: str, hostile: Path, context: str) -> None:
    if "\0" in context:
        pytest.skip("no argument of a program can hold it")
    done = subprocess.run(
        [epview, "check", "--kubeconfig", str(hostile), "--context", f"x{context}"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert smuggled(done.stderr) == []
    assert done.stderr.count(b"\n") == 1
