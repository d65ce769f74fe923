"""The first line of every screen: where the data comes from, how fresh it is, how much is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from epview.core.objects import BY_RESOURCE
from epview.core.view import Health, Phase, ResourceState, ServiceView, SourceInfo, View
from epview.core.workloads import RESOURCES
from epview.present import words
from epview.present.glyphs import Glyphs, health_span
from epview.present.text import EMPTY, Line, Role, Span, clean, line

DROP: Final = (2, 0)  # the version, then the program's own name; cluster and namespaces stay
_BLIND: Final = (Phase.FORBIDDEN, Phase.GONE, Phase.FAILED)


def source_name(info: SourceInfo) -> str:
    """The context, or what else names the source."""
    return clean(info.context or info.cluster or info.server or info.kind)


def scope_words(namespaces: tuple[str, ...] | None) -> str:
    """``all namespaces``, ``shop``, ``shop, cart and 3 more``."""
    if namespaces is None:
        return "all namespaces"
    return words.and_more(map(clean, namespaces), 3) or "no namespace"


def missing_namespaces(view: View, scope: tuple[str, ...] | None) -> str:
    """Those of the scope that do not exist (any more), as far as namespaces may be listed."""
    if not any(state.resource == "namespaces" and state.usable for state in view.states):
        return ""
    known = {namespace.name for namespace in view.namespaces if namespace.phase}
    return words.and_more((clean(name) for name in scope or () if known and name not in known), 3)


def connection(
    states: Iterable[ResourceState], now: datetime, glyphs: Glyphs, *, frozen: bool = False
) -> Line:
    """One state for all streams: the worst of them, in words."""
    states = tuple(states)
    if frozen:
        return line(Span("frozen (z)", Role.STALE))
    stale = [state for state in states if state.phase is Phase.STALE]
    if stale:
        since = min((state.since for state in stale if state.since), default=None)
        names = dict.fromkeys(state.resource for state in stale)
        others = any(state.usable and state.resource not in names for state in states)
        what = f"{words.and_more(names, 1)} " if others else ""
        return line(Span(f"{glyphs.warning} {what}stale since {words.age(since, now)}", Role.STALE))
    failed = [state for state in states if state.phase is Phase.FAILED]
    if failed and not any(state.usable for state in states):
        return line(Span(f"{glyphs.error} no connection", Role.ERROR))
    if not states or any(not state.settled for state in states):
        return line(Span(f"{glyphs.unknown} loading", Role.INFO))
    blind = blind_words(states)
    polling = " (polling)" if any(state.phase is Phase.POLLING for state in states) else ""
    live = Span(f"{glyphs.ok} live{polling}", Role.OK)
    return line(live, Span(f"  {glyphs.warning} {blind}", Role.WARNING)) if blind else line(live)


def dated(view: View | None) -> bool:
    """Whether rows may not be so any more, since what they show stands still. Events only explain."""
    states = view.states if view is not None else ()
    return any(
        state.phase is Phase.STALE and BY_RESOURCE[state.resource].required and state.resource != "events"
        for state in states
    )


def blind_words(states: Iterable[ResourceState]) -> str:
    """``events forbidden in shop``, ``events forbidden +2``: what cannot be seen; ``""`` for nothing.

    Refused for all namespaces and asked for in one instead, only the answer there counts.
    """
    states = tuple(states)
    narrowed = {state.resource for state in states if state.namespace}
    parts: dict[str, str] = {}
    for state in states:
        if not state.namespace and state.resource in narrowed:
            continue
        if state.phase in _BLIND and BY_RESOURCE[state.resource].namespaced:
            word = {Phase.FORBIDDEN: "forbidden", Phase.GONE: "not served", Phase.FAILED: "failed"}[
                state.phase
            ]
            name = "workloads" if state.resource in RESOURCES else state.resource
            parts.setdefault(f"{name} {word}", f" in {clean(state.namespace)}" if state.namespace else "")
    (first, where), *others = list(parts.items()) or [("", "")]
    return f"{first} +{len(others)}" if others else first + where


def counts(services: Iterable[ServiceView]) -> Mapping[Health, int]:
    """Services by health; loading ones count as unknown."""
    out = dict.fromkeys(Health, 0)
    for view in services:
        out[Health.UNKNOWN if view.loading else view.health] += 1
    return out


def counts_line(numbers: Mapping[Health, int], glyphs: Glyphs) -> Line:
    """``✗ 3  ▲ 2  ● 40``; the unknown only where there are any."""
    shown = {
        Health.ERROR: numbers.get(Health.ERROR, 0),
        Health.WARNING: numbers.get(Health.WARNING, 0),
        Health.UNKNOWN: numbers.get(Health.UNKNOWN, 0),
        Health.OK: numbers.get(Health.OK, 0) + numbers.get(Health.INFO, 0),
    }
    spans: list[Span] = []
    for health, number in shown.items():
        if health is Health.UNKNOWN and not number:
            continue
        sign = health_span(health, glyphs)
        spans.append(
            Span(f"{'  ' if spans else ''}{sign.text} {number}", sign.role if number else Role.MUTED)
        )
    return tuple(spans)


# -- loading ----------------------------------------------------------------------------------


def loading_lines(view: View | None, now: datetime, glyphs: Glyphs, width: int) -> list[Line]:
    """A determinate line per resource while the first lists are on their way; empty once all settled.

    A resource that failed or is forbidden says so in its own line, with what the server said; the optional
    ones have a line only while they are on their way.
    """
    if view is None or not view.states:
        return [line(Span(" connecting", Role.MUTED))]
    troubled = [state for state in view.states if state.phase is Phase.FAILED and state.message]
    if view.synced and not troubled:
        return []
    merged = _merge(view.states)
    if sentence := _one_failure(merged):
        return _failure_lines(sentence, merged, now, glyphs)
    bar = max(8, min(40, width - 56))
    return [
        _progress(state, bar, now, glyphs)
        for state in merged
        if state.phase is Phase.FAILED or (not view.synced and _worth_a_line(state))
    ]


def _worth_a_line(state: ResourceState) -> bool:
    return BY_RESOURCE[state.resource].required or not state.settled


def _one_failure(states: Iterable[ResourceState]) -> str:
    """What the server, or the lack of one, says to everything alike; ``""`` where it differs."""
    said = {state.message if state.phase is Phase.FAILED else "" for state in states}
    return clean(said.pop()) if len(said) == 1 else ""


def _failure_lines(
    sentence: str, states: Iterable[ResourceState], now: datetime, glyphs: Glyphs
) -> list[Line]:
    return [
        line(Span(f"{glyphs.error} ", Role.ERROR), Span(sentence, Role.STRONG)),
        EMPTY,
        line(Span(f"  {_next_try(states, now) or 'Trying again'}", Role.MUTED)),
        EMPTY,
        line(
            *(
                part
                for key, what in (("r", "try now"), ("C", "another context"), ("q", "quit"))
                for part in (Span(f"  {key}", Role.KEY), Span(f" {what}", Role.MUTED))
            )
        ),
    ]


def _next_try(states: Iterable[ResourceState], now: datetime) -> str:
    """``Next try in 3s``; ``""`` where it is under way."""
    times = [state.retry_at for state in states if state.retry_at is not None and state.retry_at > now]
    return f"Next try in {words.duration((min(times) - now).total_seconds() + 1)}" if times else ""


def _merge(states: Iterable[ResourceState]) -> list[ResourceState]:
    """One state a resource: with several namespaces the numbers add up, the slowest phase counts."""
    order = list(Phase)
    out: dict[str, ResourceState] = {}
    for state in states:
        known = out.get(state.resource)
        if known is None:
            out[state.resource] = state
            continue
        total = (
            None
            if known.total is None and state.total is None
            else (known.total or known.loaded) + (state.total or state.loaded)
        )
        slower = min(known, state, key=lambda each: order.index(each.phase))
        out[state.resource] = ResourceState(
            resource=state.resource,
            phase=slower.phase,
            loaded=known.loaded + state.loaded,
            total=total,
            since=slower.since,
            message=slower.message,
            retry_at=slower.retry_at,
        )
    return list(out.values())


def _progress(state: ResourceState, width: int, now: datetime, glyphs: Glyphs) -> Line:
    name = Span(f" {state.resource:<15}")
    match state.phase:
        case Phase.LISTING | Phase.WAITING:
            known = state.total or 0
            share = min(1.0, state.loaded / known) if known else 0.0
            filled = round(share * width)
            said = (
                f"{state.loaded:,} of {known:,}"
                if known
                else f"{state.loaded:,}"
                if state.loaded
                else "asked"
            )
            return line(
                name,
                Span(glyphs.bar * filled, Role.ACCENT),
                Span(glyphs.rail * (width - filled), Role.MUTED),
                Span(f" {said}", Role.MUTED),
            )
        case Phase.FORBIDDEN | Phase.GONE | Phase.FAILED:
            words_ = {Phase.FORBIDDEN: "forbidden", Phase.GONE: "not served", Phase.FAILED: "failed"}[
                state.phase
            ]
            role = Role.ERROR if state.phase is Phase.FAILED else Role.WARNING
            told = [
                clean(state.message).rstrip("."),
                _next_try([state], now) and f"{_next_try([state], now)} (r now)",
            ]
            said = "".join(f". {part}" for part in told if part).removeprefix(". ")
            return line(
                name, Span(f"{glyphs.error} {words_}", role), Span(f": {said}" if said else "", Role.MUTED)
            )
        case _:
            return line(
                name,
                Span(glyphs.bar * width, Role.OK),
                Span(f" {state.loaded:,}" if state.loaded else " complete", Role.MUTED),
            )


def header(
    view: View | None,
    numbers: Mapping[Health, int],
    now: datetime,
    glyphs: Glyphs,
    *,
    scope: tuple[str, ...] | None = None,
    frozen: bool = False,
) -> tuple[list[Line], list[Line]]:
    """Parts for the left and the right end; of the left ones `DROP` may go where room is short."""
    if view is None:
        return [line(Span("epview", Role.TITLE))], [line(Span(f"{glyphs.unknown} connecting", Role.INFO))]
    if scope is None:
        scope = view.source.namespaces  # what "all" came down to, where not all may be read
    left = [
        line(Span("epview", Role.TITLE)),
        line(Span(source_name(view.source), Role.STRONG)),
        line(Span(clean(view.source.server_version), Role.MUTED)),
        line(Span("ns ", Role.MUTED), Span(scope_words(scope), Role.ACCENT)),
    ]
    right = [connection(view.states, now, glyphs, frozen=frozen), counts_line(numbers, glyphs)]
    stale = [state for state in view.states if state.phase is Phase.STALE]
    right.append(line(Span(_next_try(stale, now).lower(), Role.STALE)))
    notices = line(Span("; ".join(map(clean, view.source.notices)), Role.WARNING))
    return left, [part for part in (*right, notices) if part != EMPTY]
