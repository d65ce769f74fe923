"""The flags of `epview check`, and the options they make."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from epview.reports.check import THRESHOLDS, CheckOptions
from epview.reports.outcome import Locate, nowhere
from epview.reports.outputs import OUTPUTS
from epview.reports.rules import chosen


def add_check_flags(parser: argparse.ArgumentParser) -> None:
    """What to judge, by which rules, and how to answer."""
    parser.add_argument(
        "-o",
        "--output",
        choices=OUTPUTS,
        default="table",
        metavar="FORM",
        help=f"{', '.join(OUTPUTS)} (default: table)",
    )
    parser.add_argument(
        "--fail-on", choices=THRESHOLDS, default="error", help="exit 1 from here on (default: error)"
    )
    parser.add_argument(
        "--rule",
        metavar="RULE",
        action="append",
        default=[],
        help="only this rule counts: EP303; may stand several times, or with commas",
    )
    parser.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], help="this rule does not count; likewise"
    )
    parser.add_argument("--allow-partial", action="store_true", help="judge by what can be seen")
    parser.add_argument(
        "--demo", nargs="?", const="company", default=None, metavar="SCENARIO", help="judge the demo"
    )
    files = parser.add_argument_group("files instead of a cluster")
    files.add_argument(
        "-f",
        "--filename",
        metavar="FILE",
        action="append",
        default=[],
        help="manifests or a dump: YAML or JSON file, folder, tar or zip archive, or - for standard input",
    )
    files.add_argument(
        "--now", metavar="TIME", type=_time, default=None, help="judge as of this time (RFC 3339)"
    )


def outputs_help() -> str:
    """What each output is, a line each."""
    width = max(map(len, OUTPUTS))
    return "outputs (-o):\n" + "".join(f"  {name:<{width}}  {about}\n" for name, about in OUTPUTS.items())


def check_options(
    args: argparse.Namespace, namespaces: tuple[str, ...] | None, default: str, place: Locate = nowhere
) -> CheckOptions:
    """The options of parsed ``args``; ``default`` is the namespace of a bare name. Raises `SourceError`."""
    return CheckOptions(
        service=args.service,
        namespace=namespaces[0] if namespaces else default,
        namespaces=namespaces,
        selector=args.selector,
        output=args.output,
        fail_on=args.fail_on,
        allow_partial=args.allow_partial,
        timeout=args.request_timeout or None,
        rules=chosen(args.rule, args.ignore),
        place=place,
    )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.upper())  # RFC 3339 lets t and z be small
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-01-15T12:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
