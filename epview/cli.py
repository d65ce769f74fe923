"""The command line: arguments become a source and a front end. Exit codes are decided here alone.

Nothing heavy is imported before it is known to be needed: ``--version`` and ``--help`` load neither
Textual nor kubernetes, and the lists are on their way before Textual is imported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from epview import __version__
from epview.reports.streams import drop_output, prepare_streams, unwritable

if TYPE_CHECKING:
    from epview.sources.files import FileSource
    from epview.sources.kube.options import KubeOptions
    from epview.sources.source import Connector, Source

UNWRITTEN, USAGE, CLUSTER = 1, 2, 3
SIGINT, SIGPIPE = 130, 141  # 128 + the signal's number, as a shell tells it
EXIT_CODES = """\
exit codes:
  0  nothing at or above the threshold (--fail-on)
  1  findings at or above it
  2  wrong usage or unreadable input
  3  cluster unreachable, or access refused
  4  incomplete data: some of it forbidden or missing (judge by the rest with --allow-partial)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run epview; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not prepare_streams():
        return SIGPIPE
    try:
        try:
            return _dispatch(arguments)
        finally:
            sys.stdout.flush()  # a failure at the interpreter's own exit would be a traceback
    except KeyboardInterrupt:
        return SIGINT
    except BrokenPipeError:  # whoever read us has gone: not our failure, and nothing more to say
        drop_output()
        return SIGPIPE
    except OSError as error:
        if not (reason := unwritable(error)):
            raise
        drop_output()
        print(f"epview: {reason}", file=sys.stderr)
        return UNWRITTEN
    except Exception as error:
        from epview.sources.source import SourceError

        if not isinstance(error, SourceError):
            raise
        print(f"epview: {error}", file=sys.stderr)
        return USAGE if error.kind == "usage" else CLUSTER


def _dispatch(arguments: list[str]) -> int:
    if arguments == ["--version"]:  # at once: no parser is needed to tell it
        print(f"epview {__version__}")
        sys.exit(0)
    place = _first_word(arguments)
    name = arguments[place] if place is not None else ""
    if name in COMMANDS and place is not None:
        build, run = COMMANDS[name]
        del arguments[place]
    else:
        build, run = _interface_parser, _interface
    return run(build().parse_args(arguments))


def _first_word(arguments: Sequence[str]) -> int | None:
    """Where the first argument stands that is neither a flag nor a flag's value."""
    takes_value = {s for a in _interface_parser()._actions for s in a.option_strings if a.nargs is None}  # noqa: SLF001
    takes_value |= {
        "-o",
        "--output",
        "-f",
        "--filename",
        "--fail-on",
        "--now",
        "--port",
        "--rule",
        "--ignore",
    }
    skip = False
    for index, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument == "--":
            return None
        elif argument.startswith("-") and argument != "-":
            skip = argument in takes_value
        else:
            return index
    return None


# -- parsers ---------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Errors are one sentence with a next step, on stderr."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"epview: {message}. See `{self.prog} --help`.\n")


def _formatter(prog: str) -> argparse.HelpFormatter:
    from rich_argparse import RawDescriptionRichHelpFormatter

    class Formatter(RawDescriptionRichHelpFormatter):
        help_name_formatter = str
        group_name_formatter = str

    return Formatter(prog, max_help_position=34)


def _program() -> str:
    return "kubectl epview" if Path(sys.argv[0]).name == "kubectl-epview" else "epview"


def _parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    prog = f"{_program()} {command}".strip()
    parser = _Parser(
        prog=prog, description=description, epilog=epilog, formatter_class=_formatter, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"epview {__version__}")
    return parser


def _interface_parser() -> argparse.ArgumentParser:
    from epview.sources.kube.flags import add_cluster_flags

    parser = _parser(
        "",
        "Why does this Service (not) reach its pods? A live, read-only view.",
        "commands:\n"
        "  epview check        judge once and leave: for scripts and CI\n"
        "  epview explain      what a rule means, why it happens, what to do\n"
        "  epview who          whose an address is\n"
        "  epview demo-server  the demo cluster alone, for kubectl and others\n\n"
        "without a cluster at hand:\n"
        "  epview --demo",
    )
    parser.add_argument(
        "service", nargs="?", type=_service, default="", metavar="SERVICE", help="open it (NAME or NS/NAME)"
    )
    parser.add_argument(
        "--demo",
        nargs="?",
        const="company",
        default=None,
        metavar="SCENARIO",
        help="a living demo cluster inside epview: needs nothing",
    )
    parser.add_argument("--ascii", action="store_true", help="plain signs instead of ✗ ▲ ●")
    parser.add_argument("--theme", default="", metavar="NAME", help="colour theme")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    add_cluster_flags(parser)
    return parser


def _check_parser() -> argparse.ArgumentParser:
    from epview.reports.flags import add_check_flags, outputs_help
    from epview.sources.kube.flags import add_cluster_flags

    parser = _parser(
        "check",
        "Judge all Services (or one) once, and leave with an exit code.",
        f"{outputs_help()}\n{EXIT_CODES}",
    )
    parser.add_argument(
        "service",
        nargs="?",
        type=_service,
        default="",
        metavar="SERVICE",
        help="only this one (NAME or NS/NAME)",
    )
    add_check_flags(parser)
    add_cluster_flags(parser)
    return parser


def _explain_parser() -> argparse.ArgumentParser:
    parser = _parser("explain", "What a rule means, why it happens, how to see it, what to do.")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="EP303; without it, all are listed")
    parser.add_argument("-o", "--output", choices=("text", "markdown"), default="text", help="default: text")
    return parser


def _who_parser() -> argparse.ArgumentParser:
    from epview.reports.who import EXIT_CODES as CODES
    from epview.reports.who import add_who_flags
    from epview.sources.kube.flags import add_cluster_flags

    parser = _parser("who", "Whose is this address? In all namespaces that may be read, unless -n.", CODES)
    add_who_flags(parser)
    add_cluster_flags(parser)
    return parser


def _demo_server_parser() -> argparse.ArgumentParser:
    parser = _parser(
        "demo-server",
        "Run the demo cluster alone. Prints the path of a kubeconfig, so that kubectl can look at it.",
    )
    parser.add_argument("--port", type=_port, default=None, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--scenario", default="company", metavar="NAME", help="default: company")
    return parser


def _service(text: str) -> str:
    if text and not (all(text.split("/", 1)) and text.count("/") <= 1):
        raise argparse.ArgumentTypeError(f"{text} is neither NAME nor NAMESPACE/NAME")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text} is no port: expected 0 to 65535")
    return int(text)


# -- commands --------------------------------------------------------------------------------------


def _interface(args: argparse.Namespace) -> int:
    from epview.sources.kube.flags import cluster_options
    from epview.tui.terminal import terminal_problem

    if problem := terminal_problem():
        print(f"epview: {problem}", file=sys.stderr)
        return USAGE
    if args.demo is not None:
        from epview.demo.demo import DemoCluster

        with DemoCluster(args.demo) as demo:
            return _show(args, _demo_options(args, demo.write_kubeconfig()))
    return _show(args, cluster_options(args))


def _show(args: argparse.Namespace, options: KubeOptions) -> int:
    """Begin the lists, then import Textual: by the time it can paint, they are there."""
    from epview.sources.kube.connector import KubeConnector
    from epview.tui.feed import Inbox

    connector = KubeConnector(options)
    namespaces, _ = _scope(args, connector)
    source, inbox = connector.open(options.context, namespaces), Inbox()
    source.login()  # a plug-in that asks questions can do so only before there is a screen
    source.start(inbox.put)

    from epview.tui.app import run

    return run(
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


def _check(args: argparse.Namespace) -> int:
    from epview.reports.check import check
    from epview.reports.flags import check_options

    if args.now is not None and not args.filename:
        raise _usage("--now judges files, so it needs -f.")
    with _opened(args) as (source, namespaces, default):
        located = {"place": source.place} if args.filename else {}
        return check(source, check_options(args, namespaces, default, **located))


def _who(args: argparse.Namespace) -> int:
    from epview.reports.who import who

    args.all_namespaces = args.all_namespaces or not args.namespace  # an address may be anybody's
    with _opened(args) as (source, namespaces, _):
        timeout = args.request_timeout or None
        return who(source, args.address, namespaces=namespaces, output=args.output, timeout=timeout)


@contextmanager
def _opened(args: argparse.Namespace) -> Iterator[tuple[Any, tuple[str, ...] | None, str]]:
    """Files, the demo or a cluster, with the namespaces to look at and that of a bare name."""
    from epview.sources.kube.flags import cluster_options

    if args.filename and args.demo is not None:
        raise _usage("-f and --demo exclude each other.")
    if args.filename:
        files = _files(args)
        yield files, None if args.all_namespaces else _named(args) or None, files.default_namespace()
    elif args.demo is not None:
        from epview.demo.demo import DemoCluster

        with DemoCluster(args.demo) as demo:
            yield _cluster(args, _demo_options(args, demo.write_kubeconfig()))
    else:
        yield _cluster(args, cluster_options(args))


def _cluster(args: argparse.Namespace, options: KubeOptions) -> tuple[Source, tuple[str, ...] | None, str]:
    from epview.sources.kube.connector import KubeConnector

    connector = KubeConnector(options)
    namespaces, default = _scope(args, connector)
    source = connector.open(options.context, namespaces)
    if sys.stdin.isatty():
        source.login()
    return source, namespaces, default


def _files(args: argparse.Namespace) -> FileSource:
    from epview.sources.files import FileSource

    source = FileSource(args.filename, args.now, next(iter(_named(args)), "default"))
    for remark in source.remarks():
        print(f"epview: {remark}", file=sys.stderr)
    return source


def _explain(args: argparse.Namespace) -> int:
    if args.output == "markdown":
        from epview.reports.pages import markdown

        sys.stdout.write(markdown(args.rules))
        return 0
    from rich.console import Console

    from epview.reports.explain import explain

    explain(args.rules, Console(highlight=False))
    return 0


def _demo_server(args: argparse.Namespace) -> int:
    from epview.demo.demo import run_demo_server

    return run_demo_server(args.port, args.scenario)


# -- from arguments to options ---------------------------------------------------------------------


def _demo_options(args: argparse.Namespace, kubeconfig: Path) -> KubeOptions:
    """The demo's own kubeconfig, whatever the environment says; its context may be chosen."""
    from epview.sources.kube.options import KubeOptions

    return KubeOptions(kubeconfig=str(kubeconfig), context=args.context, kind="demo")


def _scope(args: argparse.Namespace, connector: Connector) -> tuple[tuple[str, ...] | None, str]:
    """The namespaces to look at (None: all), and the one a bare SERVICE name belongs to."""
    named = _named(args)
    default = named[0] if named else connector.default_namespace(args.context)
    if args.all_namespaces:
        return None, default
    namespace, _, _ = args.service.rpartition("/")
    return named or (namespace or default,), default


def _named(args: argparse.Namespace) -> tuple[str, ...]:
    """The namespaces of ``-n``: an empty one is none, as for kubectl."""
    named = tuple(filter(None, args.namespace))
    namespace, _, _ = args.service.rpartition("/")
    if namespace and named and namespace not in named and not args.all_namespaces:
        raise _usage(f"{args.service} is in the namespace {namespace}, but -n names {', '.join(named)}.")
    return named


def _usage(message: str) -> Exception:
    from epview.sources.source import SourceError

    return SourceError(message, "See `epview check --help`.", kind="usage")


Command = tuple[Callable[[], argparse.ArgumentParser], Callable[[argparse.Namespace], int]]
COMMANDS: dict[str, Command] = {
    "check": (_check_parser, _check),
    "explain": (_explain_parser, _explain),
    "who": (_who_parser, _who),
    "demo-server": (_demo_server_parser, _demo_server),
}
