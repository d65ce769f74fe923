"""The report of `epview check`: an `Outcome` as plain values, in the shape of report.schema.json."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from epview import __version__
from epview.core.view import Backend, FailingProbe, Finding, PortView, ResourceState, ServiceView
from epview.reports.outcome import Outcome

API_VERSION = "epview/v1"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that every report fulfils."""
    loaded: dict[str, Any] = json.loads((files("epview.reports") / "report.schema.json").read_text("utf-8"))
    return loaded


def report(outcome: Outcome) -> dict[str, Any]:
    """The report over the Services of an `Outcome`, in their order. Times are RFC 3339 in UTC."""
    view, gaps = outcome.view, outcome.gaps
    return {
        "apiVersion": API_VERSION,
        "kind": "Report",
        "time": _time(view.now),
        "epview": __version__,
        "source": {
            "kind": view.source.kind,
            "context": view.source.context or None,
            "server": view.source.server or None,
            "serverVersion": view.source.server_version or None,
            "namespaces": None if view.source.namespaces is None else list(view.source.namespaces),
            "notices": list(view.source.notices),
        },
        "complete": outcome.complete,
        "gaps": [_gap(state) for state in gaps],
        "summary": outcome.summary(),
        "services": [_service(service) for service in outcome.services],
        "findings": [_finding(finding) for finding in view.findings],
    }


def _time(time: datetime | None) -> str | None:
    if time is None:
        return None
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _gap(state: ResourceState) -> dict[str, Any]:
    return {
        "resource": state.resource,
        "namespace": state.namespace or None,
        "reason": state.phase.value,
        "message": state.message,
    }


def _service(view: ServiceView) -> dict[str, Any]:
    headline = view.headline
    return {
        "namespace": view.namespace,
        "name": view.name,
        "type": view.type,
        "backedBy": view.backed_by.value,
        "keptBy": view.kept_by or None,
        "clusterIPs": list(view.cluster_ips),
        "dnsName": view.dns_name,
        "externalName": view.external_name or None,
        "selector": dict(view.selector) if view.selector else None,
        "health": view.health.value,
        "headline": {"rule": headline.rule, "message": headline.message} if headline else None,
        "ready": view.ready,
        "notReady": view.not_ready,
        "terminating": view.terminating,
        "gaps": list(view.gaps),
        "unknownRules": list(view.unknown_rules),
        "ports": [_port(port) for port in view.ports],
        "backends": [_backend(backend) for backend in view.backends],
        "findings": [_finding(finding) for finding in view.findings],
    }


def _port(port: PortView) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": port.name,
        "port": port.port,
        "protocol": port.protocol,
        "targetPort": port.target_port,
    }
    if port.node_port:
        shown["nodePort"] = port.node_port
    if port.app_protocol:
        shown["appProtocol"] = port.app_protocol
    return shown


def _backend(backend: Backend) -> dict[str, Any]:
    return {
        "address": backend.address,
        "ports": [{"name": p.name, "port": p.port, "protocol": p.protocol} for p in backend.ports],
        "state": backend.state.value,
        "reason": backend.reason or None,
        "pod": backend.pod,
        "node": backend.node or None,
        "zone": backend.zone or None,
        "hostname": backend.hostname or None,
        "since": _time(backend.since),
        "restarts": backend.restarts,
        "listedIn": list(backend.listed_in),
        "failingProbe": _probe(backend.failing_probe),
    }


def _probe(probe: FailingProbe | None) -> dict[str, Any] | None:
    if probe is None:
        return None
    return {
        "kind": probe.kind,
        "container": probe.container,
        "probe": probe.probe,
        "message": probe.message or None,
        "count": probe.count,
        "firstSeen": _time(probe.first_seen),
        "lastSeen": _time(probe.last_seen),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "folded": finding.folded,
        "inProgress": finding.in_progress,
        "evidence": [{"object": e.object, "field": e.field, "value": e.value} for e in finding.evidence],
        "remedy": list(finding.remedy),
        "objects": list(finding.objects),
    }
