"""``epview check``: judge once."""

from __future__ import annotations

import argparse
from typing import Final

from epview.commands.opening import opened
from epview.commands.parsing import make_parser, service, usage

EXIT_CODES: Final = """\
exit codes:
  0  nothing at or above the threshold (--fail-on)
  1  findings at or above it
  2  wrong usage or unreadable input
  3  cluster unreachable, or access refused
  4  incomplete data: some of it forbidden or missing (judge by the rest with --allow-partial)
"""


def parser() -> argparse.ArgumentParser:
    from epview.reports.flags import add_check_flags, outputs_help
    from epview.sources.kube.flags import add_cluster_flags

    made = make_parser(
        "check",
        "Judge all Services (or one) once, and leave with an exit code.",
        f"{outputs_help()}\n{EXIT_CODES}",
    )
    made.add_argument(
        "service",
        nargs="?",
        type=service,
        default="",
        metavar="SERVICE",
        help="only this one (NAME or NS/NAME)",
    )
    add_check_flags(made)
    add_cluster_flags(made)
    return made


def run(args: argparse.Namespace) -> int:
    from epview.reports.check import check
    from epview.reports.flags import check_options

    if args.now is not None and not args.filename:
        raise usage("--now judges files, so it needs -f.")
    with opened(args) as (source, namespaces, default, files):
        located = {"place": files.place} if files is not None else {}
        return check(source, check_options(args, namespaces, default, **located))
