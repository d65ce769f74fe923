"""`-o sarif`: Static Analysis Results Interchange Format 2.1.0, for code scanning.

Every finding that is not folded is a result; the folded ones stand with the Service's first result as
related locations. A result is located at the file where its Service stands; where there is no file, at the
object's path at the API server, since some readers drop a result without a location. The rules listed are
those that found something, each with the worst level it found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from hashlib import sha256
from typing import Any, Final, TextIO

from epview import __version__
from epview.core.objects import Key
from epview.core.rule import Rule, catalogue
from epview.core.view import Finding, ResourceState, ServiceView, Severity
from epview.reports.outcome import Outcome, gap_words, subject
from epview.reports.outputs.json import dump
from epview.reports.outputs.locations import api_uri, file_uri
from epview.reports.pages import body

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
Found = tuple[ServiceView | None, Finding]


def write(outcome: Outcome, out: TextIO) -> None:
    dump(log(outcome), out)


def log(outcome: Outcome) -> dict[str, Any]:
    """The whole as plain values."""
    found = list(outcome.open_findings())
    worst: dict[str, Severity] = {}
    for _, finding in found:
        worst[finding.rule] = min(worst.get(finding.rule, finding.severity), finding.severity, key=_rank)
    rules = sorted(worst)
    driver = {
        "name": "epview",
        "version": __version__,
        "rules": [_rule(catalogue()[id_], worst[id_]) for id_ in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(outcome)],
        "results": _results(outcome, found, rules),
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rank(severity: Severity) -> int:
    return severity.rank


def _rule(rule: Rule, worst: Severity) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word[:1].upper() + word[1:] for word in _words(rule.title)),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.doc.partition("\n")[0]},
        "help": {"text": rule.doc, "markdown": body(rule)},
        "defaultConfiguration": {"level": _LEVELS[worst]},
    }


def _words(title: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in title.replace("'", "")).split()


def _invocation(outcome: Outcome) -> dict[str, Any]:
    return {
        "executionSuccessful": not outcome.incomplete,
        "endTimeUtc": outcome.view.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "toolExecutionNotifications": [
            *(_gap(state, outcome) for state in outcome.gaps),
            *({"level": "note", "message": {"text": notice}} for notice in outcome.view.source.notices),
        ],
    }


def _gap(state: ResourceState, outcome: Outcome) -> dict[str, Any]:
    level = "error" if outcome.needs(state) and not outcome.allow_partial else "warning"
    return {"level": level, "message": {"text": gap_words(state)}}


def _results(outcome: Outcome, found: Iterable[Found], rules: list[str]) -> list[dict[str, Any]]:
    results = []
    seen: Counter[tuple[str, str]] = Counter()
    told: set[Key] = set()
    for service, finding in found:
        kind, key = subject(service, finding)
        about = (finding.rule, f"{kind}/{key}")
        result = {
            "ruleId": finding.rule,
            "ruleIndex": rules.index(finding.rule),
            "level": _LEVELS[finding.severity],
            "message": {"text": _message(finding)},
            "locations": [_location(outcome, kind, key)],
            "partialFingerprints": {"epview/v1": _fingerprint(*about, seen[about])},
        }
        seen[about] += 1
        if service is not None and service.key not in told:
            told.add(service.key)
            if folded := [f for f in service.findings if f.folded]:
                result["relatedLocations"] = [
                    {**_location(outcome, kind, key), "message": {"text": f"{f.rule}: {f.message}"}}
                    for f in folded
                ]
        results.append(result)
    return results


def _message(finding: Finding) -> str:
    """The sentence, its evidence, and what to do."""
    facts = [f"{fact.object} {fact.field}: {fact.value}" for fact in finding.evidence]
    return "\n".join((finding.message, *facts, *finding.remedy))


def _location(outcome: Outcome, kind: str, key: Key) -> dict[str, Any]:
    place = outcome.place(kind, key)
    uri = file_uri(place.file) if place else api_uri(kind, key)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place and place.line:
        physical["region"] = {"startLine": place.line}
    logical = {"fullyQualifiedName": f"{kind}/{key}", "name": key.name, "kind": "resource"}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def _fingerprint(rule: str, about: str, number: int) -> str:
    """The same in the next run, though pods have other names and counts have grown by then."""
    return sha256(f"{rule} {about} {number}".encode()).hexdigest()
