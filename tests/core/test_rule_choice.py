"""Only some rules asked: health, headline, folding and what is unknown all follow from those alone."""

from __future__ import annotations

from collections.abc import Container

import pytest
from support.builders import INFO, NOW, Tree, changes, endpoints, http_get, pod, service, states

from epview.core.changes import Change, Put
from epview.core.objects import BY_RESOURCE, Key
from epview.core.projector import Projector
from epview.core.view import ServiceView, View

WEB = Key("shop", "web")
FAILING = (service(), pod(ready=False, readiness=http_get()))


def seen(trees: tuple[Tree, ...], rules: Container[str] | None, *more: Change) -> View:
    projector = Projector(rules=rules)
    projector.apply([*changes(trees), *more])
    return projector.project(NOW, INFO)


def web(trees: tuple[Tree, ...], rules: Container[str] | None) -> ServiceView:
    return seen(trees, rules).services[WEB]


def found(view: ServiceView) -> list[tuple[str, bool]]:
    return [(finding.rule, finding.folded) for finding in view.findings]


def test_all_rules_count_unless_some_are_named() -> None:
    view = web(FAILING, None)
    assert ("EP303", False) in found(view)
    assert ("EP301", True) in found(view)


def test_a_consequence_without_its_cause_stands_for_itself() -> None:
    view = web(FAILING, {"EP301"})
    assert found(view) == [("EP301", False)]
    assert view.headline is not None
    assert (view.headline.rule, view.health) == ("EP301", "error")


def test_the_headline_moves_on_and_the_last_one_gone_is_well() -> None:
    assert found(web(FAILING, {"EP303"})) == [("EP303", False)]
    nothing = web(FAILING, set())
    assert (nothing.findings, nothing.headline, nothing.health) == ((), None, "ok")


def test_what_belongs_to_no_service_is_chosen_too() -> None:
    orphan = (*FAILING, endpoints("legacy", ready=["192.168.1.1"]))
    assert [f.rule for f in seen(orphan, None).findings] == ["EP507"]
    assert seen(orphan, {"EP303"}).findings == ()


@pytest.mark.parametrize("resource", ["pods", "endpointslices"])
def test_a_rule_that_is_not_asked_is_not_unknown(resource: str) -> None:
    projector = Projector(rules={"EP108"})
    kind = BY_RESOURCE[resource].kind
    projector.apply(c for c in changes(FAILING) if not (isinstance(c, Put) and c.kind == kind))
    projector.apply(states([resource]))
    assert projector.project(NOW, INFO).services[WEB].unknown_rules == ()
