"""The pages of the rules as Markdown: one file a rule, and an index.

``python -m epview.reports.pages docs/rules`` writes them anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from epview.core.rule import Rule
from epview.reports.rules import named, sorted_rules


def markdown(ids: Sequence[str]) -> str:
    """The pages of these rules, or the list for none. Raises `SourceError` for an unknown id."""
    return "\n".join(map(page, named(ids))) if ids else index(links=False)


def page(rule: Rule) -> str:
    """One rule's page in Markdown."""
    return f"# {rule.id}: {rule.title}\n\n{body(rule)}"


def body(rule: Rule) -> str:
    """The page without its title, which is the first heading: its sections are of the second rank."""
    lowered = re.sub(r"^#", "##", rule.doc, flags=re.MULTILINE)
    spaced = re.sub(r"^(## .*)\n(?!\n)", r"\1\n\n", lowered, flags=re.MULTILINE)
    return f"{spaced.rstrip()}\n"


def index(*, links: bool) -> str:
    """The table of all rules in Markdown."""
    rows = [
        f"| [{r.id}]({r.id}.md) | {r.title} |" if links else f"| {r.id} | {r.title} |" for r in sorted_rules()
    ]
    return "\n".join(("| rule | what it finds |", "|---|---|", *rows, ""))


def files() -> dict[str, str]:
    """What belongs into docs/rules, by file name."""
    told = (
        "# Rules\n\nWhat epview can find. `epview explain EP303` shows a page in the terminal;\n"
        "`epview check --rule EP303` and `--ignore EP303` choose among the rules.\n\n"
    )
    return {"README.md": told + index(links=True), **{f"{r.id}.md": page(r) for r in sorted_rules()}}


def write_files(folder: Path) -> None:
    """Write the pages into ``folder``, and remove those of rules that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for stale in {path.name for path in folder.glob("*.md")} - set(wanted):
        (folder / stale).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write_files(Path(sys.argv[1]))
