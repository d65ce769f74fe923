"""The command line: arguments choose a command. Exit codes are decided here alone.

Nothing heavy is imported before it is known to be needed: ``--version`` and ``--help`` load neither
Textual nor kubernetes, and the lists are on their way before Textual is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from epview import __version__
from epview.commands import COMMANDS, command
from epview.reports.streams import drop_last_words, drop_output, prepare_streams, unwritable

UNWRITTEN, USAGE, CLUSTER = 1, 2, 3
SIGINT, SIGPIPE = 130, 141  # 128 + the signal's number, as a shell tells it


def main(argv: Sequence[str] | None = None) -> int:
    """Run epview; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not prepare_streams():
        return SIGPIPE
    try:
        try:
            return _dispatch(arguments)
        finally:
            drop_last_words()
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
        del arguments[place]
    else:
        name = ""
    chosen = command(name)
    code: int = chosen.run(chosen.parser().parse_args(arguments))
    return code


def _first_word(arguments: Sequence[str]) -> int | None:
    """Where the first argument stands that is neither a flag nor a flag's value."""
    takes_value = {s for a in command("").parser()._actions for s in a.option_strings if a.nargs is None}  # noqa: SLF001
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
