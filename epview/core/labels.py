"""Label selectors as kubectl's ``-l`` takes them, compiled to one predicate.

Grammar: apimachinery pkg/labels: ``a=b``, ``a==b``, ``a!=b``, ``a in (b,c)``, ``a notin (b)``, ``a``,
``!a``, joined by commas. A missing key is not equal to, and not in, anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]

_SET: Final = re.compile(r"\s*(\S+?)\s+(in|notin)\s*\(([^)]*)\)\s*\Z")
_EQUAL: Final = re.compile(r"\s*([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)\s*\Z")
_KEY: Final = re.compile(r"\s*(!?)\s*([A-Za-z0-9][A-Za-z0-9./_-]*)\s*\Z")
_TOP: Final = re.compile(r",(?![^(]*\))")  # commas outside parentheses


def everything(_: Labels) -> bool:
    return True


def parse(selector: str) -> Test:
    """A test for a set of labels; an empty selector matches everything. ValueError names a bad part."""
    tests = [_requirement(term) for term in _TOP.split(selector) if term.strip()]
    if not tests:
        return everything
    return lambda labels: all(test(labels) for test in tests)


def _requirement(term: str) -> Test:
    if found := _SET.match(term):
        key, operator, raw = found.groups()
        values = {value.strip() for value in raw.split(",")}
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUAL.match(term):
        key, operator, value = found.groups()
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _KEY.match(term):
        absent, key = found.groups()
        return (lambda labels: key not in labels) if absent else (lambda labels: key in labels)
    raise ValueError(f"unable to parse requirement: found '{term.strip()}', expected: a label selector")
