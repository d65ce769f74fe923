"""Whatever ends or interrupts the program, the terminal is given back whole, and the exit code says why."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from support.terminal import Terminal, wait_for

pytestmark = [pytest.mark.terminal, pytest.mark.timeout(120)]
STAGE = Path(__file__).parents[1] / "tui"
MODES = {"alternate_on": "0", "cursor_flag": "1", "mouse_any_flag": "0", "keypad_flag": "0"}
BROKEN = """
import sys
sys.path.insert(0, {stage!r})
from stage import FakeConnector
from epview.tui.app import EpviewApp, run
from epview.tui.screens.services import ServicesScreen

def broken(self, *_):
    token = "s3cr3t"
    raise RuntimeError("defect")

async def broken_later(self, *_):
    token = "s3cr3t"
    raise RuntimeError("defect")

{where}
sys.exit(run(FakeConnector()))
"""


def whole(terminal: Terminal) -> None:
    """No mode is left on, and what is typed is seen."""
    terminal.wait("prompt-is-back")
    assert {name: terminal.modes()[name] for name in MODES} == MODES
    terminal.type("typed is seen")
    terminal.wait("typed is seen")


@pytest.mark.fault(50)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_gives_the_terminal_back_and_is_told_by_the_code(
    epview: str, number: signal.Signals
) -> None:
    with Terminal([epview, "--demo"]) as terminal:
        terminal.wait("my-external-db")
        for pid in terminal.pids():
            os.kill(pid, number)
        assert terminal.exit_code() == 128 + number
        whole(terminal)
        assert "Traceback" not in terminal.screen()


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    "where",
    [
        "EpviewApp._tick = broken",
        "ServicesScreen.tick = broken",
        "ServicesScreen.action_filter = broken",
        "EpviewApp._pick_context = broken_later",
        "FakeConnector.open = broken",
        "from epview.core.projector import Projector; Projector.project = broken",
    ],
)
def test_a_defect_gives_the_terminal_back_and_tells_no_values(tmp_path: Path, where: str) -> None:
    program = tmp_path / "broken.py"
    program.write_text(BROKEN.format(stage=str(STAGE), where=where))
    root = str(Path(__file__).parents[2])
    with Terminal([sys.executable, str(program)], width=100, height=50, env={"PYTHONPATH": root}) as terminal:
        if "action_filter" in where or "_pick_context" in where:
            terminal.wait("checkout")
            terminal.keys("/" if "action_filter" in where else "C")
        assert terminal.exit_code() == 1
        whole(terminal)
        screen = terminal.screen()
        assert "RuntimeError: defect" in screen
        assert "s3cr3t" not in screen.replace('token = "s3cr3t"', "")  # the line of code may be shown
        assert "locals" not in screen


@pytest.mark.fault(51)
def test_suspended_to_the_shell_and_back(epview: str) -> None:
    with Terminal("PS1='shell> ' bash --norc -i") as terminal:
        terminal.wait("shell>")
        terminal.type(f"{epview} --demo -n shop")
        terminal.keys("Enter")
        terminal.wait("checkout", "SERVICE")
        for _ in range(2):
            terminal.keys("C-z")
            terminal.wait("Stopped", "shell>")
            assert {name: terminal.modes()[name] for name in MODES} == MODES
            terminal.type("echo $((6*7))")
            terminal.keys("Enter")
            terminal.wait("42")
            terminal.type("fg")
            terminal.keys("Enter")
            terminal.wait("checkout", "SERVICE", gone=["Stopped"])
        terminal.keys("j")
        terminal.keys("q")
        terminal.wait("shell>", gone=["SERVICE"])
        terminal.type("exit")
        terminal.keys("Enter")
        assert terminal.exit_code() == 0


CONTROLLED = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that its end is told to us
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.fault(50)
@pytest.mark.parametrize("hangup", [True, False], ids=["told by SIGHUP", "only the terminal is gone"])
def test_a_terminal_that_is_closed_ends_it(epview: str, hangup: bool) -> None:
    """Told by a signal or not, it does not live on, and does not turn in circles."""
    master, slave = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    command = [sys.executable, "-c", CONTROLLED, "SIG_DFL" if hangup else "SIG_IGN", epview, "--demo"]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
    )
    os.close(slave)
    seen = b""
    deadline = monotonic() + 20
    while b"checkout" not in seen and monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            seen += os.read(master, 65536)
    assert b"checkout" in seen
    os.close(master)
    try:
        code = process.wait(15)
    finally:
        process.kill()
        process.wait()
    if hangup:
        assert code == 129
    else:
        assert code > 0


@pytest.mark.fault(53)
def test_a_storm_of_sizes(epview: str) -> None:
    with Terminal([epview, "--demo", "-n", "shop"], width=120, height=36) as terminal:
        terminal.wait("my-external-db")
        terminal.keys("j")
        for number in range(100):
            terminal.resize(1 + (number * 37) % 180, 1 + (number * 13) % 60)
        terminal.resize(20, 5)
        terminal.wait("epview needs")
        terminal.resize(100, 30)
        screen = terminal.wait("my-external-db", "quit")
        assert all(len(line) <= 100 for line in screen.splitlines())
        terminal.keys("q")
        assert terminal.exit_code() == 0
        whole(terminal)


NOISY = """\
#!/bin/sh
touch {ran}
while :; do echo "NOISE from a plug-in" >&2; sleep 0.05; done &
trap 'kill $!' EXIT
sleep 0.5
echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {{"token": "t"}}}}'
"""


@pytest.mark.fault(54)
def test_what_children_write_to_standard_error_never_reaches_the_screen(epview: str, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(NOISY.format(ran=tmp_path / "ran"))
    plugin.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"""
apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:9"}}}}]
users: [{{name: u, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never}}}}}}]
""")
    with Terminal([epview, "--kubeconfig", str(config)], width=100, height=30) as terminal:
        terminal.pipe(tmp_path / "raw")
        terminal.wait("127.0.0.1:9")
        terminal.keys("r")
        terminal.wait("127.0.0.1:9")
        terminal.keys("q")
        terminal.exit_code()
        whole(terminal)
    assert (tmp_path / "ran").exists()
    wait_for("the bytes", lambda: (tmp_path / "raw").stat().st_size)
    assert b"NOISE" not in (tmp_path / "raw").read_bytes()
