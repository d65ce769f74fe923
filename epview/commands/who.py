"""``epview who``: whose an address is."""

from __future__ import annotations

import argparse

from epview.commands.opening import opened
from epview.commands.parsing import make_parser


def parser() -> argparse.ArgumentParser:
    from epview.reports.who import EXIT_CODES, add_who_flags
    from epview.sources.kube.flags import add_cluster_flags

    made = make_parser(
        "who", "Whose is this address? In all namespaces that may be read, unless -n.", EXIT_CODES
    )
    add_who_flags(made)
    add_cluster_flags(made)
    return made


def run(args: argparse.Namespace) -> int:
    from epview.reports.who import who

    args.all_namespaces = args.all_namespaces or not args.namespace  # an address may be anybody's
    with opened(args) as (source, namespaces, _, _):
        timeout = args.request_timeout or None
        return who(source, args.address, namespaces=namespaces, output=args.output, timeout=timeout)
