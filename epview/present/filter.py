"""What ``/`` understands: plain text, ``!text``, ``/regex/``, ``key=value`` labels, several at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from epview.core.view import ServiceView

NO_LABELS: Mapping[str, str] = {}
Test = Callable[[str, Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter. ``error`` is a sentence about what could not be read; such a filter hides nothing."""

    text: str = ""
    tests: tuple[Test, ...] = ()
    error: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)

    def matches(self, haystack: str, labels: Mapping[str, str] = NO_LABELS) -> bool:
        """Whether all parts hold; ``haystack`` is expected in lower case."""
        return all(test(haystack, labels) for test in self.tests)


def parse(text: str) -> Filter:
    """Words must all match. ``/a b/`` is one regular expression, ``!`` before a word turns it round."""
    text = text.strip()
    try:
        tests = [_test(part) for part in _parts(text)]
    except re.error as error:
        return Filter(text, (), f"not a regular expression: {error}")
    return Filter(text, tuple(tests))


def _parts(text: str) -> list[str]:
    if re.fullmatch(r"!?/.*", text):
        return [text]
    return text.split()


def _test(part: str) -> Test:
    if part.startswith("!") and len(part) > 1:
        inner = _test(part[1:])
        return lambda haystack, labels: not inner(haystack, labels)
    if part.startswith("/"):
        pattern = re.compile(part[1:].removesuffix("/"), re.IGNORECASE)
        return lambda haystack, _: pattern.search(haystack) is not None
    if "=" in part:
        return _label_test(part)
    needle = part.lower()
    return lambda haystack, _: needle in haystack


def _label_test(part: str) -> Test:
    """``app=web``, ``app!=web``; an unfinished ``app=`` asks only for the key while it is typed."""
    key, _, value = part.partition("=")
    negated = key.endswith("!")
    key, value = key.removesuffix("!"), value.removeprefix("=")
    if negated:
        return lambda _, labels: labels.get(key) != value
    if not value:
        return lambda _, labels: key in labels
    return lambda _, labels: labels.get(key) == value


def haystack(view: ServiceView) -> str:
    """What plain text is looked for in: namespace, name, why, type, addresses and ports."""
    why = view.headline.message if view.headline else ""
    ports = " ".join(f"{port.name} {port.port}" for port in view.ports)
    ips = " ".join(view.cluster_ips)
    return f"{view.namespace}/{view.name} {why} {view.type} {view.backed_by} {ips} {ports}".lower()


def labels_of(view: ServiceView) -> Mapping[str, str]:
    """What ``key=value`` is looked for in: the Service's labels, and its selector beneath them."""
    return {**(view.selector or {}), **view.labels}
