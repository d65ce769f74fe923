"""The register of faults: what each does, and which tests prove it. As a program it writes docs/faults.md.

The rows stand in tests/sources/faults.yaml; a test claims rows by ``@pytest.mark.fault(number, …)`` on its
function or class. Both are read without running anything.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
PAGE: Final = ROOT / "docs" / "faults.md"

_BY: Final = {
    "server": "scripted server",
    "socket": "the wire or the machine",
    "file": "a plug-in or a file",
    "terminal": "a real or pretended terminal",
}
_HEAD: Final = """\
# What epview survives

Between an API server and what you read on the screen much can go wrong. Here is each fault, how the tests
inject it for real (over a socket on loopback, as a plug-in process, as a file, in a terminal), what epview makes of it,
and the tests that prove it. The page is written by `python tests/support/faults.py` from
`tests/sources/faults.yaml` and the marks on the tests; a test fails where it is out of date.

*Stale* means: what was seen stays on the screen, its age beside it, with the time of the next try.
`epview check` leaves with 3 where nothing can be judged, with 4 where only a part can.
"""


@dataclass(frozen=True)
class Fault:
    number: int
    section: str
    fault: str
    by: str
    does: str


@dataclass(frozen=True, order=True)
class Proof:
    """A test, by its file (relative to the tests) and its name."""

    file: str
    name: str


def register() -> list[Fault]:
    sections = yaml.safe_load((TESTS / "sources" / "faults.yaml").read_text("utf-8"))
    return [Fault(section=section["section"], **row) for section in sections for row in section["rows"]]


def proofs() -> dict[int, list[Proof]]:
    """For each number the tests that claim it."""
    found: defaultdict[int, set[Proof]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, number in _claims(ast.parse(path.read_text("utf-8"))):
            found[number].add(Proof(path.relative_to(TESTS).as_posix(), name))
    return {number: sorted(tests) for number, tests in found.items()}


def _claims(tree: ast.Module | ast.ClassDef, *outer: int) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _claims(node, *outer, *_marks(node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield from ((node.name, number) for number in (*outer, *_marks(node)))


def _marks(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[int]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
            yield from (ast.literal_eval(argument) for argument in mark.args)


def page(faults: list[Fault], tests: Mapping[int, list[Proof]]) -> str:
    lines = [_HEAD]
    section = ""
    for fault in faults:
        if fault.section != section:
            section = fault.section
            lines += [f"## {section}", "", "| # | fault | injected by | what epview does | proven by |"]
            lines += ["|--:|---|---|---|---|"]
        proven = "<br>".join(f"[{words(t.name)}](../tests/{t.file})" for t in tests.get(fault.number, []))
        lines.append(f"| {fault.number} | {fault.fault} | {_BY[fault.by]} | {fault.does} | {proven} |")
        if fault is faults[-1] or faults[faults.index(fault) + 1].section != section:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def words(name: str) -> str:
    """The name of a test as a sentence would have it."""
    return name.removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page(register(), proofs()), "utf-8")
