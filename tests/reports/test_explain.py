"""The pages of the rules: in a terminal, in a pipe, and as files that are up to date."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from epview import cli
from epview.core.rule import catalogue
from epview.reports import pages
from epview.reports.explain import explain

ROOT = Path(__file__).parents[2]
HEADINGS = ["What it means", "Why it happens", "How to see it yourself", "What to do", "References"]


def shown(*ids: str, width: int = 80, colour: bool = False, no_color: bool = False) -> str:
    out = io.StringIO()
    system = "standard" if colour else None
    explain(
        ids, Console(file=out, width=width, force_terminal=colour, color_system=system, no_color=no_color)
    )  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("id_", sorted(catalogue()))
@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_page_fits_and_breaks_no_command(id_: str, width: int) -> None:
    told = shown(id_, width=width)
    lines = told.splitlines()
    assert lines[0] == f"{id_}: {catalogue()[id_].title}"
    assert [line for line in lines[1:] if line and not line.startswith(" ")] == HEADINGS
    for code in re.findall(r"`([^`]*)`", catalogue()[id_].doc):
        assert f"`{' '.join(code.split())}`" in told
    for line in lines:
        assert len(line) <= min(width, 88) or "`" in line


def test_colours_stand_for_the_backticks() -> None:
    coloured = shown("EP303", colour=True)
    assert "`" not in coloured
    assert "\x1b[36mkubectl describe pod POD -n NAMESPACE\x1b[0m" in coloured
    assert "`kubectl describe pod POD -n NAMESPACE`" in shown("EP303", colour=True, no_color=True)


def test_several_rules_and_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "ep303", "EP201,EP602"]) == 0
    told = capsys.readouterr().out
    assert [told.index(f"{id_}: ") for id_ in ("EP303", "EP201", "EP602")] == sorted(
        told.index(f"{id_}: ") for id_ in ("EP303", "EP201", "EP602")
    )
    assert cli.main(["explain"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed[1:]] == sorted(catalogue())


@pytest.mark.parametrize(("wrong", "hint"), [("EP30", "Did you mean EP301?"), ("probe", "lists them")])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_an_unknown_rule_is_2_and_writes_nothing(
    wrong: str, hint: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", "EP303", wrong, "-o", form]) == 2
    captured = capsys.readouterr()
    assert f"There is no rule {wrong}." in captured.err
    assert hint in captured.err
    assert captured.out == ""


def test_markdown_of_rules_and_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "EP303", "EP201", "-o", "markdown"]) == 0
    told = capsys.readouterr().out
    assert re.findall(r"^# (.*)", told, flags=re.MULTILINE) == [
        "EP303: Readiness probe fails",
        "EP201: Selector matches no pod",
    ]
    assert re.findall(r"^## (.*)", told, flags=re.MULTILINE) == [*HEADINGS, *HEADINGS]
    assert cli.main(["explain", "-o", "markdown"]) == 0
    assert "| EP303 | Readiness probe fails |" in capsys.readouterr().out


# -- the files -------------------------------------------------------------------------------------


def test_the_pages_in_docs_are_up_to_date_and_complete() -> None:
    folder = ROOT / "docs" / "rules"
    committed = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert committed == pages.files(), "write them anew with: python -m epview.reports.pages docs/rules"


def test_writing_them_removes_what_is_no_more(tmp_path: Path) -> None:
    (tmp_path / "EP999.md").write_text("gone", "utf-8")
    subprocess.run([sys.executable, "-m", "epview.reports.pages", str(tmp_path)], check=True, cwd=ROOT)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == pages.files()


def test_links_of_the_index_lead_somewhere() -> None:
    files = pages.files()
    links = re.findall(r"\]\(([^)]*)\)", files["README.md"])
    assert sorted(links) == sorted(set(files) - {"README.md"})
