"""The manifests of least privilege hold exactly what is watched, and the logs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from epview import cli
from epview.core.objects import KINDS
from epview.reports.rbac import manifest

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


@pytest.mark.parametrize(("name", "namespace"), [("clusterrole.yaml", None), ("role.yaml", "")])
def test_the_files_are_what_the_command_prints(name: str, namespace: str | None):
    """`epview rbac`; for the Role without a namespace, since nobody knows the reader's."""
    assert (FOLDER / name).read_text("utf-8") == manifest(namespace)


def test_the_command(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["rbac", "-n", "shop"]) == 0
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed)["metadata"] == {"name": "epview", "namespace": "shop"}
    assert "--role=epview" in printed
    with pytest.raises(SystemExit, match="2"):
        cli.main(["rbac", "-n", "shop\nkind: ClusterRole"])
    assert "cannot be the name of a namespace" in capsys.readouterr().err
