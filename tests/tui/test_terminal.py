import subprocess
import sys

import pytest

from epview.tui import terminal


class Stream:
    def __init__(self, tty: bool) -> None:
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


@pytest.mark.parametrize("missing", ["stdin", "stdout", "stderr"])
def test_without_a_terminal_it_says_what_to_use_instead(monkeypatch, missing):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Stream(name != missing))
    problem = terminal.terminal_problem({"TERM": "xterm"})
    assert problem is not None
    assert "epview check" in problem


def test_a_dumb_terminal_is_refused_and_a_good_one_is_not(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Stream(True))
    assert "TERM=dumb" in (terminal.terminal_problem({"TERM": "dumb"}) or "")
    assert terminal.terminal_problem({"TERM": "xterm-256color"}) is None


def test_signs_follow_the_encoding():
    assert terminal.ascii_only("ascii")
    assert terminal.ascii_only("latin-1")
    assert not terminal.ascii_only("utf-8")


def test_the_feed_can_begin_before_textual_is_imported():
    code = "import sys, epview.tui, epview.tui.feed, epview.core.projector; print('textual' in sys.modules, 'rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
