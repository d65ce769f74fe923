from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from epview.core.objects import Endpoints, EndpointSlice, Key, Pod
from epview.core.view import Backend, BackendState, FailingProbe, ServiceView
from epview.present.endpoints import endpoints_lines
from epview.present.frame import Frame
from epview.present.pod import pod_lines, pod_status, ready_count, restarts
from epview.present.text import text_of

FRAME = Frame(datetime(2026, 8, 1, 12, tzinfo=UTC))


def pod(status: dict[str, Any], spec: dict[str, Any] | None = None, **meta: Any) -> Pod:
    spec = spec or {"containers": [{"name": "api"}]}
    return msgspec.convert(
        {"metadata": {"name": "web", "namespace": "shop", **meta}, "spec": spec, "status": status}, Pod
    )


def container(name="api", *, ready=False, restart_count=0, **state):
    return {"name": name, "ready": ready, "restartCount": restart_count, "state": state}


@pytest.mark.parametrize(
    ("status", "spec", "meta", "text"),
    [
        ({"phase": "Pending"}, None, {}, "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, None, {}, "Evicted"),
        ({"phase": "Running", "containerStatuses": [container(running={}, ready=True)]}, None, {}, "Running"),
        ({"phase": "Running", "containerStatuses": [container(waiting={"reason": "CrashLoopBackOff"})]}, None, {}, "CrashLoopBackOff"),
        ({"phase": "Running", "containerStatuses": [container(terminated={"exitCode": 3})]}, None, {}, "ExitCode:3"),
        ({"phase": "Running", "containerStatuses": [container(terminated={"signal": 9, "exitCode": 137})]}, None, {}, "Signal:9"),
        ({"phase": "Running", "containerStatuses": [container(terminated={"reason": "OOMKilled"})]}, None, {}, "OOMKilled"),
        (
            {"phase": "Running", "containerStatuses": [container(running={}, ready=True), container("b", terminated={"reason": "Completed"})]},
            None,
            {},
            "NotReady",
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [container("init", waiting={"reason": "ImagePullBackOff"})]},
            {"initContainers": [{"name": "init"}], "containers": [{"name": "api"}]},
            {},
            "Init:ImagePullBackOff",
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [container("init", running={})]},
            {"initContainers": [{"name": "init"}, {"name": "two"}], "containers": [{"name": "api"}]},
            {},
            "Init:0/2",
        ),
        (
            {"phase": "Running", "containerStatuses": [container(running={}, ready=True)]},
            None,
            {"deletionTimestamp": "2026-08-01T11:59:00Z"},
            "Terminating",
        ),
    ],
)  # fmt: skip
def test_status_reads_as_in_kubectl_get_pods(status, spec, meta, text):
    assert pod_status(pod(status, spec, **meta)) == text


def test_ready_counts_sidecars_too():
    spec = {"initContainers": [{"name": "proxy", "restartPolicy": "Always"}], "containers": [{"name": "api"}]}
    status = {
        "containerStatuses": [container(ready=True, restart_count=2)],
        "initContainerStatuses": [container("proxy", ready=False)],
    }
    assert ready_count(pod(status, spec)) == "1/2"
    assert restarts(pod(status, spec)) == 2


def test_a_pod_tells_its_probes_conditions_gates_and_services():
    spec = {
        "containers": [
            {
                "name": "api",
                "image": "shop/api:1",
                "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
            }
        ],
        "readinessGates": [{"conditionType": "target-health"}],
    }
    status = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "containers with unready status: [api]"}],
        "containerStatuses": [container(running={"startedAt": "2026-08-01T11:58:00Z"})],
    }  # fmt: skip
    probe = FailingProbe(kind="readiness", container="api", probe="", message="statuscode: 503", count=3)
    backend = Backend(
        address="10.0.0.1", ports=(), state=BackendState.NOT_READY, pod="web", failing_probe=probe
    )
    lines = [
        text_of(each)
        for each in pod_lines(pod(status, spec), [], [(ServiceView(key=Key("shop", "web")), backend)], FRAME)
    ]
    text = "\n".join(lines)
    assert "  web  no port resolves  10.0.0.1 not ready" in lines
    assert "  State           Running  since 2m" in lines
    assert (
        "  Readiness       http-get http://:http/healthz delay=0s timeout=1s period=10s #success=1 #failure=3"
        in lines
    )
    assert "✗ statuscode: 503 ×3" in text
    assert "  Startup         no probe" in lines
    assert "✗ target-health" in text
    assert "readiness gate without its condition" in text
    assert "ContainersNotReady: containers with unready status: [api]" in text


def test_the_concepts_of_endpoints_are_literally_there():
    endpoints = msgspec.convert(
        {
            "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"endpoints.kubernetes.io/over-capacity": "truncated"},
                         "managedFields": [{"manager": "kubectl-create"}]},
            "subsets": [
                {
                    "addresses": [{"ip": "10.0.0.1", "hostname": "web-0", "nodeName": "node-1", "targetRef": {"kind": "Pod", "name": "web-0"}}],
                    "notReadyAddresses": [{"ip": "10.0.0.2"}],
                    "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"}],
                }
            ],
        },
        Endpoints,
    )  # fmt: skip
    piece = msgspec.convert(
        {
            "metadata": {"name": "web-x"},
            "addressType": "IPv4",
            "ports": [{"name": "", "port": None}],
            "endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": False, "serving": True, "terminating": True}, "zone": "a",
                 "hints": {"forZones": [{"name": "b"}]}},
                {"addresses": ["10.0.0.2"]},
            ],
        },
        EndpointSlice,
    )  # fmt: skip
    text = "\n".join(text_of(each) for each in endpoints_lines(endpoints, [piece], FRAME, "web"))
    for word in (
        "subset 1 of 1",
        "addresses          1",
        "notReadyAddresses  1",
        "http 8080/TCP (h2c)",
        "targetRef Pod/web-0",
        "nodeName node-1",
        "hostname web-0",
        "no targetRef: written by hand",
        "labels            app=web",
        "over-capacity=truncated",
        "written by        kubectl-create",
        "managed by nobody (no managed-by label)",
        "ready=false serving=true terminating=true",
        "ready=true* serving=true* terminating=false*",
        "zone a",
        "hints b",
        "all/TCP",
    ):
        assert word in text
    missing = "\n".join(text_of(each) for each in endpoints_lines(None, [], FRAME, "web"))
    assert "no Endpoints object named web" in missing
    assert "no EndpointSlice has the label kubernetes.io/service-name=web" in missing
