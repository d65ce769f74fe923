"""The few lines under the list that tell enough of the selected Service to decide whether to open it."""

from __future__ import annotations

from epview.core.view import Backend, BackendState, ServiceView
from epview.present import words
from epview.present.frame import Frame
from epview.present.glyphs import severity_span, state_span
from epview.present.service import path_flow, traffic_line
from epview.present.text import EMPTY, Line, Role, Span, clean, line, wrap
from epview.present.why import backend_why, gap_words


def preview(view: ServiceView, frame: Frame, width: int, *, backends: int = 2) -> list[Line]:
    """The path, the headline in full, the addresses with trouble, the first remedy."""
    out = path_flow(view, frame, width)
    if view.loading:
        return out
    if view.headline is not None:
        sign = severity_span(view.headline, frame.glyphs)
        head = line(Span(f"{sign.text} ", sign.role), Span(clean(view.headline.message), Role.STRONG))
        out += wrap(head, width, 2)
    if view.gaps:
        out.append(line(Span(f"{frame.glyphs.unknown} {gap_words(view)}", Role.UNKNOWN)))
    troubled = [backend for backend in view.backends if backend.state is not BackendState.READY]
    for backend in troubled[:backends]:
        out += wrap(backend_line(backend, frame), width, 4)
    if len(troubled) > backends:
        out.append(
            line(
                Span(f"  and {words.plural(len(troubled) - backends, 'more like this', 'more')}", Role.MUTED)
            )
        )
    if (traffic := traffic_line(view)) and not view.headline:
        out += wrap(traffic, width, 2)
    if view.headline is not None and view.headline.remedy:
        out.append(line(Span("  try  ", Role.MUTED), Span(clean(view.headline.remedy[0]), Role.ACCENT)))
    return out or [EMPTY]


def backend_line(backend: Backend, frame: Frame) -> Line:
    """``✗ 10.244.1.7 checkout-x2k on node-1, not ready 2m4s: readiness of api: … 503 ×14, last 4s ago``."""
    sign = state_span(backend.state, frame.glyphs)
    where = f" on {clean(backend.node)}" if backend.node else ""
    since = f" {words.age(backend.since, frame.now)}" if backend.since else ""
    cause = backend_why(backend, frame)
    return line(
        Span(f"  {sign.text} ", sign.role),
        Span(clean(backend.address or "no address"), Role.STRONG),
        Span(f"  {clean(backend.pod or 'no pod')}{where}, {backend.state.words}{since}", Role.MUTED),
        Span(f"  {cause.text}" if cause.text else "", cause.role),
    )
