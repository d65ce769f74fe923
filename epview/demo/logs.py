"""``pods/log``: what containers would have written, made up from the pod's state and the clock.

Lines are a pure function of pod, container and time, so a follower sees exactly what a later reader
would. The refusals are worded as kubernetes pkg/registry/core/pod/strategy.go and the kubelet do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zlib import crc32

from msgspec import Struct

from epview.demo.clock import Clock, parse_time
from epview.demo.requests import Request
from epview.demo.resources import Json
from epview.demo.status import bad_request
from epview.demo.watches import IDLE_SECONDS

Story = Callable[[Json, str], Sequence[str]]  # pod, container → the messages it writes in turn

_TAIL_SECONDS: Final = 900  # nobody scrolls through more of an invented log
_EVERY: Final = 3  # seconds between two lines

_CALM: Final = (
    'level=info msg="request" method=GET path=/ status=200 duration=4ms',
    'level=info msg="request" method=GET path=/healthz status=200 duration=1ms',
    'level=info msg="request" method=POST path=/v1/items status=201 duration=17ms',
    'level=debug msg="pool" open=4 idle=3',
)
_UNREADY: Final = (
    'level=warn msg="not ready" check=upstream',
    'level=error msg="health check" path=/healthz status=503',
)
_DYING: Final = (
    'level=info msg="starting"',
    'level=info msg="loading model" size=912MiB',
    'level=warn msg="memory is getting short" limit=256MiB used=251MiB',
)


def story(pod: Json, container: str) -> Sequence[str]:
    """The lines a container repeats, by its state."""
    status = _status(pod, container)
    name = pod["metadata"].get("labels", {}).get("app", container)
    if "terminated" in (status.get("lastState") or {}) and not status.get("ready"):
        return _DYING
    if not status.get("ready"):
        return (f'level=error msg="{name} cannot serve" reason="dependency unavailable"', *_UNREADY)
    return _CALM


class LogOptions(Struct, frozen=True):
    """What a log request asks for, checked."""

    container: str
    previous: bool
    follow: bool
    timestamps: bool
    tail: int | None
    limit: int | None
    since: datetime | None


def log_options(pod: Json, request: Request, now: datetime) -> LogOptions:
    """Read and check the options of a log request. Raises `ApiError`."""
    seconds = request.number("sinceSeconds")
    since = now - timedelta(seconds=seconds) if seconds else None
    if text := request.query.get("sinceTime"):
        since = parse_time(text)
    options = LogOptions(
        container=_container(pod, request.query.get("container", "")),
        previous=request.flag("previous"),
        follow=request.flag("follow"),
        timestamps=request.flag("timestamps"),
        tail=request.number("tailLines"),
        limit=request.number("limitBytes"),
        since=since,
    )
    _check_state(pod, options)
    return options


def _container(pod: Json, asked: str) -> str:
    name = pod["metadata"]["name"]
    containers = [c["name"] for c in pod["spec"]["containers"]]
    inits = [c["name"] for c in pod["spec"].get("initContainers") or ()]
    if asked:
        if asked not in containers + inits:
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(containers) > 1:
        choices = " ".join(containers)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    return str(containers[0])


def _status(pod: Json, container: str) -> Json:
    status = pod.get("status") or {}
    found = (status.get("containerStatuses") or []) + (status.get("initContainerStatuses") or [])
    return next((s for s in found if s["name"] == container), {})


def _check_state(pod: Json, options: LogOptions) -> None:
    name, container = pod["metadata"]["name"], options.container
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {name} does not have a host assigned")
    status = _status(pod, container)
    where = f'container "{container}" in pod "{name}"'
    if options.previous:
        if not status.get("restartCount"):
            raise bad_request(f"previous terminated {where} not found")
        return
    waiting = (status.get("state") or {}).get("waiting")
    if not status or (waiting and not status.get("restartCount")):
        reason = (waiting or {}).get("reason", "ContainerCreating")
        if reason in ("ErrImagePull", "ImagePullBackOff"):
            reason = "trying and failing to pull image"
        raise bad_request(f"{where} is waiting to start: {reason}")


def log_stream(
    read: Callable[[], Json | None], options: LogOptions, clock: Clock, told: Story = story
) -> Iterator[bytes]:
    """The log as chunks of whole lines; with ``follow`` it goes on until the pod is gone.

    ``read`` gives the pod as it is now. An empty chunk means: nothing new for a moment.
    """
    pod = read()
    if pod is None:
        return
    start, end = _span(pod, options, clock())
    begin = max(start, options.since or start)
    lines = _lines(told(pod, options.container), pod, begin, end, stamps=options.timestamps)
    text = b"".join(lines if options.tail is None else lines[max(0, len(lines) - options.tail) :])
    yield text if options.limit is None else text[: options.limit]
    while options.follow and not options.previous and (pod := read()) is not None:
        now = clock()
        if fresh := b"".join(_lines(told(pod, options.container), pod, end, now, stamps=options.timestamps)):
            yield fresh
            end = now
        else:
            yield b""
            time.sleep(IDLE_SECONDS)  # the clock is injected: only asking it again tells


def _span(pod: Json, options: LogOptions, now: datetime) -> tuple[datetime, datetime]:
    status = _status(pod, options.container)
    last = ((status.get("lastState") or {}).get("terminated")) or {}
    state = status.get("state") or {}
    running, ended = state.get("running"), state.get("terminated")
    if options.previous or (running is None and ended is None):
        ended = last
    begin = parse_time((ended or running or {}).get("startedAt") or pod["metadata"]["creationTimestamp"])
    end = parse_time(ended["finishedAt"]) if ended and ended.get("finishedAt") else now
    return max(begin, end - timedelta(seconds=_TAIL_SECONDS)), end


def _lines(told: Sequence[str], pod: Json, begin: datetime, end: datetime, *, stamps: bool) -> list[bytes]:
    salt = crc32(pod["metadata"]["uid"].encode())
    shift = salt % 1000 / 1000  # pods do not write in step
    first = math.floor((begin.timestamp() - shift) / _EVERY) + 1
    last = math.floor((end.timestamp() - shift) / _EVERY)
    lines = []
    for tick in range(first, last + 1):
        moment = datetime.fromtimestamp(tick * _EVERY + shift, UTC)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        text = f"time={stamp[:23]}Z {told[(tick + salt) % len(told)]}\n"
        lines.append((f"{stamp} {text}" if stamps else text).encode())
    return lines
