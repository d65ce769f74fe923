import pytest

from epview.core.objects import Key
from epview.core.view import Finding, ServiceView, Severity
from epview.present.filter import haystack, labels_of, parse

VIEW = ServiceView(
    key=Key("shop", "checkout"),
    labels={"team": "pay"},
    selector={"app": "checkout"},
    cluster_ips=("10.96.12.7",),
    headline=Finding(rule="EP303", severity=Severity.ERROR, message="Readiness answers 503"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", True),
        ("check", True),
        ("CHECK", True),
        ("shop/che", True),
        ("503", True),
        ("10.96.12", True),
        ("cart", False),
        ("!cart", True),
        ("!check", False),
        ("check !cart", True),
        ("check cart", False),
        ("/^shop.*out/", True),
        ("/a b$/", False),
        ("!/503$/", True),
        ("app=checkout", True),
        ("team=pay", True),
        ("team==pay", True),
        ("team=", True),
        ("team=other", False),
        ("team!=other", True),
        ("nothing=", False),
        ("!", False),
    ],
)
def test_what_a_filter_finds(text, found):
    assert parse(text).matches(haystack(VIEW), labels_of(VIEW)) is found


def test_an_unfinished_regular_expression_hides_nothing_and_says_why():
    asked = parse("/che(/")
    assert asked.error.startswith("not a regular expression")
    assert asked.matches(haystack(VIEW))
