"""``epview demo-server``: the demo cluster alone."""

from __future__ import annotations

import argparse

from epview.commands.parsing import make_parser, port


def parser() -> argparse.ArgumentParser:
    made = make_parser(
        "demo-server",
        "Run the demo cluster alone. Prints the path of a kubeconfig, so that kubectl can look at it.",
    )
    made.add_argument("--port", type=port, default=None, help="port on 127.0.0.1 (default: any free one)")
    made.add_argument("--scenario", default="company", metavar="NAME", help="default: company")
    return made


def run(args: argparse.Namespace) -> int:
    from epview.demo.demo import run_demo_server

    return run_demo_server(args.port, args.scenario)
