"""`epview check`: judge once, write the report, and say by the exit code what was found."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from epview.core import labels
from epview.core.nearness import nearest
from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import Finding, ResourceState, ServiceView, Severity, View
from epview.reports.outcome import Locate, Outcome, nowhere
from epview.reports.outputs import write
from epview.sources.gather import gather
from epview.sources.source import Source, SourceError

OK, FOUND, INCOMPLETE = 0, 1, 4
THRESHOLDS = ("error", "warning", "info", "never")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What to judge and how to answer. ``namespace`` is the one a bare SERVICE name belongs to.

    ``rules``: the ids of those that count, None for all. ``place`` tells in which file an object stands.
    """

    service: str = ""
    namespace: str = ""
    namespaces: tuple[str, ...] | None = None
    selector: str = ""
    output: str = "table"
    fail_on: str = "error"
    allow_partial: bool = False
    timeout: float | None = None
    rules: frozenset[str] | None = None
    place: Locate = nowhere


def check(source: Source, options: CheckOptions) -> int:
    """Judge ``source`` and write to stdout; the exit code. Raises `SourceError`.

    0: nothing at or above the threshold · 1: something is · 4: some data could not be had, and
    ``allow_partial`` is off.
    """
    projector = gather(
        source,
        options.timeout,
        _progress(),
        labels.parse(options.selector),
        options.rules,
    )
    info = source.info()
    in_files = info.kind == "files"
    if in_files:  # a cluster knows better what it was allowed to read
        info = msgspec.structs.replace(info, namespaces=options.namespaces)
    _check_namespaces(projector, options, in_files=in_files)
    view = projector.project(source.now(), info)
    outcome = Outcome(
        view=msgspec.structs.replace(view, findings=_in_scope(view, options)),
        services=tuple(_chosen(view, options)),
        fail_on=None if options.fail_on == "never" else Severity(options.fail_on),
        allow_partial=options.allow_partial,
        place=options.place,
    )
    write(options.output, outcome, sys.stdout)
    if outcome.incomplete:
        return INCOMPLETE
    return FOUND if outcome.failed else OK


def _check_namespaces(projector: Projector, options: CheckOptions, *, in_files: bool) -> None:
    """A namespace that does not exist would look like an empty one."""
    world = projector.world
    known = {key.name for key in world.namespaces} if world.sees("namespaces") else set()
    if in_files:  # they need not hold the Namespaces of what they hold
        known |= {key.namespace for key in world.services}
    for name in options.namespaces or ():
        if known and name not in known:
            guess = nearest(name, known)
            hint = f"Did you mean {guess}?" if guess else "See `kubectl get namespaces`, or use -A for all."
            where = "in the files" if in_files else "in the cluster"
            raise SourceError(f"There is no namespace {name} {where}.", hint, kind="usage")


def _chosen(view: View, options: CheckOptions) -> list[ServiceView]:
    """The Services asked for, problems first; raises `SourceError` where the one named is not there."""
    if not options.service:
        in_scope = options.namespaces
        found = [s for s in view.services.values() if in_scope is None or s.namespace in in_scope]
        return sorted(found, key=lambda s: (s.health.rank, s.key))
    namespace, _, name = options.service.rpartition("/")
    key = Key(namespace or options.namespace or "default", name)
    if key in view.services:
        return [view.services[key]]
    same_name = sorted(k for k in view.services if k.name == name)
    if same_name and not namespace and options.namespaces is None:
        return [view.services[k] for k in same_name]
    guess = nearest(name, (k.name for k in view.services if k.namespace == key.namespace))
    hint = f"Did you mean {guess}?" if guess else f"See `kubectl get services -n {key.namespace}`."
    chosen = f" with the labels {options.selector}" if options.selector else ""
    raise SourceError(f"There is no Service {key}{chosen}.", hint, kind="usage")


def _in_scope(view: View, options: CheckOptions) -> tuple[Finding, ...]:
    """Findings that belong to no Service: none where one Service was asked for, else of the namespaces."""
    if options.service:
        return ()
    scope = options.namespaces
    return tuple(
        f for f in view.findings if scope is None or any(o.split("/")[1] in scope for o in f.objects)
    )


class _Progress:
    """One line on stderr that tells what is still loading; only where somebody looks."""

    def __init__(self) -> None:
        self._shown = False

    def __call__(self, states: Sequence[ResourceState]) -> None:
        waiting = [s for s in states if not s.settled]
        if not waiting:
            self._write("")
            return
        self._write("loading " + ", ".join(self._words(s) for s in waiting[:5]))

    @staticmethod
    def _words(state: ResourceState) -> str:
        return f"{state.resource} {state.loaded}" + (f" of {state.total}" if state.total else "")

    def _write(self, text: str) -> None:
        if text or self._shown:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        self._shown = bool(text)


def _progress() -> _Progress | None:
    wanted = sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
    return _Progress() if wanted else None
