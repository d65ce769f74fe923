"""``epview rbac``: the least-privilege manifest."""

from __future__ import annotations

import argparse
import sys

from epview.commands.parsing import make_parser, namespace


def parser() -> argparse.ArgumentParser:
    made = make_parser("rbac", "The smallest ClusterRole that epview can live with; with -n, a Role.")
    made.add_argument("-n", "--namespace", metavar="NS", type=namespace, default=None, help="a Role in it")
    return made


def run(args: argparse.Namespace) -> int:
    from epview.reports.rbac import manifest

    sys.stdout.write(manifest(args.namespace))
    return 0
