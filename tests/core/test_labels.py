"""Label selectors, as kubectl reads them."""

from __future__ import annotations

import pytest

from epview.core.labels import parse

WEB = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app=api", False),
        ("app!=api", True),
        ("app!=web", False),
        ("zone!=a", True),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("app in (web, api)", True),
        ("app in (api)", False),
        ("app notin (api)", True),
        ("zone notin (a)", True),
        ("app", True),
        ("zone", False),
        ("!zone", True),
        ("!app", False),
        ("app in (web,api),!zone", True),
    ],
)
def test_each_form(selector: str, matches: bool) -> None:
    assert parse(selector)(WEB) is matches


@pytest.mark.parametrize("selector", ["=", "app=web=x", "a b", "app in web"])
def test_what_is_no_selector_is_named(selector: str) -> None:
    with pytest.raises(ValueError, match="unable to parse requirement"):
        parse(selector)
