"""The program in a real terminal, on the demo: three sizes, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from support.terminal import Terminal

pytestmark = pytest.mark.terminal

SIZES = [(80, 24), (120, 36), (200, 60)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_first_screen(epview: str, width: int, height: int) -> None:
    with Terminal([epview, "--demo"], width=width, height=height) as terminal:
        screen = terminal.wait("my-external-db", "SERVICE", "READY", "quit")
        lines = screen.splitlines()
        assert all(len(line) <= width for line in lines)
        assert "live" in lines[0]
        rows = [line for line in lines if "0/" in line or "no pod" in line]
        assert rows, "problems come first, with their reason"
        terminal.keys("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_from_service_to_pod_and_back(epview: str, width: int, height: int) -> None:
    with Terminal([epview, "--demo", "-n", "shop"], width=width, height=height) as terminal:
        terminal.wait("checkout", "my-external-db")
        terminal.type("/")
        terminal.type("checkout")
        terminal.keys("Enter")
        terminal.wait("checkout", gone=["my-external-db"])
        terminal.keys("Enter")
        terminal.wait("checkout.shop.svc.cluster.local", "ADDRESS", "10.96.")
        terminal.keys("Enter")
        terminal.wait("Readiness", "#failure=")
        terminal.keys("q")
        terminal.wait("ADDRESS")
        terminal.keys("Escape")
        terminal.wait("SERVICE")
        terminal.keys("q")
        assert terminal.exit_code() == 0


def restored(terminal: Terminal) -> None:
    assert "prompt-is-back" in terminal.wait("prompt-is-back")
    modes = terminal.modes()
    assert modes["alternate_on"] == "0"
    assert modes["cursor_flag"] == "1"
    assert modes["mouse_any_flag"] == "0"


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_leaving_by_key_gives_the_terminal_back(epview: str, key: str) -> None:
    with Terminal([epview, "--demo"]) as terminal:
        terminal.wait("my-external-db")
        terminal.keys(key)
        assert terminal.exit_code() == 0
        restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_leaving_by_signal_gives_the_terminal_back(epview: str, number: signal.Signals) -> None:
    with Terminal([epview, "--demo"]) as terminal:
        terminal.wait("my-external-db")
        for pid in terminal.pids():
            os.kill(pid, number)
        assert terminal.exit_code() == 128 + number
        restored(terminal)


def test_resizing_never_breaks_it(epview: str) -> None:
    with Terminal([epview, "--demo"], width=120, height=36) as terminal:
        terminal.wait("my-external-db")
        for width, height in [(40, 10), (20, 5), (200, 60), (60, 20), (80, 24)]:
            terminal.resize(width, height)
        terminal.wait("my-external-db", "quit")
        terminal.keys("q")
        assert terminal.exit_code() == 0


def test_a_dead_server_is_told_and_retried(epview: str, tmp_path: object) -> None:
    with Terminal([epview, "--server", "http://127.0.0.1:9", "--kubeconfig", "/dev/null"]) as terminal:
        terminal.wait("127.0.0.1:9", "refused")
        terminal.keys("q")
        terminal.exit_code()
        restored(terminal)


def test_without_a_terminal_it_says_what_to_do(epview: str) -> None:
    done = subprocess.run(
        [epview, "--demo"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "epview check" in done.stderr
    assert "\x1b" not in done.stderr


def test_an_unknown_context_is_one_sentence(epview: str) -> None:
    with Terminal([epview, "--context", "nope", "--kubeconfig", "/dev/null"]) as terminal:
        assert terminal.exit_code() == 2
        assert "nope" in terminal.screen()
        assert "Traceback" not in terminal.screen()
