"""`epview who`: whose an address is, as a few lines or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, Final

from epview.core import whois
from epview.core.whois import Owner, Question
from epview.sources.clean import clean_text
from epview.sources.gather import gather
from epview.sources.source import Source

FOUND, NOBODY, INCOMPLETE = 0, 1, 4
OUTPUTS: Final = ("table", "json")
EXIT_CODES: Final = """\
exit codes:
  0  somebody owns it
  1  nobody does, as far as anything can be seen
  2  wrong usage or unreadable input
  3  cluster unreachable, or access refused
  4  nobody was found, but not everything could be seen
"""


def add_who_flags(parser: argparse.ArgumentParser) -> None:
    """What to ask for, and where."""
    parser.add_argument("address", type=question, metavar="ADDRESS[:PORT]", help="an IP, a name, a URL")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="table", help="default: table")
    parser.add_argument(
        "--demo", nargs="?", const="company", default=None, metavar="SCENARIO", help="ask the demo"
    )
    parser.add_argument(
        "-f", "--filename", metavar="FILE", action="append", default=[], help="look into files instead"
    )
    parser.set_defaults(service="", now=None)


def question(text: str) -> Question:
    """The argument of the command line. Raises `argparse.ArgumentTypeError`."""
    try:
        return whois.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(clean_text(str(error)).rstrip(".")) from None


def who(
    source: Source,
    asked: Question,
    *,
    namespaces: tuple[str, ...] | None = None,
    output: str = "table",
    timeout: float | None = None,
) -> int:
    """Look once and write the answer to stdout; the exit code. Raises `SourceError`."""
    world = gather(source, timeout).world
    found = whois.owners(world, asked)
    unseen = whois.unseen(world, namespaces)
    text = _json(asked, found, unseen) if output == "json" else _lines(asked, found, unseen)
    sys.stdout.write(text)
    if found:
        return FOUND
    return INCOMPLETE if unseen else NOBODY


def _shown(asked: Question) -> str:
    host = f"[{asked.host}]" if ":" in asked.host and asked.port else asked.host
    return clean_text(f"{host}:{asked.port}" if asked.port else host)


def _lines(asked: Question, found: Sequence[Owner], unseen: Sequence[str]) -> str:
    lines = [f"{_shown(asked)} {_sentence(owner)}" for owner in found]
    if not found:
        lines = [f"{_shown(asked)} belongs to nothing that can be seen here."]
    if unseen:
        lines.append(f"Not seen: {', '.join(unseen)}.")
    return "\n".join(lines) + "\n"


def _sentence(owner: Owner) -> str:
    """``is pod shop/web-1: node node-a, container app (http), ready; Services shop/web``"""
    _, _, name = owner.object.partition("/")
    details = f": {', '.join(owner.details)}" if owner.details else ""
    others = [str(key) for key in owner.services if f"Service/{key}" != owner.object]
    behind = f"; Service{'s' if len(others) > 1 else ''} {', '.join(others)}" if others else ""
    kind = owner.object.partition("/")[0]
    place = "in" if owner.what.startswith("listed") else "of"
    what = owner.what if kind.lower() in owner.what else f"{owner.what} {place} {kind}"
    return clean_text(f"→ {what} {name}{details}{behind}")


def _json(asked: Question, found: Sequence[Owner], unseen: Sequence[str]) -> str:
    answer: dict[str, Any] = {
        "apiVersion": "epview/v1",
        "kind": "Owners",
        "host": asked.host,
        "port": asked.port,
        "owners": [
            {
                "what": owner.what,
                "object": owner.object,
                "details": list(owner.details),
                "services": [{"namespace": key.namespace, "name": key.name} for key in owner.services],
            }
            for owner in found
        ],
        "unseen": list(unseen),
    }
    return json.dumps(answer, indent=2) + "\n"
