"""One Service in lines: its title, and the way of a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from epview.core.view import BackedBy, BackendState, Health, Hop, HopState, ServiceView
from epview.present import words
from epview.present.columns import badge, health_words, service_type
from epview.present.findings import WAITING
from epview.present.frame import Frame
from epview.present.glyphs import health_role, health_span, hop_span
from epview.present.text import EMPTY, Line, Role, Span, cell_width, clean, joined, line, wrap

TITLE_DROP: Final = (2, 1)
GAP: Final = Span("   ")
_BACK: Final = line(
    Span("Esc", Role.KEY), Span(" goes back. Should it be created again, it is shown here.", Role.MUTED)
)
GONE: Final = (
    line(Span("It was deleted, or renamed. Its DNS name no longer resolves; its address does not answer.")),
    EMPTY,
    _BACK,
)
NAMESPACE_GONE: Final = (
    line(Span("The whole namespace was deleted, and everything in it.")),
    EMPTY,
    _BACK,
)


def title(view: ServiceView, frame: Frame) -> tuple[list[Line], list[Line]]:
    """``✗ shop/checkout   ClusterIP 10.96.12.7   backed by …``; for the right end the verdict.

    Where room is short, `TITLE_DROP` goes.
    """
    sign = health_span(Health.UNKNOWN if view.loading else view.health, frame.glyphs)
    name = line(
        Span(f"{sign.text} ", sign.role),
        Span(f"{view.namespace}/", Role.MUTED),
        Span(view.name, Role.TITLE),
        Span(f" {badge(view)}" if badge(view) else "", Role.INFO),
    )
    kind = line(Span(service_type(view)), Span(f" {_where(view)}".rstrip(), Role.STRONG))
    backed = line(Span("backed by ", Role.MUTED), Span(backed_words(view)))
    verdict = line(Span(ready_words(view), health_role(view.health)))
    return [name, kind, backed], [verdict] if verdict else []


def _where(view: ServiceView) -> str:
    if view.backed_by is BackedBy.EXTERNAL:
        return clean(view.external_name)
    return ", ".join(view.cluster_ips)


def backed_words(view: ServiceView) -> str:
    """Who provides the addresses, with the selector where there is one."""
    match view.backed_by:
        case BackedBy.SELECTOR:
            return f"selector {clean(words.labels(view.selector))}"
        case BackedBy.MANUAL:
            return "addresses written by hand, no selector"
        case BackedBy.CONTROLLER:
            return f"slices kept by {clean(view.kept_by) or 'a controller'}, no selector"
        case BackedBy.EXTERNAL:
            return "a DNS alias: no Endpoints, no proxying"
        case _:
            return "nothing: no selector and no addresses"


def ready_words(view: ServiceView) -> str:
    """``2 of 3 ready``, ``no address`` …, as a verdict beside the name."""
    if view.loading:
        return health_words(view)
    if view.backed_by is BackedBy.EXTERNAL:
        return ""
    total = view.ready + view.not_ready or view.terminating
    if not total:
        return "no address"
    words_ = f"{view.ready} of {total} ready" if view.ready else f"none of {total} ready"
    return words_ + (f", {view.terminating} terminating" if view.terminating else "")


def outside_line(view: ServiceView) -> Line:
    """How it is reached from outside the cluster; empty where it is not."""
    parts: list[Line] = []
    node_ports = [f"{port.name or port.port} {port.node_port}" for port in view.ports if port.node_port]
    if node_ports:
        parts.append(line(Span("node ports ", Role.MUTED), clean(", ".join(node_ports))))
    if view.external_ips:
        parts.append(line(Span("external IPs ", Role.MUTED), clean(", ".join(view.external_ips))))
    if view.load_balancer:
        parts.append(line(Span("load balancer ", Role.MUTED), clean(", ".join(view.load_balancer))))
    return joined(parts, GAP)


# -- the path ---------------------------------------------------------------------------------


def first_broken(path: Iterable[Hop]) -> int | None:
    """Index of the first hop that does not carry, where the eye should land."""
    return next((at for at, hop in enumerate(path) if hop.state is HopState.BROKEN), None)


def path_parts(view: ServiceView, frame: Frame) -> list[Line]:
    """Each hop as one Line: sign, what, text. The first broken one stands out, later ones fade."""
    if view.loading:
        return [WAITING]
    broken = first_broken(view.path)
    parts: list[Line] = []
    for at, hop in enumerate(view.path):
        sign = hop_span(hop.state, frame.glyphs)
        if at == broken:
            parts.append(line(Span(f" {sign.text} {clean(hop.what)} {clean(hop.text)} ", Role.BROKEN)))
        elif broken is not None and at > broken:
            parts.append(line(Span(f"{sign.text} {clean(hop.what)} {clean(hop.text)}", Role.MUTED)))
        else:
            parts.append(
                line(
                    Span(f"{sign.text} ", sign.role), Span(f"{clean(hop.what)} ", Role.MUTED), clean(hop.text)
                )
            )
    return parts


def path_flow(view: ServiceView, frame: Frame, width: int) -> list[Line]:
    """The path on few lines, never broken inside a hop unless one alone is too wide."""
    return flow(path_parts(view, frame), Span(f" {frame.glyphs.arrow} ", Role.MUTED), width)


def path_lines(view: ServiceView, frame: Frame, width: int) -> list[Line]:
    """The path one hop a line, with what clients meet at the broken one."""
    if view.loading:
        return [WAITING]
    broken = first_broken(view.path)
    room = max((cell_width(hop.what) for hop in view.path), default=0)
    out: list[Line] = []
    for at, hop in enumerate(view.path):
        sign = hop_span(hop.state, frame.glyphs)
        what = f"{clean(hop.what)}{' ' * (room - cell_width(hop.what))}"
        after = broken is not None and at > broken
        if at == broken:
            spans = line(Span(f"{sign.text} {what}  {clean(hop.text)} ", Role.BROKEN))
        else:
            text = Span(clean(hop.text), Role.MUTED if after else Role.PLAIN)
            sign = Span(f"{sign.text} ", Role.MUTED if after else sign.role)
            spans = line(sign, Span(f"{what}  ", Role.MUTED), text)
        out += wrap(spans, width, room + 4)
        if at == broken and (note := traffic_line(view)):
            out += wrap(line(Span(" " * (room + 4)), *note), width, room + 4)
    if broken is None and (note := traffic_line(view)):
        out += wrap(line(Span(" " * (room + 4)), *note), width, room + 4)
    return out


def flow(parts: Sequence[Line], separator: Span, width: int) -> list[Line]:
    """Parts one after the other, a new line where the next would not fit."""
    lines: list[list[Span]] = []
    used = 0
    for part in parts:
        size = sum(cell_width(span.text) for span in part)
        if lines and used + cell_width(separator.text) + size <= width:
            lines[-1] += [separator, *part]
            used += cell_width(separator.text) + size
        elif lines:
            lines.append([Span(separator.text.lstrip(), separator.role), *part])
            used = size + cell_width(separator.text.lstrip())
        else:
            lines.append(list(part))
            used = size
    return [tuple(each) for each in lines]


def traffic_line(view: ServiceView) -> Line:
    """What happens to a connection while no address is ready; empty where one is."""
    if view.loading or view.ready or view.backed_by is BackedBy.EXTERNAL or "endpointslices" in view.gaps:
        return EMPTY
    if view.headless:
        return line(Span("DNS answers NXDOMAIN until an address is ready", Role.WARNING))
    serving = sum(1 for backend in view.backends if backend.state is BackendState.SERVING)
    if serving:
        them = words.plural(serving, "terminating address", "terminating addresses")
        return line(Span(f"kube-proxy falls back to {them} still serving", Role.WARNING))
    if not view.cluster_ips:
        return EMPTY
    return line(
        Span(
            "kube-proxy answers “connection refused” until an address is ready",
            Role.WARNING,
        )
    )
