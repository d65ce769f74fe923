"""Probes in words, and which Unhealthy event belongs to which container and probe.

Sources: kubectl's describe printer for the wording; pkg/kubelet/prober for the events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from epview.core.masking import mask_arguments, mask_words
from epview.core.objects import Container, Event, Probe

KINDS: Final = ("startup", "readiness", "liveness")

_MESSAGE: Final = re.compile(
    r"(Readiness|Liveness|Startup) probe (failed|warning|errored(?: and resulted in (\w+) state)?): (.*)\Z",
    re.DOTALL,
)
_KILLING: Final = re.compile(r"(?:Init c|C)ontainer (\S+) failed (liveness|startup) probe\b")
_COMBINED: Final = "(combined from similar events): "
_CONTAINER: Final = re.compile(r"spec\.(?:init)?[cC]ontainers\{(.+)\}\Z")


class ProbeFailure(Struct, frozen=True):
    """One Unhealthy event, taken apart. ``container`` is "" where the event does not tell it.

    ``outcome``: failed (counted), errored (thrown away: the container stays as it was).
    """

    kind: str
    outcome: str
    message: str
    container: str
    count: int
    first_seen: datetime | None
    last_seen: datetime | None


class ProbeKill(Struct, frozen=True):
    """A probe had a container killed, to be started again; ``failure`` is what the probe said last."""

    kind: str
    container: str
    count: int
    last_seen: datetime | None
    failure: ProbeFailure | None

    @property
    def message(self) -> str:
        return self.failure.message if self.failure else ""


def describe(probe: Probe) -> str:
    """As ``kubectl describe`` words it: ``http-get http://:8080/healthz delay=0s timeout=1s …``."""
    timing = f"delay={probe.initial_delay_seconds}s timeout={probe.timeout_seconds}s"
    thresholds = f"#success={probe.success_threshold} #failure={probe.failure_threshold}"
    return f"{action(probe)} {timing} period={probe.period_seconds}s {thresholds}"


def action(probe: Probe) -> str:
    """What the probe does: ``http-get http://:8080/healthz``, ``tcp-socket :5432``, ``exec [cat /x]``."""
    if probe.exec is not None:
        return f"exec [{' '.join(mask_arguments(probe.exec.command))}]"
    if (http := probe.http_get) is not None:
        path = mask_words(http.path if http.path.startswith("/") or not http.path else f"/{http.path}")
        host = f"[{http.host}]" if ":" in http.host else http.host
        return f"http-get {http.scheme.lower()}://{host}:{http.port}{path}"
    if (tcp := probe.tcp_socket) is not None:
        return f"tcp-socket {tcp.host}:{tcp.port}"
    if (grpc := probe.grpc) is not None:
        return f"grpc <pod>:{grpc.port} {grpc.service or ''}".rstrip()
    return "unknown"


def short(kind: str, probe: Probe) -> str:
    """A few words for a table cell: ``readiness GET :8080/healthz``."""
    if (http := probe.http_get) is not None:
        return f"{kind} GET :{http.port}{mask_words(http.path) or '/'}"
    return f"{kind} {action(probe)}"


def of_kind(container: Container, kind: str) -> Probe | None:
    return next((probe for found, probe in of_container(container) if found == kind), None)


def of_container(container: Container) -> Iterator[tuple[str, Probe]]:
    """The probes a container has, as (kind, probe), in the order they come into play."""
    for kind, probe in zip(
        KINDS, (container.startup_probe, container.readiness_probe, container.liveness_probe), strict=True
    ):
        if probe is not None:
            yield kind, probe


def parse(event: Event) -> ProbeFailure | None:
    """The probe failure an event tells of; None for any other event, also for a warning (a success)."""
    if event.reason != "Unhealthy":
        return None
    combined = event.message.startswith(_COMBINED)
    match = _MESSAGE.match(event.message.removeprefix(_COMBINED))
    if match is None or match[2] == "warning":
        return None
    # the key that merges similar events has no field path, so its container may be another one's
    container = None if combined else _CONTAINER.match(event.involved_object.field_path)
    return ProbeFailure(
        kind=match[1].lower(),
        outcome="errored" if match[2].startswith("errored") else "failed",
        message=match[4].strip(),
        container=container[1] if container else "",
        count=event.times,
        first_seen=event.first_seen,
        last_seen=event.last_seen,
    )


def latest(
    events: Iterable[Event], kind: str, container: str, not_before: datetime | None = None
) -> ProbeFailure | None:
    """The newest failure of one probe of one container; None if there is none since ``not_before``.

    ``events`` are those of the pod's uid, newest first. An event older than ``not_before`` (the
    container's start, say) speaks of another life and is never shown as a cause.
    """
    for event in events:
        failure = parse(event)
        if failure is None or failure.kind != kind or failure.container not in ("", container):
            continue
        if not_before is not None and failure.last_seen is not None and failure.last_seen < not_before:
            continue
        return failure
    return None


def latest_kill(events: Iterable[Event], container: str) -> ProbeKill | None:
    """The newest time that a probe of the container had it killed; a restart that was asked for is none.

    ``events`` are those of the pod's uid, newest first. The kubelet's words: pkg/kubelet/kuberuntime.
    """
    events = tuple(events)
    for event in events:
        match = _KILLING.match(event.message.removeprefix(_COMBINED)) if event.reason == "Killing" else None
        if match is None or match[1] != container:
            continue
        failure = latest(events, match[2], container)
        return ProbeKill(match[2], container, event.times, event.last_seen, failure)
    return None


def startup_budget(probe: Probe) -> float:
    """Seconds until a container that never passes this startup probe is killed."""
    return probe.initial_delay_seconds + probe.period_seconds * probe.failure_threshold


def warm_up(container: Container) -> float:
    """Seconds after its start in which a container may well not be ready yet (rule EP308)."""
    probe = container.readiness_probe
    if probe is None:
        return 10.0
    return probe.initial_delay_seconds + probe.period_seconds * (probe.success_threshold + 1) + 10.0


def summary(message: str) -> str:
    """The last failure as a verb phrase: ``answers 503``, ``is refused``, ``gets no answer``."""
    text = message.lower()
    if not text:
        return "does not pass"
    if match := re.search(r"statuscode: (\d{3})", text):
        return f"answers {match[1]}"
    for part, words in _SUMMARIES:
        if part in text:
            return words
    first = message.splitlines()[0].strip()
    return f"fails: {first[:79] + '…' if len(first) > 80 else first}"


_SUMMARIES: Final = (
    ("connection refused", "is refused: nothing listens on its port"),
    ("no route to host", "finds no route to the pod"),
    ("i/o timeout", "gets no answer in time"),
    ("deadline exceeded", "gets no answer in time"),
    ("timed out", "gets no answer in time"),
    ("connection reset", "is cut off (connection reset)"),
    ("gave http response to https client", "speaks HTTPS to a plain HTTP port"),
    ("not_serving", "answers NOT_SERVING"),
)


def advice(message: str, probe: Probe | None = None) -> str:
    """What the last words of a probe mean, by their stable parts; "" when they say it themselves."""
    text = message.lower()
    if match := re.search(r"statuscode: (\d{3})", text):
        return _status_advice(int(match[1]))
    if "connection refused" in text:
        return "nothing listens on that port (yet)"
    if any(part in text for part in ("i/o timeout", "deadline exceeded", "timed out", "timeout:")):
        one_second = probe is not None and probe.timeout_seconds == 1
        return (
            "no answer within the default time-out of 1 s" if one_second else "no answer within the time-out"
        )
    if "no route to host" in text:
        return "the address cannot be reached from its own node"
    if "not found" in text and "port" in text:
        return "the probe names a port that its container does not declare"
    if "gave http response to https client" in text:
        return "the probe speaks HTTPS, the container plain HTTP"
    if "not_serving" in text:
        return "the gRPC health service says NOT_SERVING"
    return ""


def _status_advice(code: int) -> str:
    if code in (401, 403):
        return "the probe path asks for credentials"
    if code == 404:
        return "the probe path does not exist"
    if code >= 500:
        return "the application answers, and says that it is not well"
    return ""
