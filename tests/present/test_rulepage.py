import io

import pytest
from rich.console import Console

from epview.core.rule import catalogue
from epview.present.rulepage import WIDEST, page
from epview.present.text import Role, cell_width, text_of
from epview.reports.explain import explain


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize("rule", catalogue().values(), ids=lambda rule: rule.id)
def test_every_page_says_what_explain_prints(rule):
    plain = io.StringIO()
    explain([rule.id], Console(file=plain, width=80, color_system=None))
    told = words("\n".join(text_of(each) for each in page(rule, 80)).replace("\N{NO-BREAK SPACE}", " "))
    assert words(plain.getvalue().replace("`", "")) == f"{rule.id}: {rule.title} {told}"


@pytest.mark.parametrize("width", [30, 75, 200])
def test_lines_keep_to_the_width_and_stay_readable(width):
    for line in page(catalogue()["EP303"], width):
        assert cell_width(text_of(line)) <= min(width, WIDEST)


def test_headings_and_commands_stand_out_and_no_command_is_broken():
    lines = page(catalogue()["EP303"], 60)
    headings = [text_of(line) for line in lines if line and line[0].role is Role.TITLE]
    assert headings == [
        "What it means", "Why it happens", "How to see it yourself", "What to do", "References",
    ]  # fmt: skip
    commands = [span.text.split() for line in lines for span in line if span.role is Role.ACCENT]
    assert ["kubectl", "describe", "pod", "POD", "-n", "NAMESPACE"] in commands
