"""The ``:`` line, with the names that k9s taught: ``:svc``, ``:po``, ``:ns x``, ``:ctx y``, ``:q``."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Final

from epview.core.rule import catalogue
from epview.tui.host import Host

Runner = Callable[[Host, str], None]


def _services(app: Host, rest: str) -> None:
    app.go_home()
    if rest:
        app.open_named_service(rest)


def _pods(app: Host, rest: str) -> None:
    app.pick_pod(rest)


def _namespace(app: Host, rest: str) -> None:
    if not rest:
        app.pick_namespace()
    elif rest in ("all", "*", "-A", "0"):
        app.choose_namespaces(None)
    else:
        app.choose_namespaces(tuple(name for name in rest.replace(",", " ").split() if name))


def _context(app: Host, rest: str) -> None:
    if rest:
        app.choose_context(rest)
    else:
        app.pick_context()


def _explain(app: Host, rest: str) -> None:
    app.explain(rest)


def _quit(app: Host, rest: str) -> None:  # noqa: ARG001 - one signature for all
    app.leave(0)


def _help(app: Host, rest: str) -> None:  # noqa: ARG001
    app.screen_on_top().action_help()


_RUNNERS: Final[tuple[tuple[tuple[str, ...], Runner], ...]] = (
    (("svc", "service", "services", "ep", "endpoints", "eps", "endpointslices"), _services),
    (("po", "pod", "pods"), _pods),
    (("ns", "namespace", "namespaces"), _namespace),
    (("ctx", "context", "contexts"), _context),
    (("explain", "rule", "rules"), _explain),
    (("q", "q!", "quit", "exit"), _quit),
    (("help", "h", "?"), _help),
)
NAMES: Final = {name: runner for names, runner in _RUNNERS for name in names}


def run(app: Host, text: str) -> None:
    """Do what the line says; an unknown command is answered with the nearest known one."""
    name, _, rest = text.strip().partition(" ")
    if not name:
        return
    runner = NAMES.get(name.lower())
    if runner is not None:
        runner(app, rest.strip())
        return
    near = difflib.get_close_matches(name.lower(), NAMES, 1, 0.5)
    hint = f"Did you mean :{near[0]}?" if near else "Known are :svc :po :ns :ctx :explain :q."
    app.screen_on_top().complain(f"There is no command :{name}. {hint}")


def words(app: Host) -> list[str]:
    """What Tab completes to: commands, and the names that fit behind them."""
    out = ["svc", "po", "ns", "ns all", "ctx", "explain", "q", "help"]
    out += [f"explain {rule}" for rule in catalogue()]
    if (view := app.view) is not None:
        out += [f"ns {namespace.name}" for namespace in view.namespaces]
        out += [f"svc {key}" for key in view.services]
    return out
