"""`epview explain`: the page of a rule in a terminal, or the list of all of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from epview.core.rule import Rule
from epview.reports.rules import named, sorted_rules

_WIDTH: Final = 88  # longer lines are hard to read, however wide the terminal
_INDENT: Final = "  "
_CODE: Final = re.compile(r"`([^`]*)`")
_UNBROKEN: Final = "\N{NO-BREAK SPACE}"


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
    for heading, paragraphs in _sections(rule.doc):
        console.print()
        if heading:
            console.print(Text(heading, style="bold"))
        for number, paragraph in enumerate(paragraphs):
            if number:
                console.print()
            for line in _wrapped(paragraph, min(console.width, _WIDTH)):
                console.print(_styled(line) if coloured else Text(line), soft_wrap=True)


def _sections(doc: str) -> Iterator[tuple[str, list[str]]]:
    """(heading, paragraphs); what stands before the first heading has none."""
    for part in re.split(r"^# ", f"# \n{doc}", flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        yield heading.strip(), [" ".join(text.split()) for text in re.split(r"\n\s*\n", body.strip())]


def _wrapped(paragraph: str, width: int) -> list[str]:
    """Lines that break no command: a copy of half of one is of no use."""
    whole = _CODE.sub(lambda code: code[0].replace(" ", _UNBROKEN), paragraph)
    lines = textwrap.wrap(
        whole,
        width,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_UNBROKEN, " ") for line in lines]


def _styled(line: str) -> Text:
    """Code in a colour instead of backticks."""
    text = Text()
    for number, part in enumerate(_CODE.split(line)):
        text.append(part, style="cyan" if number % 2 else "")
    return text
