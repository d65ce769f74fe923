"""`epview explain`: the page of a rule, or the list of all of them."""

from __future__ import annotations

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from epview.core.nearness import nearest
from epview.core.rule import catalogue
from epview.sources.source import SourceError


def explain(rule_id: str, console: Console) -> None:
    """Print one rule's page, or the list for ``""``. Raises `SourceError` for an unknown id."""
    rules = catalogue()
    if not rule_id:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        table.add_column("RULE", no_wrap=True)
        table.add_column("WHAT IT FINDS")
        for rule in sorted(rules.values(), key=lambda r: r.id):
            table.add_row(Text(rule.id), Text(rule.title))
        console.print(table)
        return
    found = rules.get(rule_id.upper())
    if found is None:
        guess = nearest(rule_id.upper(), rules)
        hint = f"Did you mean {guess}?" if guess else "`epview explain` lists them."
        raise SourceError(f"There is no rule {rule_id}.", hint, kind="usage")
    console.print(Markdown(f"# {found.id}: {found.title}\n\n{found.doc}"))
