"""JUnit XML: valid for its readers whatever the cluster says, and counting what the exit code counts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from support.outcomes import finding, hostile_outcome, outcome, service, written

from epview.core.view import Evidence, Health, Severity
from epview.reports.outcome import Outcome

WARNING, INFO = Severity.WARNING, Severity.INFO
ORPHAN = finding("EP507", INFO, "orphan", objects=("Endpoints/shop/legacy",))
MIXED = (
    service("web", finding(), finding("EP302", WARNING, "some"), finding("EP301", folded=True)),
    service("so-so", finding("EP303", WARNING, "so-so")),
    service("well"),
    service("blind", health=Health.UNKNOWN, gaps=("pods",)),
    service("db", finding("EP102"), namespace="legacy"),
)


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(Path(__file__).parent / "schemas" / "junit.xsd"))


def suites(shown: Outcome, encoding: str = "utf-8") -> dict[str, ET.Element]:
    """The suites by name, of a document that is valid and whose counts are right."""
    text = written("junit", shown, encoding)
    schema().validate(text)
    root = ET.fromstring(text.encode(encoding))
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for attribute, result in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(sum(case.find(result) is not None for case in cases))
    return {suite.get("name", ""): suite for suite in root}


def results(suite: ET.Element) -> dict[str, str]:
    return {case.get("name", ""): case[0].tag if len(case) else "" for case in suite.findall("testcase")}


def test_a_suite_a_namespace_and_a_case_a_service() -> None:
    found = suites(outcome(*MIXED))
    assert list(found) == ["legacy", "shop"]
    assert results(found["shop"]) == {"web": "failure", "so-so": "", "well": "", "blind": "skipped"}
    assert {case.get("classname") for case in found["shop"].iter("testcase")} == {"shop"}
    assert found["shop"].get("timestamp") == "2026-01-15T12:00:00"
    assert found["shop"].get("hostname") == "api.example"


@pytest.mark.parametrize(
    ("threshold", "failures"),
    [(Severity.ERROR, {"web"}), (WARNING, {"web", "so-so"}), (INFO, {"web", "so-so"}), (None, set())],
)
def test_the_threshold_decides_what_fails(threshold: Severity | None, failures: set[str]) -> None:
    told = results(suites(outcome(*MIXED, fail_on=threshold))["shop"])
    assert {name for name, result in told.items() if result == "failure"} == failures


def test_one_failure_tells_all_that_counts_and_the_rest_is_told_beside_it() -> None:
    shop = suites(outcome(*MIXED, fail_on=WARNING))["shop"]
    failure = shop.find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("EP303", "it fails")
    assert failure.text is not None
    assert "error EP303: it fails" in failure.text
    assert "warning EP302: some" in failure.text
    assert "EP301" not in failure.text
    assert "  Pod/shop/web-1 status: it fails" in failure.text
    assert "  $ kubectl describe it fails" in failure.text
    below = suites(outcome(*MIXED))["shop"].findtext("system-out") or ""
    assert "shop/so-so: warning EP303: so-so" in below
    assert "EP301" not in below


def test_the_failure_leads_with_what_counts_not_with_a_lesser_headline() -> None:
    mixed = service("web", finding("EP303", WARNING, "lesser"), finding("EP401", text="worse"))
    failure = suites(outcome(mixed))["shop"].find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("EP401", "worse")


def test_findings_without_a_service() -> None:
    below = suites(outcome(orphans=(ORPHAN,)))["findings without a Service"]
    assert results(below) == {"legacy (EP507)": ""}
    assert (below.findtext("system-out") or "").startswith("Endpoints/shop/legacy: info EP507: orphan")
    failing = suites(outcome(orphans=(ORPHAN,), fail_on=INFO))["findings without a Service"]
    assert results(failing) == {"legacy (EP507)": "failure"}


def test_gaps_are_errors_until_agreed_to() -> None:
    for partial, result in ((False, "error"), (True, "skipped")):
        shown = outcome(service(), blind={"pods": "Forbidden."}, allow_partial=partial)
        suite = suites(shown)["what could not be seen"]
        assert results(suite) == {"pods": result}
        assert suite[1][0].get("message") == "not seen: pods (forbidden) Forbidden."


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_hostile_text_is_valid_in_every_encoding(encoding: str) -> None:
    assert len(suites(hostile_outcome(), encoding)) == 4


@pytest.mark.parametrize("code", [0, 0x0B, 0x1F, 0xFFFE, 0xFFFF, 0xD800])
def test_what_xml_cannot_carry_is_replaced(code: int) -> None:
    text = f"a{chr(code)}b"
    shown = outcome(
        service("web", finding(text=text, evidence=(Evidence(object=text, field=text, value=text),)))
    )
    failure = suites(shown)["shop"].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "a\ufffdb"
