"""The one line that says why, of a Service and of an address."""

from __future__ import annotations

import re
from typing import Final

from epview.core.view import (
    BackedBy,
    Backend,
    BackendState,
    FailingProbe,
    Finding,
    Health,
    ServiceView,
    Severity,
)
from epview.present import words
from epview.present.frame import Frame
from epview.present.text import Role, Span, cell_width, clean, shorten, shorten_middle
from epview.present.times import message

_LEAVING: Final = {
    BackendState.SERVING: "still serving until it goes",
    BackendState.TERMINATING: "no longer serving",
}
# the sign and the counts carry the colour; a screen full of red sentences is read by nobody
_ROLES: Final = {Severity.ERROR: Role.PLAIN, Severity.WARNING: Role.PLAIN, Severity.INFO: Role.MUTED}
_COUNTED: Final = re.compile(r"^\d+ of \d+ not ready: ")  # READY says it already
_SHARE: Final = re.compile(r"\b(\d+) of \d+: ")  # of several causes; the whole is in READY, too
_CLOCK: Final = re.compile(r",? \w+ since \d\d:\d\d:\d\d UTC,?")
_ASIDE: Final = re.compile(r" \([^()]*\)$")
_NAME: Final = 15  # cells that a generated name is cut to


def why(view: ServiceView, frame: Frame) -> Span:
    """The cause in one sentence; of a healthy Service what stands behind it."""
    if view.loading:
        return Span("waiting for the lists it depends on", Role.MUTED)
    blind = f" ({gap_words(view)})" if view.gaps else ""
    if view.headline is not None:
        return Span(_cause(view.headline, frame) + blind, _ROLES[view.headline.severity])
    if view.gaps:
        return Span(gap_words(view), Role.UNKNOWN)
    if view.planned:
        return Span("nothing wrong in the manifests; readiness shows in a cluster", Role.MUTED)
    return Span(_healthy(view, frame), Role.MUTED)


def _cause(headline: Finding, frame: Frame) -> str:
    return _SHARE.sub(rf"\1{frame.glyphs.times} ", _COUNTED.sub("", message(headline, frame)))


def why_within(view: ServiceView, frame: Frame, width: int) -> str:
    """The same in so many cells. What is least needed goes first; the time left stays.

    So does the blind spot of a row that could be taken for well.
    """
    whole = why(view, frame).text
    if view.loading or view.headline is None:
        return shorten(whole, width, frame.glyphs.ellipsis)
    said = _cause(view.headline, frame)
    last = whole.removeprefix(said)
    if view.health in (Health.ERROR, Health.WARNING) and cell_width(whole) > width:
        last = ""  # it is not taken for well anyway, and the header names what cannot be seen
    if view.headline.until is not None and (left := _ASIDE.search(said)):
        said, last = said.removesuffix(left.group()), left.group() + last
    room = max(0, width - cell_width(last))
    for brief in (_without_times, _with_short_names, _without_aside):
        if cell_width(said) > room:
            said = brief(said, view, frame)
    return shorten(said, room, frame.glyphs.ellipsis) + last


def _without_times(said: str, view: ServiceView, frame: Frame) -> str:  # noqa: ARG001 - one signature for all
    return _CLOCK.sub("", said)


def _with_short_names(said: str, view: ServiceView, frame: Frame) -> str:
    for pod in {clean(backend.pod) for backend in view.backends if backend.pod}:
        said = _renamed(said, pod, shorten_middle(pod, _NAME, frame.glyphs.ellipsis))
    return said


def _renamed(said: str, name: str, short: str) -> str:
    """With ``short`` wherever the whole name stands, whatever signs are in either."""
    return re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", lambda _: short, said)


def _without_aside(said: str, view: ServiceView, frame: Frame) -> str:  # noqa: ARG001
    return _ASIDE.sub("", said)


def gap_words(view: ServiceView) -> str:
    """What epview could not see of it: ``cannot see events``."""
    return "cannot see " + " and ".join(view.gaps)


def _healthy(view: ServiceView, frame: Frame) -> str:
    if view.backed_by is BackedBy.EXTERNAL:
        return f"DNS alias of {clean(view.external_name)}"
    if view.backed_by is BackedBy.MANUAL:
        addresses = [_with_port(backend) for backend in view.backends]
        return f"manual Endpoints {frame.glyphs.arrow} {words.and_more(addresses, 2)}" if addresses else ""
    if view.backed_by is BackedBy.CONTROLLER:
        return f"kept by {clean(view.kept_by)}" if view.kept_by else "kept by a controller"
    return "" if view.health is Health.OK else view.health.value


def _with_port(backend: Backend) -> str:
    address = f"[{backend.address}]" if ":" in backend.address else backend.address
    return f"{address}:{backend.ports[0].port}" if backend.ports else backend.address


def backend_why(backend: Backend, frame: Frame) -> Span:
    """Why an address is not ready: its failing probe, else the reason, else nothing."""
    if backend.failing_probe is not None:
        return Span(probe_words(backend.failing_probe, frame))
    if backend.reason:
        return Span(clean(backend.reason))
    return Span(_LEAVING.get(backend.state, ""), Role.MUTED)


def probe_words(probe: FailingProbe, frame: Frame) -> str:
    """``readiness of api: HTTP probe failed with statuscode: 503 ×14, last 4s ago``."""
    said = clean(probe.message) or "failing (no event seen)"
    return f"{probe.kind} of {clean(probe.container)}: {said}{probe_counts(probe, frame)}"


def probe_counts(probe: FailingProbe, frame: Frame) -> str:
    """`` ×14, last 4s ago``: how often, at least, and how fresh; ``""`` where no event was seen."""
    if not probe.count:
        return ""
    last = f", last {words.age(probe.last_seen, frame.now)} ago" if probe.last_seen else ""
    return f" {frame.glyphs.times}{probe.count}{last}"
