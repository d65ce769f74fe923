"""A defect in one rule: its verdict is unknown, the others stand, and nothing is green."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from epview.core import rule
from epview.core.changes import Put
from epview.core.facts import Facts
from epview.core.objects import KINDS, Service, ServiceSpec, WrittenMeta
from epview.core.projector import Projector
from epview.core.view import Finding, Health, Phase, ResourceState, SourceInfo


def test_a_rule_that_fails_is_unknown_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Facts) -> Iterator[Finding]:
        raise ZeroDivisionError

    rules = {**rule.catalogue(), "EP999": rule.Rule("EP999", "broken", (99, 0), broken)}
    monkeypatch.setattr(rule, "catalogue", lambda: rules)
    projector = Projector()
    projector.apply(ResourceState(resource=kind.resource, phase=Phase.LIVE) for kind in KINDS)
    service = Service(
        metadata=WrittenMeta(name="rates", namespace="shop"),
        spec=ServiceSpec(type="ExternalName", external_name="rates.example"),
    )
    projector.apply([Put("Service", service)])

    view = projector.project(datetime(2026, 1, 15, 12, tzinfo=UTC), SourceInfo(kind="files"))

    [seen] = view.services.values()
    assert seen.health is Health.UNKNOWN
    assert "EP999" in seen.unknown_rules
    assert seen.gaps == ("rule EP999 (ZeroDivisionError)",)
