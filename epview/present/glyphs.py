"""Signs that go with every colour, in Unicode and in plain ASCII."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from epview.core.view import BackendState, Finding, Health, HopState, Severity
from epview.present.text import Role, Span


class Glyphs(Struct, frozen=True, kw_only=True):
    """One set of signs. All but ``arrow``, ``rule`` and ``bars`` are one cell wide."""

    error: str = "✗"
    warning: str = "▲"
    ok: str = "●"
    check: str = "✓"
    unknown: str = "◌"
    serving: str = "◐"
    arrow: str = "→"
    times: str = "×"
    dot: str = "·"
    ellipsis: str = "…"
    dash: str = "–"
    pin: str = "★"
    cursor: str = "▌"
    rule: str = "─"
    bar: str = "━"
    rail: str = "─"
    bars: str = "▁▂▃▄▅▆▇█"
    restarts: str = "↻"
    up: str = "▲"
    down: str = "▼"
    enter: str = "⏎"
    branch: str = "└"


UNICODE: Final = Glyphs()
ASCII: Final = Glyphs(
    error="x",
    warning="!",
    ok="o",
    check="+",
    unknown=".",
    serving="~",
    arrow="->",
    times="x",
    dot="-",
    ellipsis="~",
    dash="-",
    pin="*",
    cursor=">",
    rule="-",
    bar="#",
    rail=".",
    bars="_.:-=+*#",
    restarts="R",
    up="^",
    down="v",
    enter="Enter",
    branch="`",
)

_HEALTH_ROLES: Final = {
    Health.ERROR: Role.ERROR,
    Health.WARNING: Role.WARNING,
    Health.UNKNOWN: Role.UNKNOWN,
    Health.INFO: Role.INFO,
    Health.OK: Role.OK,
}
_STATE_ROLES: Final = {
    BackendState.READY: Role.OK,
    BackendState.NOT_READY: Role.ERROR,
    BackendState.SERVING: Role.WARNING,
    BackendState.TERMINATING: Role.MUTED,
    BackendState.PENDING: Role.WARNING,
    BackendState.FINISHED: Role.MUTED,
}
_HOP_ROLES: Final = {
    HopState.OK: Role.OK,
    HopState.DEGRADED: Role.WARNING,
    HopState.BROKEN: Role.ERROR,
    HopState.UNKNOWN: Role.UNKNOWN,
}


def health_role(health: Health) -> Role:
    return _HEALTH_ROLES[health]


def health_glyph(health: Health, glyphs: Glyphs) -> str:
    match health:
        case Health.ERROR:
            return glyphs.error
        case Health.WARNING:
            return glyphs.warning
        case Health.OK | Health.INFO:
            return glyphs.ok
        case _:
            return glyphs.unknown


def health_span(health: Health, glyphs: Glyphs) -> Span:
    """The sign of a Service's health. Info is healthy with a remark: a filled dot in its own colour."""
    return Span(health_glyph(health, glyphs), health_role(health))


def state_role(state: BackendState) -> Role:
    return _STATE_ROLES[state]


def state_span(state: BackendState, glyphs: Glyphs) -> Span:
    sign = {
        BackendState.READY: glyphs.ok,
        BackendState.NOT_READY: glyphs.error,
        BackendState.SERVING: glyphs.serving,
        BackendState.TERMINATING: glyphs.serving,
    }.get(state, glyphs.unknown)
    return Span(sign, state_role(state))


def hop_span(state: HopState, glyphs: Glyphs) -> Span:
    sign = {
        HopState.OK: glyphs.check,
        HopState.DEGRADED: glyphs.warning,
        HopState.BROKEN: glyphs.error,
        HopState.UNKNOWN: glyphs.unknown,
    }[state]
    return Span(sign, _HOP_ROLES[state])


def severity_span(finding: Finding, glyphs: Glyphs) -> Span:
    match finding.severity:
        case Severity.ERROR:
            return Span(glyphs.error, Role.ERROR)
        case Severity.WARNING:
            return Span(glyphs.warning, Role.WARNING)
        case _:
            return Span(glyphs.unknown, Role.INFO)
