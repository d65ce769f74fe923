"""``epview explain``: pages of rules."""

from __future__ import annotations

import argparse
import sys

from epview.commands.parsing import make_parser


def parser() -> argparse.ArgumentParser:
    made = make_parser("explain", "What a rule means, why it happens, how to see it, what to do.")
    made.add_argument("rules", nargs="*", metavar="RULE", help="EP303; without it, all are listed")
    made.add_argument("-o", "--output", choices=("text", "markdown"), default="text", help="default: text")
    return made


def run(args: argparse.Namespace) -> int:
    if args.output == "markdown":
        from epview.reports.pages import markdown

        sys.stdout.write(markdown(args.rules))
        return 0
    from rich.console import Console

    from epview.reports.explain import explain

    explain(args.rules, Console(highlight=False))
    return 0
