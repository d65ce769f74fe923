"""Every rule against the case files: each case is judged by all rules, so a noisy rule fails another's.

A case file ``cases/EPnnn.yaml`` holds a list under ``cases``. A case has a ``name``, ``objects`` (API
objects; apiVersion and a uid are filled in, and so are Endpoints and EndpointSlices where a Service has
none: what the controllers write), and ``expect``: for "namespace/name" of each Service in it the exact
``raised`` ids and, where they matter, ``headline``, ``severity``, ``folded``, ``unknown`` (at least these),
``says`` (a part of the headline's sentence). "-" stands for findings that belong to no Service. ``blind`` names
resources that cannot be seen, ``controllers: false`` leaves the objects as they are, ``now`` is the time.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from support.builders import folded, raised
from support.rule_cases import CASES, all_cases, case_file, judge

from epview.core.objects import KINDS, Key
from epview.core.rule import catalogue
from epview.core.view import Health, ServiceView, View

MODULES = Path(__file__).parents[2] / "epview" / "core" / "rules"
HEADINGS = ("What it means", "Why it happens", "How to see it yourself", "What to do", "References")


def _told(found: ServiceView | None, found_view: View) -> dict[str, Any]:
    if found is None:
        return {"raised": sorted({f.rule for f in found_view.findings})}
    return {
        "raised": sorted(raised(found)),
        "headline": found.headline.rule if found.headline else None,
        "severity": found.health.value,
        "folded": sorted(folded(found)),
        "unknown": sorted(found.unknown_rules),
        "says": found.headline.message if found.headline else "",
    }


@pytest.mark.parametrize(
    ("name", "case"), [pytest.param(n, c, id=f"{n}: {c['name']}") for n, c in all_cases()]
)
def test_case(name: str, case: dict[str, Any]) -> None:
    result = judge(case)
    services = {str(key) for key in result.services}
    assert services == set(case["expect"]) - {"-"}, "every Service of the case needs its expectation"
    for key, wanted in case["expect"].items():
        told = _told(result.services.get(Key(*key.split("/")) if key != "-" else Key("", "")), result)
        for aspect, value in wanted.items():
            if aspect == "says":
                assert value in told["says"], (key, told)
            elif aspect == "unknown":
                assert set(value) <= set(told["unknown"]), (key, told)
            else:
                expected = sorted(value) if isinstance(value, list) else value
                assert told[aspect] == expected, (key, aspect, told)


@pytest.mark.parametrize("rule", sorted(catalogue()))
def test_a_rule_has_cases_and_is_raised_and_clear_in_them(rule: str) -> None:
    path = CASES / f"{rule}.yaml"
    assert path.exists(), f"{rule} needs a case file"
    outcomes = defaultdict(int)
    for case in case_file(path):
        for wanted in case["expect"].values():
            outcomes["raised" if rule in wanted["raised"] else "clear"] += rule not in wanted.get(
                "unknown", []
            )
    assert outcomes["raised"], f"{rule} is raised in none of its own cases"
    assert outcomes["clear"], f"{rule} stays clear in none of its own cases"
    assert len(case_file(path)) >= 3, f"{rule} needs a raised case, a near miss and a tricky one"


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.yaml")))
def test_no_case_file_without_its_rule(name: str) -> None:
    assert name in catalogue()


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(n, c, id=f"{n}: {c['name']}") for n, c in all_cases() if not c.get("blind")],
)
def test_what_is_raised_never_becomes_clear_by_closing_an_eye(name: str, case: dict[str, Any]) -> None:
    """Without one of its resources a rule is still raised or unknown, and nothing is green."""
    full = judge(case)
    for kind in KINDS:
        if kind.resource == "services" or not kind.required:
            continue
        partial = judge(case, kind.resource)
        for key, before in full.services.items():
            after = partial.services[key]
            open_before = {f.rule for f in before.findings if f.severity.value != "info" and not f.folded}
            lost = open_before - raised(after) - set(after.unknown_rules)
            assert not lost, f"{key} without {kind.resource}: {lost} are taken for clear"
            if open_before:
                assert after.health not in (Health.OK, Health.INFO), f"{key} is green without {kind.resource}"


@pytest.mark.parametrize("rule", sorted(catalogue()))
def test_a_rule_that_needs_what_cannot_be_seen_is_unknown(rule: str) -> None:
    """With nothing but Services in sight, a rule raised in its cases says unknown, or needs only Services."""
    resources = [kind.resource for kind in KINDS if kind.resource != "services"]
    for case in case_file(CASES / f"{rule}.yaml"):
        full, partial = judge(case), judge(case, *resources)
        for key, before in full.services.items():
            if rule in raised(before):
                after = partial.services[key]
                assert rule in raised(after) | set(after.unknown_rules), (case["name"], key)


@pytest.mark.parametrize("path", sorted(MODULES.glob("ep*.py")), ids=lambda path: path.stem)
def test_a_module_is_named_after_its_rule_and_carries_its_page(path: Path) -> None:
    id_ = path.stem.split("_")[0].upper()
    rule = catalogue()[id_]
    assert rule.id == id_
    headings = [line.removeprefix("# ") for line in rule.doc.splitlines() if line.startswith("# ")]
    assert tuple(headings) == HEADINGS
    assert rule.doc.splitlines()[0].endswith(".")
    assert rule.title


def test_no_two_modules_share_an_id() -> None:
    assert len(list(MODULES.glob("ep*.py"))) == len(catalogue())


def test_what_is_folded_exists_in_the_catalogue_of_ids() -> None:
    for rule in catalogue().values():
        assert rule.id not in rule.folds
        assert all(id_.startswith("EP") and id_[2:].isdigit() for id_ in rule.folds)


def test_no_two_rules_share_a_place_in_the_order() -> None:
    ranks = [rule.rank for rule in catalogue().values()]
    assert len(ranks) == len(set(ranks))
