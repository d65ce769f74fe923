"""The text of the help: the keys of the screen one comes from, and what the signs mean."""

from __future__ import annotations

from epview.present.glyphs import Glyphs
from epview.present.text import EMPTY, Line, Role, Span, line
from epview.tui import actions

_GROUPS = (
    ("Here", ("services", "service", "pod", "yaml", "failure")),
    ("Moving", ("table",)),
    ("Always", ("app",)),
)


def help_lines(scopes: tuple[str, ...], glyphs: Glyphs) -> list[Line]:
    """All from the registry of actions, so that no key is told that does not exist."""
    out: list[Line] = []
    for title, group in _GROUPS:
        wanted = [scope for scope in group if scope in scopes or scope in ("table", "app")]
        chosen = actions.of(*wanted)
        if chosen:
            out += [EMPTY, line(Span(title, Role.TITLE))] if out else [line(Span(title, Role.TITLE))]
            out += [
                line(Span(f"  {a.shown.replace('⏎', glyphs.enter):<12}", Role.KEY), Span(a.help))
                for a in chosen
            ]
    out += [
        line(
            Span("  Shift-letter", Role.KEY),
            Span(" sort by a column: N name, S status, A age, R ready, T type; again turns it"),
        ),
        EMPTY,
        line(Span("Signs", Role.TITLE)),
        line(Span(f"  {glyphs.error} ", Role.ERROR), "error: traffic does not arrive"),
        line(
            Span(f"  {glyphs.warning} ", Role.WARNING),
            "warning: it arrives, but not as it should, or may soon not",
        ),
        line(Span(f"  {glyphs.ok} ", Role.OK), "ok; ", Span(f"{glyphs.ok} ", Role.INFO), "ok, with a remark"),
        line(
            Span(f"  {glyphs.unknown} ", Role.UNKNOWN),
            "unknown: epview cannot see what it would need, or it is loading",
        ),
        line(
            Span(f"  {glyphs.serving} ", Role.WARNING),
            "terminating: gone soon; still serving where it says so",
        ),
        EMPTY,
        line(Span("epview only reads. No key changes anything in the cluster.", Role.MUTED)),
    ]
    return out
