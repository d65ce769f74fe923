"""A pod as facts, in the order and the words of ``kubectl describe pod``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from epview.core.objects import (
    Condition,
    Container,
    ContainerState,
    ContainerStatus,
    Event,
    Pod,
    Probe,
    StateTerminated,
)
from epview.core.probes import describe
from epview.core.view import Backend, FailingProbe, ServiceView
from epview.present import words
from epview.present.frame import Frame
from epview.present.text import EMPTY, Line, Role, Span, clean, line
from epview.present.why import probe_counts

Served = Sequence[tuple[ServiceView, Backend]]


def pod_status(pod: Pod) -> str:
    """The STATUS column of ``kubectl get pods``, as its printer finds it."""
    status = pod.status
    reason = status.reason or status.phase
    for index, init in enumerate(status.init_container_statuses):
        done = init.state.terminated
        if done is not None and done.exit_code == 0:
            continue
        if _sidecar_started(pod, init):
            continue
        if done is not None:
            reason = f"Init:{done.reason or f'ExitCode:{done.exit_code}'}"
        elif (wait := init.state.waiting) is not None and wait.reason not in ("", "PodInitializing"):
            reason = f"Init:{wait.reason}"
        else:
            reason = f"Init:{index}/{len(pod.spec.init_containers)}"
        break
    else:
        reason = _container_reason(pod, reason)
    if pod.terminating:
        return "Unknown" if status.reason == "NodeLost" else "Terminating"
    return reason or "Unknown"


def _sidecar_started(pod: Pod, status: ContainerStatus) -> bool:
    return status.started is True and any(c.name == status.name for c in pod.spec.sidecars)


def _container_reason(pod: Pod, reason: str) -> str:
    running = False
    for status in reversed(pod.status.container_statuses):
        if (wait := status.state.waiting) is not None and wait.reason:
            reason = wait.reason
        elif (done := status.state.terminated) is not None:
            reason = done.reason or (f"Signal:{done.signal}" if done.signal else f"ExitCode:{done.exit_code}")
        elif status.ready and status.state.running is not None:
            running = True
    if reason == "Completed" and running:
        return "Running" if pod.ready else "NotReady"
    return reason


def ready_count(pod: Pod) -> str:
    """The READY column of kubectl: ready containers of all, sidecars included."""
    sidecars = {container.name for container in pod.spec.sidecars}
    statuses = [*pod.status.container_statuses]
    statuses += [status for status in pod.status.init_container_statuses if status.name in sidecars]
    return f"{sum(1 for status in statuses if status.ready)}/{len(pod.spec.containers) + len(sidecars)}"


def restarts(pod: Pod) -> int:
    return sum(status.restart_count for status in pod.status.container_statuses)


def title(pod: Pod, frame: Frame) -> Line:
    role = Role.OK if pod.ready else Role.MUTED if pod.finished else Role.ERROR
    sign = frame.glyphs.ok if pod.ready else frame.glyphs.serving if pod.terminating else frame.glyphs.error
    return line(
        Span(f"{sign} ", role),
        Span(f"{clean(pod.metadata.namespace)}/", Role.MUTED),
        Span(clean(pod.metadata.name), Role.TITLE),
        Span(f"   {clean(pod_status(pod))}", Role.PLAIN if pod.status.phase == "Running" else role),
        Span(f"   {ready_count(pod)} ready", role),
        Span(f"   {', '.join(pod.ips) or 'no address'}", Role.STRONG),
        Span(f"   on {clean(pod.spec.node_name) or 'no node yet'}", Role.MUTED),
        Span(f"   age {words.age(pod.metadata.creation_timestamp, frame.now)}", Role.MUTED),
    )


def pod_lines(pod: Pod, events: Sequence[Event], served: Served, frame: Frame) -> list[Line]:
    """All of it: Services, containers with probes, conditions and gates, labels, events."""
    failing = _failing(served)
    out: list[Line] = [*_services(served)]
    for container in (*pod.spec.containers, *pod.spec.sidecars):
        out += [
            EMPTY,
            *_container(
                container,
                _status(pod, container),
                failing,
                frame,
                sidecar=container.restart_policy == "Always",
            ),
        ]
    inits = [c for c in pod.spec.init_containers if c.restart_policy != "Always"]
    for container in inits:
        out += [EMPTY, *_init(container, _status(pod, container), frame)]
    out += [EMPTY, *_conditions(pod, frame)]
    out += [EMPTY, heading("Labels"), _value(words.labels(pod.metadata.labels))]
    out += [EMPTY, *_events(events, frame)]
    return out


def heading(text: str, count: str = "") -> Line:
    return line(Span(text, Role.TITLE), Span(f"  {count}" if count else "", Role.MUTED))


def _value(text: str, role: Role = Role.PLAIN) -> Line:
    return line(Span("  "), Span(clean(text), role))


def _fact(name: str, *value: Span, indent: int = 2) -> Line:
    return line(Span(" " * indent + f"{name:<16}", Role.MUTED), *value)


def _failing(served: Served) -> dict[tuple[str, str], FailingProbe]:
    return {
        (probe.container, probe.kind): probe
        for _, backend in served
        if (probe := backend.failing_probe) is not None
    }


def _services(served: Served) -> Iterator[Line]:
    yield heading("Services", "that it backs")
    if not served:
        yield _value("none: no Service in sight selects it or lists its address", Role.MUTED)
    for view, backend in served:
        ready = backend.state.words
        yield line(
            Span("  "),
            Span(clean(view.name), Role.STRONG),
            Span(f"  {clean(words.backend_ports(backend.ports)) or 'no port resolves'}"),
            Span(f"  {backend.address or 'no address'} {ready}", Role.MUTED),
        )


def _status(pod: Pod, container: Container) -> ContainerStatus | None:
    every = (*pod.status.container_statuses, *pod.status.init_container_statuses)
    return next((status for status in every if status.name == container.name), None)


def _container(
    container: Container,
    status: ContainerStatus | None,
    failing: dict[tuple[str, str], FailingProbe],
    frame: Frame,
    *,
    sidecar: bool,
) -> Iterator[Line]:
    yield line(
        Span("Container ", Role.TITLE),
        Span(clean(container.name), Role.STRONG),
        Span("  sidecar" if sidecar else "", Role.MUTED),
        Span(f"  {clean(container.image)}", Role.MUTED),
    )
    yield from _state(status, frame)
    ports = ", ".join(
        (f"{port.name} " if port.name else "") + f"{port.container_port}/{port.protocol}"
        for port in container.ports
    )
    yield _fact("Ports", Span(clean(ports) or "none declared", Role.PLAIN if ports else Role.MUTED))
    yield from _probe("Startup", "startup", container, container.startup_probe, failing, frame)
    yield from _probe("Readiness", "readiness", container, container.readiness_probe, failing, frame)
    yield from _probe("Liveness", "liveness", container, container.liveness_probe, failing, frame)
    if (
        status is not None
        and container.startup_probe is not None
        and status.started is False
        and status.state.running
    ):
        yield _fact("", Span("not started yet: readiness and liveness are not probed before", Role.INFO))


def _state(status: ContainerStatus | None, frame: Frame) -> Iterator[Line]:
    if status is None:
        yield _fact("State", Span("no status yet", Role.MUTED))
        return
    yield _fact("State", *_state_spans(status.state, frame))
    if (last := status.last_state.terminated) is not None:
        yield _fact("Last State", *_terminated(last, frame))
    yield _fact("Ready", Span(str(status.ready), Role.OK if status.ready else Role.ERROR))
    yield _fact(
        "Restart Count", Span(str(status.restart_count), Role.WARNING if status.restart_count else Role.PLAIN)
    )


def _state_spans(state: ContainerState, frame: Frame) -> Iterator[Span]:
    if state.running is not None:
        yield Span("Running", Role.OK)
        yield Span(f"  since {words.age(state.running.started_at, frame.now)}", Role.MUTED)
    elif state.terminated is not None:
        yield from _terminated(state.terminated, frame)
    else:
        waiting = state.waiting
        reason = waiting.reason if waiting else ""
        harmless = reason in ("", "ContainerCreating", "PodInitializing")
        yield Span(f"Waiting  {clean(reason)}".rstrip(), Role.INFO if harmless else Role.ERROR)
        if waiting and waiting.message:
            yield Span(f"  {clean(waiting.message)}", Role.MUTED)


def _terminated(done: StateTerminated, frame: Frame) -> Iterator[Span]:
    signal = f", signal {done.signal}" if done.signal else ""
    yield Span(
        f"Terminated  {clean(done.reason)}, exit code {done.exit_code}{signal}",
        Role.ERROR if done.exit_code else Role.MUTED,
    )
    if done.finished_at is not None:
        yield Span(f"  {words.age(done.finished_at, frame.now)} ago", Role.MUTED)
    if done.message:
        yield Span(f"  {clean(done.message.strip())}", Role.MUTED)


def _probe(
    title_: str,
    kind: str,
    container: Container,
    probe: Probe | None,
    failing: dict[tuple[str, str], FailingProbe],
    frame: Frame,
) -> Iterator[Line]:
    if probe is None:
        yield _fact(title_, Span("no probe", Role.MUTED))
        return
    fails = failing.get((container.name, kind))
    yield _fact(title_, Span(clean(describe(probe)), Role.ERROR if fails else Role.PLAIN))
    if fails is not None:
        said = clean(fails.message) or "failing by its effect; no event seen"
        yield _fact(
            "", Span(f"{frame.glyphs.error} {said}", Role.ERROR), Span(probe_counts(fails, frame), Role.MUTED)
        )


def _init(container: Container, status: ContainerStatus | None, frame: Frame) -> Iterator[Line]:
    yield line(
        Span("Init container ", Role.TITLE),
        Span(clean(container.name), Role.STRONG),
        Span(f"  {clean(container.image)}", Role.MUTED),
    )
    yield from _state(status, frame)


def _conditions(pod: Pod, frame: Frame) -> Iterator[Line]:
    yield heading("Conditions")
    gates = {gate.condition_type for gate in pod.spec.readiness_gates}
    for condition in pod.status.conditions:
        yield _condition(condition, frame, gate=condition.type in gates)
    for gate in sorted(gates - {condition.type for condition in pod.status.conditions}):
        yield line(
            Span(f"  {frame.glyphs.error} {clean(gate):<26} ", Role.ERROR),
            Span("readiness gate without its condition: nobody has set it yet", Role.MUTED),
        )


def _condition(condition: Condition, frame: Frame, *, gate: bool) -> Line:
    good = condition.status == "True"
    if condition.type == "DisruptionTarget":
        good = not good
    sign, role = (frame.glyphs.ok, Role.OK) if good else (frame.glyphs.error, Role.ERROR)
    since = (
        f"  {words.age(condition.last_transition_time, frame.now)}" if condition.last_transition_time else ""
    )
    said = ": ".join(clean(part) for part in (condition.reason, condition.message) if part)
    return line(
        Span(f"  {sign} ", role),
        Span(f"{clean(condition.type):<26} "),
        Span(f"{clean(condition.status):<7}", role),
        Span(f"{since:<9}", Role.MUTED),
        Span("  readiness gate" if gate else "", Role.ACCENT),
        Span(f"  {said}" if said else "", Role.MUTED),
    )


def _events(events: Iterable[Event], frame: Frame) -> Iterator[Line]:
    events = list(events)
    yield heading("Events", words.plural(len(events), "event") if events else "none seen")
    for event in events[:100]:
        times = f" {frame.glyphs.times}{event.times}" if event.times > 1 else ""
        yield line(
            Span(f"  {words.age(event.last_seen, frame.now):>6} ago  ", Role.MUTED),
            Span(f"{clean(event.reason):<18} ", Role.WARNING if event.type == "Warning" else Role.PLAIN),
            clean(event.message.strip()),
            Span(times, Role.MUTED),
        )
