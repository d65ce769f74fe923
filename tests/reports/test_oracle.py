"""The oracle beside the checkout: worlds that the real controllers wrote, and what must be found in them.

Rules that the catalogue has and this version has not yet are computed, never listed by hand: a scenario
that needs one is held to the rest of its expectation.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from epview import cli
from epview.core.rule import catalogue
from epview.demo.demo import DemoCluster
from epview.reports.report import schema

ORACLE = Path(__file__).parents[3] / "shared" / "oracle"

if not (ORACLE / "index.json").exists():
    pytest.skip("no oracle beside the checkout", allow_module_level=True)

SCENARIOS: list[dict[str, Any]] = json.loads((ORACLE / "index.json").read_text("utf-8"))["scenarios"]
EXISTING = frozenset(catalogue())
MISSING = frozenset(id_ for s in SCENARIOS for id_ in s["expected"]) - EXISTING
VALIDATOR = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s["name"])


@cache
def _text(name: str) -> str:
    return (ORACLE / f"{name}.json").read_text("utf-8")


def check(*arguments: str) -> tuple[int, dict[str, Any]]:
    """`epview check … -o json --fail-on never`: the exit code and the report, held against its schema."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = cli.main(["check", *arguments, "-o", "json", "--fail-on", "never"])
    report = json.loads(out.getvalue())
    VALIDATOR.validate(report)
    return code, report


def compare(scenario: dict[str, Any], report: dict[str, Any], namespace: str, name: str) -> None:
    """Everything the scenario promises of a Service, as far as its rules exist."""
    service = next(s for s in report["services"] if (s["namespace"], s["name"]) == (namespace, name))
    raised = {finding["rule"] for finding in service["findings"]}
    folded = {finding["rule"] for finding in service["findings"] if finding["folded"]}
    expected = set(scenario["expected"])
    assert (expected & EXISTING) <= raised
    forbidden = set(scenario["forbidden"])
    if expected <= EXISTING:
        assert not raised & forbidden
        headline = service["headline"]["rule"] if service["headline"] else None
        assert (headline, service["health"]) == (scenario["headline"], scenario["severity"])
        assert set(scenario["folded"]) <= folded
    elif scenario["headline"] in EXISTING:
        assert not raised & forbidden
    # else: without its headline rule the scenario may only show what that rule would replace


def place(scenario: dict[str, Any]) -> tuple[str, str]:
    namespace, _, name = scenario["service"].rpartition("/")
    return namespace or scenario["namespace"], name


@every_scenario
def test_scenario(scenario: dict[str, Any]) -> None:
    file = str(ORACLE / f"{scenario['name']}.json")
    judged(scenario, *check("-f", file, "--now", scenario["now"]))


@every_scenario
def test_scenario_of_a_live_cluster(scenario: dict[str, Any], tmp_path: Path) -> None:
    """The same objects from an API server, listed and watched over HTTP, at the server's own time."""
    objects = json.loads(_text(scenario["name"]))["items"]
    now = datetime.fromisoformat(scenario["now"])
    with DemoCluster(objects=objects, controlled=False, frozen_at=now) as cluster:
        kubeconfig = str(cluster.kubeconfig(tmp_path / "kubeconfig"))
        judged(scenario, *check("-A", "--kubeconfig", kubeconfig))


def judged(scenario: dict[str, Any], code: int, report: dict[str, Any]) -> None:
    assert code == 0
    assert report["complete"]
    kind, _, name = scenario["service"].rpartition("/")
    if kind == "Endpoints":
        about = [f for f in report["findings"] if f"{kind}/{scenario['namespace']}/{name}" in f["objects"]]
        assert {f["rule"] for f in about} == set(scenario["expected"]) & EXISTING
    else:
        compare(scenario, report, *place(scenario))


def test_what_is_not_implemented_is_known(record_property: Any) -> None:
    """Visible in the report of the run, and only ids that some scenario has as its own subject."""
    record_property("not implemented", sorted(MISSING))
    assert all(re.fullmatch(r"EP\d{3}", id_) for id_ in MISSING)


# -- the same worlds under other names -------------------------------------------------------------


def renamed(tree: Any, names: Mapping[str, str]) -> Any:
    """The same objects with whole words renamed, in keys of labels and in values alike.

    Only what people choose: namespaces, label values, names of objects. Fields and kinds stay.
    """
    pattern = re.compile(r"(?<![A-Za-z0-9])(" + "|".join(map(re.escape, names)) + r")(?![A-Za-z0-9])")

    def walk(node: Any, key: str = "") -> Any:
        if isinstance(node, dict):
            return {k: walk(v, k) for k, v in node.items()}
        if isinstance(node, list):
            return [walk(item, key) for item in node]
        if isinstance(node, str) and key not in ("kind", "apiVersion", "type", "reason", "message", "image"):
            return pattern.sub(lambda match: names[match[1]], node)
        return node

    return walk(tree)


@pytest.mark.parametrize(
    "scenario",
    [s for s in SCENARIOS if not s["service"].startswith(("Endpoints/", "default/"))],
    ids=lambda s: s["name"],
)
def test_other_names_give_the_same_answer(scenario: dict[str, Any], tmp_path: Path) -> None:
    names = {
        "shop": "emporium",
        "staging": "rehearsal",
        "web": "storefront",
        "db": "ledger-main",
        "my-external-db": "my-outside-ledger",
        "my-externaldb": "my-outsideledger",
        "api": "backplane",
        "report": "dossier",
        "http": "plain",
    }
    text = re.sub(
        r"(?<!\d)(8080|5432|9187|9090)(?!\d)", lambda m: str(int(m[1]) + 10000), _text(scenario["name"])
    )
    objects = renamed(json.loads(text), names)
    (tmp_path / "world.json").write_text(json.dumps(objects), "utf-8")
    code, report = check("-f", str(tmp_path / "world.json"), "--now", scenario["now"])
    assert code == 0
    namespace, name = place(scenario)
    compare(scenario, report, names.get(namespace, namespace), renamed(name, names))


def _moved(scenario: dict[str, Any], number: int) -> dict[str, Any]:
    """A scenario in namespaces, nodes, addresses and uids of its own, so that many fit into one world."""
    text = _text(scenario["name"])
    text = re.sub(r'"uid": ?"([^"]+)"', rf'"uid": "{number}-\1"', text)
    text = re.sub(r"\b10\.(\d+)\.(\d+)\.(\d+)\b", rf"{number}.\1.\2.\3", text)
    text = re.sub(r"\bnode-([abc])\b", rf"node-\1-{number}", text)
    tree: dict[str, Any] = json.loads(text)
    for item in tree["items"]:
        _to_namespace(item, number)
    return tree


def _to_namespace(node: Any, number: int) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("namespace"), str):
            node["namespace"] += f"-{number}"
        for key, value in node.items():
            if key == "externalName":
                node[key] = value.replace(".shop.", f".shop-{number}.")
            _to_namespace(value, number)
    elif isinstance(node, list):
        for value in node:
            _to_namespace(value, number)


def test_all_scenarios_in_one_world_give_the_same_answers(tmp_path: Path) -> None:
    """Neighbours change nothing: each scenario in its own namespace of one cluster."""
    together = [s for s in SCENARIOS if not s["service"].startswith(("Endpoints/", "default/"))]
    # pods of another namespace with the same labels are a near miss, and are meant to be one
    for number, scenario in enumerate(together, 20):
        (tmp_path / f"{number}.json").write_text(json.dumps(_moved(scenario, number)), "utf-8")
    code, report = check("-f", str(tmp_path), "--now", "2026-01-15T12:00:00Z")
    assert code == 0
    for number, scenario in enumerate(together, 20):
        namespace, name = place(scenario)
        compare(scenario, report, f"{namespace}-{number}", name)
