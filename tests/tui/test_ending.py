"""However it ends, the terminal is given back and the exit code tells how."""

import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHILD = """
import sys, threading
sys.path.insert(0, {here!r})
from stage import FakeConnector
from epview.tui.app import EpviewApp, run
secret_token = "s3cr3t"
connector = FakeConnector()
{before}
code = run(connector)
print("ended with", code)
sys.exit(code)
"""
RESTORED = b"\x1b[?1049l"


class Session:
    """The interface in a terminal of its own; everything it wrote is kept."""

    def __init__(self, before: str = "") -> None:
        master, slave = pty.openpty()
        environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(here=str(HERE), before=before)],
            stdin=slave, stdout=slave, stderr=slave, env=environ, cwd=HERE.parents[1], start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.master = master
        self.output = b""
        self.shown = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data
            if b"checkout" in self.output:
                self.shown.set()

    def end(self) -> int:
        code = self.process.wait(20)
        self._reader.join(5)
        os.close(self.master)
        return code


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_in_order(number, code):
    session = Session()
    assert session.shown.wait(20)
    session.process.send_signal(number)
    assert session.end() == code
    assert RESTORED in session.output
    assert session.output.rstrip().endswith(f"ended with {code}".encode())


def test_ctrl_c_is_a_normal_end():
    session = Session()
    assert session.shown.wait(20)
    os.write(session.master, b"\x03")
    assert session.end() == 0
    assert RESTORED in session.output


def test_a_defect_ends_with_1_and_shows_no_locals():
    before = """
def broken(self):
    token = secret_token
    raise RuntimeError("defect")
EpviewApp._tick = broken
"""
    session = Session(before)
    assert session.end() == 1
    assert RESTORED in session.output
    assert b"RuntimeError" in session.output
    assert b"s3cr3t" not in session.output
