"""Probes in words, and events taken apart: every message the kubelet writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from support.builders import ago, build, pod, unhealthy

from epview.core import probes
from epview.core.objects import Event, ExecAction, GRPCAction, HTTPGetAction, Probe, TCPSocketAction

TIMING = "delay=0s timeout=1s period=10s #success=1 #failure=3"


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (Probe(http_get=HTTPGetAction(path="/healthz", port=8080)), "http-get http://:8080/healthz"),
        (Probe(http_get=HTTPGetAction(port="http", scheme="HTTPS")), "http-get https://:http/"),
        (Probe(http_get=HTTPGetAction(path="ready", port=80, host="a.b")), "http-get http://a.b:80/ready"),
        (Probe(http_get=HTTPGetAction(path="/", port=80, host="fd00::1")), "http-get http://[fd00::1]:80/"),
        (Probe(tcp_socket=TCPSocketAction(port=5432)), "tcp-socket :5432"),
        (Probe(exec=ExecAction(command=("cat", "/tmp/ok"))), "exec [cat /tmp/ok]"),
        (Probe(grpc=GRPCAction(port=50051)), "grpc <pod>:50051"),
        (Probe(grpc=GRPCAction(port=50051, service="live")), "grpc <pod>:50051 live"),
        (Probe(), "unknown"),
    ],
)
def test_a_probe_as_kubectl_describes_it(probe: Probe, words: str) -> None:
    assert probes.describe(probe) == f"{words} {TIMING}"


def test_its_settings() -> None:
    probe = Probe(
        tcp_socket=TCPSocketAction(port=1),
        initial_delay_seconds=5,
        timeout_seconds=2,
        period_seconds=7,
        success_threshold=2,
        failure_threshold=9,
    )
    assert probes.describe(probe).endswith("delay=5s timeout=2s period=7s #success=2 #failure=9")
    assert probes.startup_budget(probe) == 5 + 7 * 9


def event(message: str, **more: Any) -> Event:
    tree = unhealthy(pod(), message)
    tree.update(more)
    found = build(tree)
    assert isinstance(found, Event)
    return found


REFUSED = 'Get "http://10.244.0.5:8080/healthz": dial tcp 10.244.0.5:8080: connect: connection refused'


@pytest.mark.parametrize(
    ("message", "kind", "outcome", "rest"),
    [
        (f"Readiness probe failed: {REFUSED}", "readiness", "failed", REFUSED),
        ("Liveness probe failed: x", "liveness", "failed", "x"),
        (
            "Startup probe failed: dial tcp 10.0.0.1:80: i/o timeout",
            "startup",
            "failed",
            "dial tcp 10.0.0.1:80: i/o timeout",
        ),
        ("Readiness probe errored and resulted in unknown state: boom", "readiness", "errored", "boom"),
        ("Readiness probe errored: boom", "readiness", "errored", "boom"),
        ("Readiness probe failed: line one\nline two\n", "readiness", "failed", "line one\nline two"),
        ("Readiness probe failed: ", "readiness", "failed", ""),
        ("(combined from similar events): Readiness probe failed: y", "readiness", "failed", "y"),
    ],
)
def test_messages(message: str, kind: str, outcome: str, rest: str) -> None:
    found = probes.parse(event(message))
    assert found is not None
    assert (found.kind, found.outcome, found.message) == (kind, outcome, rest)


@pytest.mark.parametrize(
    ("message", "more"),
    [
        ("Readiness probe warning: Probe terminated redirects, Response body: x", {}),
        ("Readiness probe warning: Probe terminated redirects", {"reason": "ProbeWarning"}),
        ("Container app failed liveness probe, will be restarted", {"reason": "Killing"}),
        ("Node is not ready", {"reason": "NodeNotReady"}),
        ("something else", {}),
    ],
)
def test_what_is_no_failure(message: str, more: dict[str, Any]) -> None:
    assert probes.parse(event(message, **more)) is None


@pytest.mark.parametrize(
    ("path", "combined", "container"),
    [
        ("spec.containers{app}", False, "app"),
        ("spec.initContainers{proxy}", False, "proxy"),
        ("", False, ""),
        ("spec.containers{app}", True, ""),
    ],
)
def test_whose_probe_it_was(path: str, combined: bool, container: str) -> None:
    message = ("(combined from similar events): " if combined else "") + "Readiness probe failed: x"
    found = probes.parse(event(message, involvedObject={"kind": "Pod", "fieldPath": path}))
    assert found is not None
    assert found.container == container


def test_an_event_of_the_new_recorder() -> None:
    """eventTime and a series instead of time stamps and a count."""
    found = event(
        "Readiness probe failed: x",
        count=None,
        firstTimestamp=None,
        lastTimestamp=None,
        eventTime="2026-01-15T11:00:00.123456Z",
        series={"count": 7, "lastObservedTime": "2026-01-15T11:59:00.000001Z"},
    )
    assert found.times == 7
    assert found.last_seen == datetime.fromisoformat("2026-01-15T11:59:00.000001Z")
    assert found.first_seen == datetime.fromisoformat("2026-01-15T11:00:00.123456Z")


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"lastTimestamp": ago(1), "firstTimestamp": ago(9)}, 1),
        ({"lastTimestamp": None, "firstTimestamp": ago(9)}, 9),
        ({"lastTimestamp": None, "firstTimestamp": None, "eventTime": ago(4)}, 4),
        ({"lastTimestamp": None, "firstTimestamp": None}, 86400),
    ],
)
def test_the_time_of_an_event(fields: dict[str, Any], seen: float) -> None:
    assert event("x", **fields).last_seen == datetime.fromisoformat(ago(seen))


def test_the_latest_of_the_right_kind_and_container_and_not_from_a_former_life() -> None:
    newest = event("Readiness probe failed: new", lastTimestamp=ago(5))
    older = event("Readiness probe failed: old", lastTimestamp=ago(50))
    other = event("Liveness probe failed: other", lastTimestamp=ago(1))
    all_ = [other, newest, older]
    found = probes.latest(all_, "readiness", "app")
    assert found is not None
    assert found.message == "new"
    assert probes.latest(all_, "startup", "app") is None
    assert probes.latest(all_, "readiness", "proxy") is None
    assert probes.latest([older], "readiness", "app", datetime.fromisoformat(ago(20))) is None


@pytest.mark.parametrize(
    ("message", "words", "advice"),
    [
        ("HTTP probe failed with statuscode: 503", "answers 503", "not well"),
        ("HTTP probe failed with statuscode: 404", "answers 404", "does not exist"),
        ("HTTP probe failed with statuscode: 401", "answers 401", "credentials"),
        (REFUSED, "is refused: nothing listens on its port", "nothing listens"),
        ("dial tcp 10.0.0.1:80: i/o timeout", "gets no answer in time", "default time-out of 1 s"),
        (
            'Get "http://x": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
            "gets no answer in time",
            "default time-out of 1 s",
        ),
        ('command timed out: "sh" timed out after 1s', "gets no answer in time", "time-out"),
        ("connect: no route to host", "finds no route to the pod", "own node"),
        ("read: connection reset by peer", "is cut off (connection reset)", ""),
        (
            "http: server gave HTTP response to HTTPS client",
            "speaks HTTPS to a plain HTTP port",
            "plain HTTP",
        ),
        ('service unhealthy (responded with "NOT_SERVING")', "answers NOT_SERVING", "gRPC"),
        ('port "metrics" not found', 'fails: port "metrics" not found', "does not declare"),
        (
            'timeout: failed to connect service "10.0.0.1:9" within 1s: context deadline exceeded',
            "gets no answer in time",
            "time-out",
        ),
        ("", "does not pass", ""),
        ("cat: /tmp/ok: No such file\nmore", "fails: cat: /tmp/ok: No such file", ""),
    ],
)
def test_the_last_words_in_few_words_and_what_they_mean(message: str, words: str, advice: str) -> None:
    assert probes.summary(message) == words
    told = probes.advice(message, Probe())
    assert (advice in told) if advice else told == ""


def test_warm_up() -> None:
    tree = pod(
        readiness={
            "tcpSocket": {"port": 1},
            "initialDelaySeconds": 5,
            "periodSeconds": 7,
            "successThreshold": 2,
        }
    )
    found: Any = build(tree)
    assert probes.warm_up(found.spec.containers[0]) == 5 + 7 * 3 + 10


KILLED = "Container app failed liveness probe, will be restarted"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (KILLED, "liveness"),
        ("Container app failed startup probe, will be restarted", "startup"),
        ("Init container app failed liveness probe", "liveness"),
        (f"(combined from similar events): {KILLED}", "liveness"),
        ("Stopping container app", None),
        ("Container apple failed liveness probe, will be restarted", None),
        ("Container app definition changed, will be restarted", None),
    ],
)
def test_what_a_probe_had_killed(message: str, kind: str | None) -> None:
    kill = probes.latest_kill([event(message, reason="Killing")], "app")
    assert (kill.kind if kill else None) == kind


def test_a_kill_knows_the_last_words_of_its_probe() -> None:
    killing = event(KILLED, reason="Killing", count=7)
    said = event("Liveness probe failed: x")
    other = event("Readiness probe failed: y", lastTimestamp=ago(1))
    kill = probes.latest_kill([other, killing, said], "app")
    assert kill is not None
    assert (kill.message, kill.count) == ("x", 7)
    alone = probes.latest_kill([other, killing], "app")
    assert alone is not None
    assert alone.message == ""
