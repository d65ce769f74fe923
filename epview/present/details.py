"""The marked row of a list in full: nothing of it may hide behind an ellipsis."""

from __future__ import annotations

from epview.core.objects import Event
from epview.core.view import Backend
from epview.present import words
from epview.present.frame import Frame
from epview.present.glyphs import state_span
from epview.present.text import Line, Role, Span, clean, line
from epview.present.why import probe_counts


def backend_lines(backend: Backend, frame: Frame) -> list[Line]:
    """An address: its state, the failing probe with its settings and last words, who lists it."""
    sign = state_span(backend.state, frame.glyphs)
    since = f" for {words.age(backend.since, frame.now)}" if backend.since else ""
    out = [
        line(
            Span(f"{sign.text} ", sign.role),
            Span(clean(backend.address) or "no address", Role.STRONG),
            Span(f"  {clean(backend.pod)}" if backend.pod else "  no pod: written by hand"),
            Span(f"  {backend.state.words}{since}", sign.role),
            Span(_place(backend), Role.MUTED),
        )
    ]
    if (probe := backend.failing_probe) is not None:
        said = clean(probe.message) or "failing by its effect; no event seen"
        out += [
            line(Span(f"  {probe.kind} of {clean(probe.container)}  ", Role.MUTED), clean(probe.probe)),
            line(Span("  says  ", Role.MUTED), Span(f"{said}{probe_counts(probe, frame)}", Role.ERROR)),
        ]
    elif backend.reason:
        out.append(line(Span("  because  ", Role.MUTED), clean(backend.reason)))
    if backend.listed_in:
        out.append(
            line(Span("  listed in  ", Role.MUTED), Span(clean(", ".join(backend.listed_in)), Role.MUTED))
        )
    return out


def _place(backend: Backend) -> str:
    node = f"  on {clean(backend.node)}" if backend.node else ""
    zone = f" ({clean(backend.zone)})" if backend.zone else ""
    hostname = f"  hostname {clean(backend.hostname)}" if backend.hostname else ""
    return node + zone + hostname


def event_lines(event: Event, frame: Frame) -> list[Line]:
    """An event: when, how often, from whom, and all of its message."""
    source = event.reporting_component or (event.source.component if event.source else "")
    when = f"{words.age(event.last_seen, frame.now)} ago"
    often = (
        f"{frame.glyphs.times}{event.times} since {words.age(event.first_seen, frame.now)}"
        if event.times > 1
        else ""
    )
    where = f"{event.involved_object.kind}/{event.involved_object.name}"
    field = f" {event.involved_object.field_path}" if event.involved_object.field_path else ""
    return [
        line(
            Span(clean(event.reason), Role.WARNING if event.type == "Warning" else Role.STRONG),
            Span(f"  {when}  {often}", Role.MUTED),
            Span(f"  {clean(where)}{clean(field)}", Role.MUTED),
            Span(f"  from {clean(source)}" if source else "", Role.MUTED),
        ),
        *[line(f"  {clean(part)}") for part in event.message.strip().splitlines() or [""]],
    ]
