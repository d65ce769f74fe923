"""Every column of every table as one value; a table is a tuple of columns.

A column knows how to write its cell, how to sort by it, how wide it wants to be and how soon it may
go when room is short. Adding a column is adding an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from epview.core.objects import Event
from epview.core.view import BackedBy, Backend, BackendState, Health, NamespaceView, ServiceView
from epview.present import words
from epview.present.frame import Frame
from epview.present.glyphs import health_role, health_span, state_role, state_span
from epview.present.text import Role, Span, clean
from epview.present.why import backend_why, why, why_within

R = TypeVar("R")
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a table of ``R``.

    ``width`` is what it needs at least, ``most`` what it may take. ``drop`` says in which order
    columns go when room is short: the highest first, 0 never. ``wide`` columns show only where room
    is left over. ``flex`` takes what the others leave. ``key`` is the Shift+letter that sorts by it.
    ``short``: how a text too long is cut (``cut`` leaves no ellipsis). ``brief`` says the same in as many
    cells as there are, for columns that can do better than being cut. ``gone`` is what of it must be seen
    where it had to go: it stands before the flexible column's text.
    """

    id: str
    title: str
    cell: Callable[[R, Frame], Span]
    sort: Callable[[R], Any] | None = None
    width: int = 4
    most: int = 60
    soft: int = 0  # cut down to this before any column goes
    drop: int = 0
    wide: bool = False
    flex: bool = False
    comfort: int = 48  # cells that a flexible column should have before others go
    right: bool = False
    short: Literal["end", "middle", "cut"] = "end"
    brief: Callable[[R, Frame, int], str] | None = None
    gone: Callable[[R, Frame], str] | None = None
    key: str = ""
    descending: bool = False  # the first press of the key shows the largest first


def visible(
    columns: Sequence[Column[R]], width: int, wanted: Mapping[str, int], gap: int = 2
) -> list[tuple[Column[R], int]]:
    """Which columns fit into ``width`` cells, and how wide each is.

    ``wanted`` tells the widest text of each column so far. Wide columns come in where all fits uncut.
    Where room is short, in this order: words beside signs go, columns go (highest ``drop`` first), the
    flexible column and then the names are cut, columns with ``drop`` 1 go. What is left over belongs to
    the flexible column.
    """
    widths = {column.id: _full(column, wanted) for column in columns}
    shown = [column for column in columns if not column.wide]

    def over() -> int:
        return sum(widths[column.id] for column in shown) + gap * max(0, len(shown) - 1) - width

    for column in columns:  # the wide ones, as long as they fit beside the uncut rest
        if column.wide and over() + widths[column.id] + gap <= 0:
            shown = [each for each in columns if each in shown or each is column]
    for column in shown:
        if column.flex:
            widths[column.id] = min(widths[column.id], max(column.width, column.comfort))
    for column in (each for each in reversed(shown) if each.soft):
        widths[column.id] = min(widths[column.id], max(column.soft, widths[column.id] - max(0, over())))
    for column in (each for each in shown if each.short == "cut"):
        if over() > 0:
            widths[column.id] = column.width
    for column in sorted((each for each in shown if each.drop > 1), key=lambda each: -each.drop):
        if over() > 0:
            shown.remove(column)
    for column in sorted(shown, key=lambda each: not each.flex):
        widths[column.id] = max(column.width, widths[column.id] - max(0, over()))
    if over() > 0:
        shown = [column for column in shown if column.drop != 1]
    for column in (each for each in shown if each.flex):  # better a stub of a sentence than none
        widths[column.id] = max(_STUB, widths[column.id] - max(0, over()))
    for column in shown:
        if column.flex:
            widths[column.id] += max(0, -over())
    return [(column, widths[column.id]) for column in shown]


_STUB: Final = 10


def _full(column: Column[R], wanted: Mapping[str, int]) -> int:
    """As wide as its widest text, within what the column allows."""
    return max(column.width, min(column.most, max(wanted.get(column.id, 0), len(column.title))))


# -- Services ---------------------------------------------------------------------------------

_HEALTH_WORDS: Final = {
    Health.ERROR: "error",
    Health.WARNING: "warning",
    Health.UNKNOWN: "unknown",
    Health.INFO: "info",
    Health.OK: "ok",
}


def health_words(view: ServiceView) -> str:
    return "loading" if view.loading else _HEALTH_WORDS[view.health]


def _status(view: ServiceView, frame: Frame) -> Span:
    sign = health_span(Health.UNKNOWN if view.loading else view.health, frame.glyphs)
    return Span(f"{sign.text} {health_words(view)}", sign.role)


def _service(view: ServiceView, frame: Frame) -> Span:
    if view.key in frame.pins:
        return Span(f"{frame.glyphs.pin} {view.name}", Role.ACCENT)
    return Span(view.name, Role.STRONG if view.health is Health.ERROR else Role.PLAIN)


def service_type(view: ServiceView) -> str:
    """The type as kubectl prints it, except that a headless Service says so."""
    return "Headless" if view.headless and view.type == "ClusterIP" else view.type


_MANY: Final = 100
"""From so many addresses on their share says more than two long numbers, and fits."""


def _ready(view: ServiceView, frame: Frame) -> Span:
    if view.backed_by is BackedBy.EXTERNAL:
        return Span(frame.glyphs.dash, Role.MUTED)
    total = view.ready + view.not_ready or view.terminating  # what goes counts only where nothing stays
    if not total and view.loading:
        return Span(frame.glyphs.dash, Role.MUTED)
    if not total and view.backed_by is BackedBy.NOTHING:
        return Span(frame.glyphs.dash, health_role(view.health))
    role = Role.OK if view.ready and view.ready == total else Role.WARNING if view.ready else Role.ERROR
    count = f"{view.ready}/{total}" if total < _MANY else f"{100 * view.ready // total}%"
    bars = frame.trends.bars(view.key, frame.now, frame.glyphs.bars)
    return Span(count + (f" {bars}" if bars else ""), Role.MUTED if view.loading else role)


def _ready_share(view: ServiceView) -> tuple[float, int]:
    total = view.ready + view.not_ready + view.terminating
    return (view.ready / total if total else -1.0, total)


def badge(view: ServiceView) -> str:
    """``manual`` where people keep the addresses, ``controller`` where another controller does.

    Nothing probes those addresses, so it is to be seen whatever else is wrong.
    """
    kept = view.backed_by in (BackedBy.MANUAL, BackedBy.CONTROLLER)
    return view.backed_by.value if kept else ""


def _badge_before(view: ServiceView, frame: Frame) -> str:
    """``manual: `` before the reason, unless the reason says it."""
    said = why(view, frame).text
    told = any(words_ in said for words_ in ("manual", "kept by"))
    return f"{badge(view)}: " if badge(view) and not told else ""


def cluster_ip(view: ServiceView) -> str:
    """The CLUSTER-IP column of kubectl: ``None`` for headless, ``<none>`` where there is none."""
    return ",".join(view.cluster_ips) or ("None" if view.headless else "<none>")


def _muted(text: str) -> Span:
    return Span(text, Role.MUTED)


SERVICES: Final[tuple[Column[ServiceView], ...]] = (
    Column("namespace", "NAMESPACE", lambda v, _: _muted(v.namespace), lambda v: v.namespace, 9, 24, drop=1,
           short="middle", key="P"),
    Column("status", "STATUS", _status, lambda v: (v.health.rank, v.loading), 1, 9, short="cut", key="S"),
    Column("service", "SERVICE", _service, lambda v: v.name, 14, 40, short="middle", key="N"),
    Column("type", "TYPE", lambda v, _: Span(service_type(v)), service_type, 9, 12, drop=9, key="T"),
    Column("ready", "READY", _ready, _ready_share, 5, 14, short="cut", key="R"),
    Column("backedby", "BACKED BY", lambda v, _: Span(v.backed_by.value), lambda v: v.backed_by.value,
           9, 10, drop=8, key="B", gone=_badge_before),
    Column("clusterip", "CLUSTER-IP", lambda v, _: _muted(cluster_ip(v)), cluster_ip, 10, 32, wide=True,
           key="I"),
    Column("ports", "PORTS", lambda v, f: Span(words.ports_words(v.ports, f.glyphs) or f.glyphs.dash),
           lambda v: [port.port for port in v.ports], 8, 34, soft=14, drop=7, key="O",
           brief=lambda v, f, width: words.ports_within(v.ports, width, f.glyphs)),
    Column("age", "AGE", lambda v, f: _muted(words.age(v.created, f.now)),
           lambda v: v.created or _EPOCH, 4, 8, wide=True, right=True, key="A", descending=True),
    Column("why", "WHY", why, None, 24, 400, flex=True, brief=why_within),
)  # fmt: skip


# -- backends ---------------------------------------------------------------------------------


def _address(backend: Backend, frame: Frame) -> Span:
    return Span(backend.address or frame.glyphs.dash, Role.STRONG if backend.address else Role.MUTED)


def _pod(backend: Backend, _: Frame) -> Span:
    return Span(backend.pod) if backend.pod else Span("no pod (address by hand)", Role.MUTED)


_STATE_SHORT: Final = {
    BackendState.READY: "ready",
    BackendState.NOT_READY: "not ready",
    BackendState.SERVING: "terminating",
    BackendState.TERMINATING: "terminating",
    BackendState.PENDING: "no address",
    BackendState.FINISHED: "finished",
}


def _state(backend: Backend, _: Frame) -> Span:
    return Span(_STATE_SHORT[backend.state], state_role(backend.state))


def _restarts(backend: Backend, frame: Frame) -> Span:
    if backend.restarts is None:
        return Span(frame.glyphs.dash, Role.MUTED)
    return Span(str(backend.restarts), Role.WARNING if backend.restarts else Role.MUTED)


_STATE_ORDER: Final = (
    BackendState.NOT_READY,
    BackendState.PENDING,
    BackendState.SERVING,
    BackendState.TERMINATING,
    BackendState.READY,
    BackendState.FINISHED,
)


def backend_rank(backend: Backend) -> int:
    """The ones with trouble first."""
    return _STATE_ORDER.index(backend.state)


def address_order(address: str) -> tuple[int, ...] | tuple[()]:
    """Sorts 10.244.2.9 before 10.244.10.1; IPv6 after IPv4, by its groups."""
    if ":" in address:
        return (999, *(int(group, 16) if _is_hex(group) else 0 for group in address.split(":")))
    return tuple(int(part) if part.isdecimal() else 0 for part in address.split(".")) if address else ()


def _is_hex(text: str) -> bool:
    return bool(text) and all(char in "0123456789abcdefABCDEF" for char in text)


BACKENDS: Final[tuple[Column[Backend], ...]] = (
    Column("sign", "", lambda b, f: state_span(b.state, f.glyphs), None, 1, 1, short="cut"),
    Column("address", "ADDRESS", _address, lambda b: address_order(b.address), 13, 40,
           short="middle", key="I"),
    Column("ports", "PORTS", lambda b, _: Span(words.backend_ports(b.ports)), None, 6, 40, soft=12, drop=5,
           brief=lambda b, _, width: words.backend_ports_within(b.ports, width)),
    Column("pod", "POD", _pod, lambda b: b.pod or "", 14, 44, short="middle", key="N"),
    Column("node", "NODE", lambda b, f: Span(b.node or f.glyphs.dash), lambda b: b.node, 8, 24, drop=8,
           short="middle", key="O"),
    Column("zone", "ZONE", lambda b, f: _muted(b.zone or f.glyphs.dash), lambda b: b.zone, 6, 16, wide=True),
    Column("state", "STATE", _state, backend_rank, 11, 11, key="S"),
    Column("since", "SINCE", lambda b, f: _muted(words.age(b.since, f.now) if b.since else f.glyphs.dash),
           lambda b: b.since or _EPOCH, 5, 7, drop=6, right=True, key="A", descending=True),
    Column("restarts", "RESTARTS", _restarts, lambda b: b.restarts or 0, 2, 8, soft=2, drop=7, right=True,
           key="R", short="cut", descending=True),
    Column("listed", "LISTED IN", lambda b, f: _muted(", ".join(b.listed_in) or f.glyphs.dash), None, 9, 60,
           wide=True),
    Column("probe", "PROBE", backend_why, None, 18, 400, flex=True, comfort=32),
)  # fmt: skip


# -- events, namespaces, contexts -------------------------------------------------------------


def _event_object(event: Event) -> str:
    return f"{event.involved_object.kind.lower()}/{event.involved_object.name}"


def _event_message(event: Event, frame: Frame) -> Span:
    times = f" ({frame.glyphs.times}{event.times})" if event.times > 1 else ""
    return Span(clean(event.message.strip()) + times)


EVENTS: Final[tuple[Column[Event], ...]] = (
    Column("seen", "LAST SEEN", lambda e, f: _muted(words.age(e.last_seen, f.now)),
           lambda e: e.last_seen or _EPOCH, 5, 9, right=True, key="A", descending=True),
    Column("type", "TYPE", lambda e, _: Span(e.type, Role.WARNING if e.type == "Warning" else Role.MUTED),
           lambda e: e.type, 6, 7, drop=4, key="T", descending=True),
    Column("reason", "REASON", lambda e, _: Span(e.reason), lambda e: e.reason, 8, 24, key="S"),
    Column("object", "OBJECT", lambda e, _: Span(_event_object(e)), _event_object, 12, 48, drop=3,
           short="middle", key="N"),
    Column("message", "MESSAGE", _event_message, None, 20, 1000, flex=True),
)  # fmt: skip


def _count(health: Health) -> Callable[[NamespaceView, Frame], Span]:
    def cell(view: NamespaceView, frame: Frame) -> Span:
        if view.counts is None:
            return Span(frame.glyphs.dash, Role.MUTED)
        number = sum(view.counts.get(each, 0) for each in _COUNTED[health])
        return Span(
            f"{health_span(health, frame.glyphs).text} {number}",
            health_role(health) if number else Role.MUTED,
        )

    return cell


_COUNTED: Final = {
    Health.ERROR: (Health.ERROR,),
    Health.WARNING: (Health.WARNING,),
    Health.OK: (Health.OK, Health.INFO),
    Health.UNKNOWN: (Health.UNKNOWN,),
}


def count_of(view: NamespaceView, health: Health) -> int:
    return sum((view.counts or {}).get(each, 0) for each in _COUNTED[health])


NAMESPACES: Final[tuple[Column[NamespaceView], ...]] = (
    Column("name", "NAME", lambda n, _: Span(n.name), lambda n: n.name, 12, 48, flex=True, short="middle"),
    Column("error", "ERROR", _count(Health.ERROR), lambda n: -count_of(n, Health.ERROR), 5, 7),
    Column("warning", "WARN", _count(Health.WARNING), lambda n: -count_of(n, Health.WARNING), 5, 7),
    Column("ok", "OK", _count(Health.OK), lambda n: -count_of(n, Health.OK), 5, 7),
    Column("phase", "STATUS", lambda n, _: _muted(n.phase), lambda n: n.phase, 6, 12, drop=2),
)  # fmt: skip
