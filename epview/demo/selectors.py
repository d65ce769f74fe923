"""``labelSelector`` and ``fieldSelector`` of a request, compiled to one predicate.

Grammar: apimachinery pkg/labels (`core.labels`) and pkg/fields (equality only). The field names are
those the real server indexes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from epview.core.labels import parse
from epview.demo.resources import Json, Resource
from epview.demo.status import bad_request
from epview.demo.store import Entry

Predicate = Callable[[Entry], bool]

_EQUAL: Final = re.compile(r"^\s*([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)\s*$")

_META: Final = ("metadata.name", "metadata.namespace")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "services": ("spec.clusterIP", "spec.type"),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "replicasets": ("status.replicas",),
}


def compile_selectors(resource: Resource, labels: str, fields: str) -> Predicate | None:
    """One test for both selectors, or None where there is nothing to test. Raises `ApiError` 400."""
    tests = _labels(labels) + _fields(resource, fields)
    if not tests:
        return None
    return lambda entry: all(test(entry) for test in tests)


def _labels(text: str) -> list[Predicate]:
    if not text.strip():
        return []
    try:
        test = parse(text)
    except ValueError as error:
        raise bad_request(str(error)) from None
    return [lambda entry: test(entry.labels)]


def _fields(resource: Resource, text: str) -> list[Predicate]:
    return [_field(resource, term) for term in text.split(",") if term.strip()]


def _field(resource: Resource, term: str) -> Predicate:
    found = _EQUAL.match(term) or re.match(r"^\s*([^=!]+?)(==|=|!=)(.*)$", term)
    if not found:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    name, operator, wanted = found.groups()
    if name not in _META and name not in _FIELDS.get(resource.name, ()):
        raise bad_request(f"field label not supported: {name}")
    negate = operator == "!="
    path = tuple(name.split("."))
    return lambda entry: (_value(entry.obj, path) == wanted) is not negate


def _value(obj: Json, path: tuple[str, ...]) -> str:
    if path == ("source",):
        return str((obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "")
    found: object = obj
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, bool):
        return str(found).lower()
    return "" if found is None else str(found)
