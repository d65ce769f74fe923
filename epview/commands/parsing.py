"""What the parsers of all commands share: how errors and help read, and the types of arguments."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Final, NoReturn

from epview import __version__
from epview.sources.source import SourceError

USAGE: Final = 2


class Parser(argparse.ArgumentParser):
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


def make_parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """A parser with ``--version``; ``command`` is ``""`` for the interface."""
    prog = f"{_program()} {command}".strip()
    parser = Parser(
        prog=prog, description=description, epilog=epilog, formatter_class=_formatter, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"epview {__version__}")
    return parser


def service(text: str) -> str:
    """NAME or NAMESPACE/NAME. Raises `argparse.ArgumentTypeError`."""
    if text and not (all(text.split("/", 1)) and text.count("/") <= 1):
        raise argparse.ArgumentTypeError(f"{text} is neither NAME nor NAMESPACE/NAME")
    return text


def namespace(text: str) -> str:
    """A name that a namespace can have (RFC 1123 label). Raises `argparse.ArgumentTypeError`."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text} cannot be the name of a namespace")
    return text


def port(text: str) -> int:
    """0 to 65535. Raises `argparse.ArgumentTypeError`."""
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text} is no port: expected 0 to 65535")
    return int(text)


def usage(message: str) -> SourceError:
    """Wrong usage that no single argument shows."""
    return SourceError(message, "See `epview check --help`.", kind="usage")
