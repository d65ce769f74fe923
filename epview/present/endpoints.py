"""The concepts of Kubernetes Endpoints, literally: subsets, addresses, ports, and the slices beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from epview.core.objects import (
    Endpoint,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    ObjectReference,
    WrittenMeta,
)
from epview.present import words
from epview.present.frame import Frame
from epview.present.text import EMPTY, Line, Role, Span, clean, line

LISTED = 200  # addresses written out of one list; a longer one is counted


def endpoints_lines(
    endpoints: Endpoints | None, slices: Sequence[EndpointSlice], frame: Frame, name: str
) -> list[Line]:
    """The Endpoints object and the EndpointSlices of one Service."""
    out: list[Line] = []
    out += [
        line(
            Span("Endpoints ", Role.TITLE),
            Span(clean(name), Role.STRONG),
            Span("  what people look at", Role.MUTED),
        )
    ]
    if endpoints is None:
        out.append(line(Span(f"  no Endpoints object named {clean(name)}", Role.WARNING)))
    else:
        out += _meta(endpoints.metadata, frame)
        out += _subsets(endpoints.subsets or (), frame)
    out.append(EMPTY)
    out += [line(Span("EndpointSlices", Role.TITLE), Span("  what kube-proxy reads", Role.MUTED))]
    if not slices:
        out.append(
            line(
                Span(
                    f"  no EndpointSlice has the label kubernetes.io/service-name={clean(name)}", Role.WARNING
                )
            )
        )
    for piece in slices:
        out += _slice(piece, frame)
    if any(None in _said(endpoint) for piece in slices for endpoint in (piece.endpoints or ())[:LISTED]):
        out += [EMPTY, line(Span("  * not written in the object; this is how it counts", Role.MUTED))]
    return out


def _said(endpoint: Endpoint) -> tuple[bool | None, bool | None, bool | None]:
    """The conditions as they are written."""
    return endpoint.conditions.ready, endpoint.conditions.serving, endpoint.conditions.terminating


def _meta(meta: WrittenMeta, frame: Frame) -> Iterator[Line]:
    if meta.creation_timestamp:
        yield _fact("age", words.age(meta.creation_timestamp, frame.now))
    for owner in meta.owner_references:
        yield _fact("ownerReferences", f"{owner.kind}/{owner.name}")
    if meta.labels:
        yield _fact("labels", words.labels(meta.labels))
    notes = meta.annotations
    if notes.over_capacity is not None:
        yield _fact(
            "annotation", f"endpoints.kubernetes.io/over-capacity={notes.over_capacity}", Role.WARNING
        )
    if notes.last_change_trigger_time is not None:
        yield _fact(
            "annotation", f"endpoints.kubernetes.io/last-change-trigger-time={notes.last_change_trigger_time}"
        )
    if notes.leader is not None:
        yield _fact("annotation", "control-plane.alpha.kubernetes.io/leader (leader election)")
    writers = dict.fromkeys(entry.manager for entry in meta.managed_fields if entry.manager)
    if writers:
        yield _fact("written by", ", ".join(writers))


def _fact(name: str, value: str, role: Role = Role.PLAIN) -> Line:
    return line(Span(f"  {name:<18}", Role.MUTED), Span(clean(value), role))


def _subsets(subsets: Sequence[EndpointSubset], frame: Frame) -> Iterator[Line]:
    if not subsets:
        yield _fact("subsets", "none: no pod was selected, or none has an address", Role.WARNING)
    for number, subset in enumerate(subsets, 1):
        count = len(subset.addresses or ()) + len(subset.not_ready_addresses or ())
        yield line(
            Span(f"  subset {number} of {len(subsets)}", Role.STRONG),
            Span(f"  {words.plural(count, 'address', 'addresses')}", Role.MUTED),
        )
        yield _ports(subset.ports)
        yield from _addresses("addresses", subset.addresses or (), frame, Role.OK)
        yield from _addresses("notReadyAddresses", subset.not_ready_addresses or (), frame, Role.ERROR)


def _ports(ports: Sequence[EndpointPort] | None) -> Line:
    if not ports:
        return line(
            Span("    ports              ", Role.MUTED),
            Span("none: nothing can be reached through it", Role.WARNING),
        )
    return line(Span("    ports              ", Role.MUTED), ", ".join(_port(port) for port in ports))


def _port(port: EndpointPort) -> str:
    number = "all" if port.port is None else str(port.port)
    name = f"{clean(port.name)} " if port.name else ""
    protocol = f" ({clean(port.app_protocol)})" if port.app_protocol else ""
    return f"{name}{number}/{port.protocol or 'TCP'}{protocol}"


def _addresses(what: str, addresses: Sequence[EndpointAddress], frame: Frame, role: Role) -> Iterator[Line]:
    sign = frame.glyphs.ok if role is Role.OK else frame.glyphs.error
    yield line(
        Span(f"    {what:<19}", Role.MUTED), Span(f"{len(addresses)}", role if addresses else Role.MUTED)
    )
    for address in addresses[:LISTED]:
        yield line(
            Span(f"      {sign} ", role),
            Span(f"{clean(address.ip):<16}", Role.STRONG),
            *_details(address.hostname, address.node_name, address.target_ref),
        )
    if len(addresses) > LISTED:
        yield line(Span(f"      and {len(addresses) - LISTED:,} more", Role.MUTED))


def _details(hostname: str | None, node: str | None, target: ObjectReference | None) -> Iterator[Span]:
    if target is not None:
        yield from (Span("  targetRef ", Role.MUTED), Span(f"{clean(target.kind)}/{clean(target.name)}"))
    else:
        yield Span("  no targetRef: written by hand or by another controller", Role.MUTED)
    if node:
        yield from (Span("  nodeName ", Role.MUTED), Span(clean(node)))
    if hostname:
        yield from (Span("  hostname ", Role.MUTED), Span(clean(hostname)))


def _slice(piece: EndpointSlice, frame: Frame) -> Iterator[Line]:
    yield line(
        Span(f"  {clean(piece.metadata.name)}", Role.STRONG),
        Span(f"  {clean(piece.address_type)}", Role.MUTED),
        Span("  managed by ", Role.MUTED),
        Span(clean(piece.managed_by) or "nobody (no managed-by label)"),
    )
    yield _ports(piece.ports)
    endpoints = piece.endpoints or ()
    yield line(Span(f"    {'endpoints':<19}", Role.MUTED), Span(str(len(endpoints))))
    for endpoint in endpoints[:LISTED]:
        yield _endpoint(endpoint, frame)
    if len(endpoints) > LISTED:
        yield line(Span(f"      and {len(endpoints) - LISTED:,} more", Role.MUTED))


def _endpoint(endpoint: Endpoint, frame: Frame) -> Line:
    glyphs = frame.glyphs
    if endpoint.terminating:
        sign = Span(glyphs.serving, Role.WARNING)
    else:
        sign = Span(glyphs.ok, Role.OK) if endpoint.ready else Span(glyphs.error, Role.ERROR)
    zone = (Span("  zone ", Role.MUTED), Span(clean(endpoint.zone))) if endpoint.zone else ()
    hints = _hints(endpoint)
    return line(
        Span(f"      {sign.text} ", sign.role),
        Span(f"{clean(', '.join(endpoint.addresses or ())):<16}", Role.STRONG),
        Span(f"  {_conditions(endpoint)}", sign.role),
        *_details(endpoint.hostname, endpoint.node_name, endpoint.target_ref),
        *zone,
        *((Span("  hints ", Role.MUTED), Span(clean(", ".join(hints)))) if hints else ()),
    )


def _conditions(endpoint: Endpoint) -> str:
    """All three conditions as they count; a null reads as its meaning, and says so."""
    names = ("ready", "serving", "terminating")
    parts = zip(names, (endpoint.ready, endpoint.serving, endpoint.terminating), _said(endpoint), strict=True)
    return " ".join(
        f"{name}={str(value).lower()}{'' if raw is not None else '*'}" for name, value, raw in parts
    )


def _hints(endpoint: Endpoint) -> list[str]:
    hints = endpoint.hints
    zones: Iterable[str] = (zone.name for zone in (hints.for_zones or ())) if hints else ()
    nodes: Iterable[str] = (node.name for node in (hints.for_nodes or ())) if hints else ()
    return [*zones, *nodes]
