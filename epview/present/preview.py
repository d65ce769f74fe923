"""Under the list, as much of the selected Service as there is room for: first what decides, then the rest."""

from __future__ import annotations

from itertools import chain

from epview.core.view import Backend, ServiceView
from epview.present import words
from epview.present.columns import backend_rank
from epview.present.findings import fact_lines, head_lines, in_order
from epview.present.frame import Frame
from epview.present.glyphs import severity_span, state_span
from epview.present.service import path_flow, traffic_line
from epview.present.text import EMPTY, Line, Role, Span, cell_width, clean, line, shorten, text_of, wrap
from epview.present.times import message
from epview.present.why import backend_why, gap_words

_NARROW = 100
ROOMY = 12  # from so many lines on the blocks stand apart and the findings come whole


def preview(view: ServiceView, frame: Frame, width: int, height: int = 8, copied_by: str = "") -> list[Line]:
    """The path, the headline in full, the addresses with trouble first, the first remedy.

    With room for it what clients meet, every address, and the other findings with their evidence.
    ``copied_by`` is the key that copies the remedy.
    """
    path = path_flow(view, frame, width)
    if view.loading:
        return path
    roomy = height >= ROOMY
    met = [] if path_is_fine(view) else wrap(traffic_line(view), width, 2)
    cause = [*_headline(view, frame, width), *_gaps(view, frame)]
    try_ = _remedies(view, 3 if roomy else 1, width, copied_by)
    blocks = [path, [*cause, *try_]] if roomy else [path, cause]
    room = height - sum(map(len, (path, cause, try_)))
    if met and room > len(met):
        blocks[0] = [*path, *met]
        room -= len(met)
    blocks.append(backend_lines(view, frame, width, max(0, room - 3 if roomy else room), whole=roomy))
    blocks += _rest(view, frame, width) if roomy else [try_]
    gap = [EMPTY] if roomy else []
    return list(chain.from_iterable([*block, *gap] for block in blocks if block))[: max(height, 1)] or [EMPTY]


def path_is_fine(view: ServiceView) -> bool:
    """Nothing is to be said of what clients meet."""
    return not traffic_line(view)


def _headline(view: ServiceView, frame: Frame, width: int) -> list[Line]:
    if view.headline is None:
        return []
    sign = severity_span(view.headline, frame.glyphs)
    said = line(Span(f"{sign.text} ", sign.role), Span(message(view.headline, frame), Role.STRONG))
    return wrap(said, width, 2)


def _gaps(view: ServiceView, frame: Frame) -> list[Line]:
    return [line(Span(f"{frame.glyphs.unknown} {gap_words(view)}", Role.UNKNOWN))] if view.gaps else []


def _remedies(view: ServiceView, count: int, width: int, key: str) -> list[Line]:
    commands = view.headline.remedy[:count] if view.headline is not None else ()
    out = [line(Span("  try  ", Role.MUTED), Span(clean(command), Role.ACCENT)) for command in commands]
    if out and key:
        told = line(*out[0], Span(f"   {key}", Role.KEY), Span(" copies it", Role.MUTED))
        out[0] = told if cell_width(text_of(told)) <= width else out[0]
    return out


def _rest(view: ServiceView, frame: Frame, width: int) -> list[list[Line]]:
    """What the headline rests on, then the other findings, consequences in a line each."""
    others = [(each, cause) for each, cause in in_order(view.findings) if each is not view.headline]
    head = view.headline
    told = {fact for finding, _ in others if not finding.folded for fact in finding.evidence}
    new = head is not None and not set(head.evidence) <= told
    facts = list(fact_lines(head, frame, width)) if head is not None and new else []
    out = [facts] if facts else []
    for each, cause in others:
        lines = head_lines(each, frame, width, cause)
        if each.folded and out:
            out[-1] += lines
        else:
            out.append([*lines, *fact_lines(each, frame, width)])
    return out


def backend_lines(view: ServiceView, frame: Frame, width: int, room: int, *, whole: bool) -> list[Line]:
    """The addresses in columns, trouble first; those beyond the room are counted.

    Where room is scarce only those with trouble. ``whole``: the cause may take another line.
    """
    every = sorted(view.backends, key=lambda each: (backend_rank(each), each.pod or "", each.address))
    if room < len(every):
        every = [each for each in every if each.failing_probe or each.reason] or every
    shown = every if len(every) <= room else every[: max(0, room - 1)]
    cells = [_cells(backend, frame) for backend in shown]
    widths = [max(cell_width(row[at].text) for row in cells) for at in range(4)] if cells else []
    out: list[Line] = []
    for row in cells:
        padded = [_pad(span, size) for span, size in zip(row, widths, strict=False)]
        if not whole and width < _NARROW:
            del padded[2]  # the node
        spans = line(Span("  "), *padded, row[4])
        out += wrap(spans, width, 6) if whole else [_cut(spans, width, frame)]
    if room and len(view.backends) > len(shown):
        out.append(
            line(Span(f"  and {words.plural(len(view.backends) - len(shown), 'more', 'more')}", Role.MUTED))
        )
    return out


def _pad(span: Span, size: int) -> Span:
    return Span(span.text + " " * (size - cell_width(span.text) + (2 if size else 0)), span.role)


def _cut(spans: Line, width: int, frame: Frame) -> Line:
    """One line of it; the cause in full is a key away."""
    *lead, last = spans
    room = max(0, width - sum(cell_width(span.text) for span in lead))
    return line(*lead, Span(shorten(last.text, room, frame.glyphs.ellipsis), last.role))


def _cells(backend: Backend, frame: Frame) -> tuple[Span, Span, Span, Span, Span]:
    """``✗ 10.244.1.7``, pod, node, ``not ready 2m4s``, cause."""
    sign = state_span(backend.state, frame.glyphs)
    since = f" {words.age(backend.since, frame.now)}" if backend.since else ""
    cause = backend_why(backend, frame)
    return (
        Span(f"{sign.text} {clean(backend.address or 'no address')}", sign.role),
        Span(clean(backend.pod or "no pod"), Role.PLAIN if backend.pod else Role.MUTED),
        Span(clean(backend.node), Role.MUTED),
        Span(f"{backend.state.words}{since}", sign.role),
        Span(cause.text, cause.role),
    )
