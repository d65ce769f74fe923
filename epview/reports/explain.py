"""`epview explain`: the page of a rule in a terminal, or the list of all of them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from epview.core.rule import Rule
from epview.present.rulepage import CODE, UNBROKEN, WIDEST, sections
from epview.reports.rules import named, sorted_rules

_INDENT: Final = "  "


def explain(ids: Sequence[str], console: Console) -> None:
    """Print the pages of these rules, or the list for none. Raises `SourceError` for an unknown id."""
    if not ids:
        console.print(_list())
        return
    for number, rule in enumerate(named(ids)):
        if number:
            console.print()
        _print_page(rule, console)


def _list() -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("RULE", no_wrap=True)
    table.add_column("WHAT IT FINDS")
    for rule in sorted_rules():
        table.add_row(Text(rule.id), Text(rule.title))
    return table


def _print_page(rule: Rule, console: Console) -> None:
    console.print(Text(f"{rule.id}: {rule.title}", style="bold"))
    coloured = console.color_system is not None and not console.no_color
    for heading, paragraphs in sections(rule.doc):
        console.print()
        if heading:
            console.print(Text(heading, style="bold"))
        for number, paragraph in enumerate(paragraphs):
            if number:
                console.print()
            for line in _wrapped(paragraph, min(console.width, WIDEST)):
                console.print(_styled(line) if coloured else Text(line), soft_wrap=True)


def _wrapped(paragraph: str, width: int) -> list[str]:
    """Lines that break no command: a copy of half of one is of no use."""
    whole = CODE.sub(lambda code: code[0].replace(" ", UNBROKEN), paragraph)
    lines = textwrap.wrap(
        whole,
        width,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(UNBROKEN, " ") for line in lines]


def _styled(line: str) -> Text:
    """Code in a colour instead of backticks."""
    text = Text()
    for number, part in enumerate(CODE.split(line)):
        text.append(part, style="cyan" if number % 2 else "")
    return text
