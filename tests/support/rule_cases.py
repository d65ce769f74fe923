"""The case files of the rules (tests/rules/cases), as objects and as the View they make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from support.builders import NOW, view

from epview.core.objects import BY_KIND
from epview.core.view import View

CASES = Path(__file__).parents[1] / "rules" / "cases"
Case = dict[str, Any]
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(Loader):
    """YAML in which times stay strings, as the API has them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


@cache
def case_file(path: Path) -> list[Case]:
    return yaml.load(path.read_text("utf-8"), Loader=_Loader)["cases"]


def all_cases() -> Iterator[tuple[str, Case]]:
    """Each case with the id of the rule whose file it stands in."""
    for path in sorted(CASES.glob("*.yaml")):
        for case in case_file(path):
            yield path.stem, case


def case_objects(case: Case) -> list[dict[str, Any]]:
    """The case's objects with what nobody needs to read filled in."""
    made = []
    for tree in case["objects"]:
        kind = BY_KIND[tree["kind"]]
        version = kind.api.removeprefix("/apis/").removeprefix("/api/")
        at = {**({"namespace": "shop"} if kind.namespaced else {}), **tree["metadata"]}
        at.setdefault("uid", "/".join((kind.kind, at.get("namespace", ""), at["name"])))
        about = tree.get("involvedObject")
        if about is not None:
            about = {"kind": "Pod", "namespace": at["namespace"], **about}
            about.setdefault("uid", "/".join((about["kind"], about["namespace"], about["name"])))
            tree = {**tree, "involvedObject": about}
        made.append({"apiVersion": version, **tree, "metadata": at})
    return made


def judge(case: Case, *more_blind: str) -> View:
    """What epview makes of the case; ``more_blind`` are further resources that cannot be seen."""
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOW
    blind = {*case.get("blind", ()), *more_blind}
    return view(case_objects(case), now=now, blind=blind, controlled=case.get("controllers", True))
