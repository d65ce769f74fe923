"""Readiness probes that ask another port than the container offers.

The kubelet looks a port's name up in the probe's own container alone; a number it takes as it is, and
containerPort declares nothing. So a missing name is sure, an undeclared number only likely, and only while
nothing answers there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core import probes
from epview.core.cause import Cause, CauseKind, failing_probe
from epview.core.facts import Facts
from epview.core.objects import Container, Pod, Probe
from epview.core.probes import ProbeFailure

_SILENT: Final = ("connection refused", "dial tcp", "failed to connect", "no route to host")
"""Parts of a failure that say that no connection came about; any other one was answered."""


def other_port(facts: Facts, pod: Pod, container: Container, failure: ProbeFailure | None) -> Iterator[Cause]:
    """The cause, if the readiness probe of a container that is not ready asks a port that is not there."""
    probe = container.readiness_probe
    asked = _asked(probe) if probe else None
    if probe is None or asked is None:
        return
    message = failure.message if failure else ""
    if isinstance(asked, str):
        known, words = not misnamed(container), f"which container {container.name} does not name"
    else:
        known = asked in _declared(facts, container) or not container.ports or not _silent(message)
        words = f"which neither container {container.name} nor the Service declares"
    if known:
        return
    yield Cause(
        kind=CauseKind.PROBE_PORT,
        words=f"readiness asks port {asked}, {words}",
        field=f"spec.containers[{container.name}].readinessProbe",
        value=probes.describe(probe),
        container=container.name,
        since=pod.ready_changed,
        probe=failing_probe("readiness", container, failure),
    )


def misnamed(container: Container) -> bool:
    """Its readiness probe names a port that the container does not have: it can never pass."""
    asked = _asked(container.readiness_probe) if container.readiness_probe else None
    return isinstance(asked, str) and asked not in {port.name for port in container.ports}


def _asked(probe: Probe) -> int | str | None:
    """The port, as a number or a name; None where none is asked, or one of another host."""
    action = probe.http_get or probe.tcp_socket
    if action is None:
        return probe.grpc.port if probe.grpc else None
    if action.host:
        return None
    return int(action.port) if isinstance(action.port, str) and action.port.isdigit() else action.port


def _declared(facts: Facts, container: Container) -> set[int | None]:
    """The container's ports, and those that the Service sends to."""
    numbers: set[int | None] = {port.container_port for port in container.ports}
    numbers |= {number for port in facts.service.spec.ports for number in facts.resolved(port)}
    return numbers


def _silent(message: str) -> bool:
    text = message.lower()
    return not text or any(part in text for part in _SILENT)
