"""``epview [SERVICE]``: the interface."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from epview.commands import COMMANDS
from epview.commands.opening import demo_options, scope_of
from epview.commands.parsing import USAGE, make_parser, service

if TYPE_CHECKING:
    from epview.sources.kube.options import KubeOptions


def parser() -> argparse.ArgumentParser:
    from epview.sources.kube.flags import add_cluster_flags

    listed = "\n".join(f"  epview {name:<12} {about}" for name, about in COMMANDS.items())
    made = make_parser(
        "",
        "Why does this Service (not) reach its pods? A live, read-only view.",
        f"commands:\n{listed}\n\nwithout a cluster at hand:\n  epview --demo",
    )
    made.add_argument(
        "service", nargs="?", type=service, default="", metavar="SERVICE", help="open it (NAME or NS/NAME)"
    )
    made.add_argument(
        "--demo",
        nargs="?",
        const="company",
        default=None,
        metavar="SCENARIO",
        help="a living demo cluster inside epview: needs nothing",
    )
    made.add_argument("--ascii", action="store_true", help="plain signs instead of ✗ ▲ ●")
    made.add_argument("--theme", default="", metavar="NAME", help="colour theme")
    made.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    add_cluster_flags(made)
    return made


def run(args: argparse.Namespace) -> int:
    from epview.sources.kube.flags import cluster_options
    from epview.tui.terminal import terminal_problem

    if problem := terminal_problem():
        print(f"epview: {problem}", file=sys.stderr)
        return USAGE
    if args.demo is not None:
        from epview.demo.demo import DemoCluster

        with DemoCluster(args.demo) as demo:
            return _show(args, demo_options(args, demo.write_kubeconfig()))
    return _show(args, cluster_options(args))


def _show(args: argparse.Namespace, options: KubeOptions) -> int:
    """Begin the lists, then import Textual: by the time it can paint, they are there."""
    from epview.sources.kube.connector import KubeConnector
    from epview.tui.feed import Inbox

    connector = KubeConnector(options)
    namespaces, _ = scope_of(args, connector)
    source, inbox = connector.open(options.context, namespaces), Inbox()
    source.login()  # a plug-in that asks questions can do so only before there is a screen
    source.start(inbox.put)

    from epview.tui.app import run as show

    return show(
        connector,
        context=options.context,
        namespaces=namespaces,
        service=args.service or None,
        source=source,
        inbox=inbox,
        ascii_only=args.ascii,
        theme=args.theme,
        mouse=not args.no_mouse,
        selector=args.selector,
    )
