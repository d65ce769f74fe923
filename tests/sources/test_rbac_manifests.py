"""The manifests of least privilege hold exactly what is watched, and the logs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from epview.core.objects import KINDS

FOLDER = Path(__file__).parents[2] / "docs" / "rbac"


def rights(name: str) -> dict[tuple[str, str], set[str]]:
    """For each (group, resource) its verbs; nothing may stand twice."""
    found: dict[tuple[str, str], set[str]] = {}
    for rule in yaml.safe_load((FOLDER / name).read_text("utf-8"))["rules"]:
        assert set(rule) == {"apiGroups", "resources", "verbs"}
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                assert (group, resource) not in found
                found[group, resource] = set(rule["verbs"])
    return found


@pytest.mark.parametrize(("name", "everywhere"), [("clusterrole.yaml", True), ("role.yaml", False)])
def test_exactly_what_is_watched(name: str, everywhere: bool):
    watched = [kind for kind in KINDS if kind.namespaced or everywhere]
    groups = [kind.version.rpartition("/")[0] for kind in watched]
    expected = {
        (group, kind.resource): {"get", "list", "watch"} for group, kind in zip(groups, watched, strict=True)
    }
    assert rights(name) == expected | {("", "pods/log"): {"get"}}
