"""SARIF: valid against the standard's own schema, located, and recognised again in the next run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.outcomes import finding, hostile_outcome, outcome, service, written

from epview.core.objects import Key
from epview.core.view import Severity
from epview.reports.outcome import Outcome
from epview.sources.source import Place

WARNING, INFO = Severity.WARNING, Severity.INFO
ORPHAN = finding("EP507", INFO, "orphan", objects=("Endpoints/shop/legacy",))


@cache
def validator() -> jsonschema.Draft4Validator:
    schema = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def run(shown: Outcome) -> dict[str, Any]:
    log = json.loads(written("sarif", shown))
    validator().validate(log)
    [only] = log["runs"]
    for result in only["results"]:
        assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return only


def at(kind: str, key: Key) -> Place | None:
    return Place("deploy/web app.yaml", 12) if (kind, key.name) == ("Service", "web") else None


def test_the_schema_refuses_what_is_wrong() -> None:
    log = json.loads(written("sarif", outcome(service("web", finding()))))
    log["runs"][0]["results"][0]["level"] = "info"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


def test_results_are_what_is_not_folded_with_levels() -> None:
    shown = outcome(
        service(
            "web", finding(), finding("EP302", WARNING, "some"), finding("EP301", text="so", folded=True)
        ),
        orphans=(ORPHAN,),
    )
    results = run(shown)["results"]
    assert [(r["ruleId"], r["level"]) for r in results] == [
        ("EP303", "error"),
        ("EP302", "warning"),
        ("EP507", "note"),
    ]
    assert results[0]["message"]["text"].splitlines() == [
        "it fails",
        "Pod/shop/web-1 status: it fails",
        "kubectl describe it fails",
    ]
    assert [r["message"]["text"] for r in results[0]["relatedLocations"]] == ["EP301: so"]
    assert "relatedLocations" not in results[1]


def test_the_rules_are_those_that_found_something_at_their_worst() -> None:
    shown = outcome(
        service("a", finding("EP303", WARNING)), service("b", finding("EP303")), orphans=(ORPHAN,)
    )
    rules = run(shown)["tool"]["driver"]["rules"]
    assert [(r["id"], r["defaultConfiguration"]["level"]) for r in rules] == [
        ("EP303", "error"),
        ("EP507", "note"),
    ]
    assert rules[0]["name"] == "ReadinessProbeFails"
    assert rules[0]["shortDescription"]["text"] == "Readiness probe fails"
    assert "## What to do" in rules[0]["help"]["markdown"]


def test_where_a_result_stands() -> None:
    results = run(outcome(service("web", finding()), service("db", finding()), orphans=(ORPHAN,), place=at))[
        "results"
    ]
    [web], [db], [legacy] = (result["locations"] for result in results)
    assert web["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/web%20app.yaml"},
        "region": {"startLine": 12},
    }
    [logical] = web["logicalLocations"]
    assert logical == {"fullyQualifiedName": "Service/shop/web", "name": "web", "kind": "resource"}
    assert db["physicalLocation"]["artifactLocation"]["uri"] == "api/v1/namespaces/shop/services/db"
    assert legacy["physicalLocation"]["artifactLocation"]["uri"] == "api/v1/namespaces/shop/endpoints/legacy"


def test_a_file_outside_the_repository_has_an_absolute_uri() -> None:
    shown = outcome(service("web", finding()), place=lambda *_: Place("/srv/dumps/a b.yaml"))
    [location] = run(shown)["results"][0]["locations"]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "file:///srv/dumps/a%20b.yaml"}}


def test_fingerprints_outlive_pods_and_counts_and_tell_results_apart() -> None:
    def prints(*texts: str, rule: str = "EP303") -> list[str]:
        shown = outcome(service("web", *(finding(rule, text=text) for text in texts)))
        return [result["partialFingerprints"]["epview/v1"] for result in run(shown)["results"]]

    assert prints("web-1 fails 3 times") == prints("web-2 fails 9 times")
    assert len(set(prints("one port", "another port"))) == 2
    assert prints("x") != prints("x", rule="EP306")


def test_gaps_are_notifications() -> None:
    for partial, level in ((False, "error"), (True, "warning")):
        told = run(
            outcome(service(), blind={"pods": "Forbidden."}, notices=("TLS is off",), allow_partial=partial)
        )
        [invocation] = told["invocations"]
        assert invocation["executionSuccessful"] is partial
        assert [(n["level"], n["message"]["text"]) for n in invocation["toolExecutionNotifications"]] == [
            (level, "not seen: pods (forbidden) Forbidden."),
            ("note", "TLS is off"),
        ]


def test_hostile_text_is_valid() -> None:
    assert len(run(hostile_outcome())["results"]) == 2
