"""Command lines and URLs fit to show: what looks like a credential is masked.

By names, since nothing else tells: whatever is called a token, password, secret or key, bearer headers, and
the userinfo of URLs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

HIDDEN: Final = "•••"

_TELLING: Final = r"(?:token|passw(?:or)?d|passphrase|secret|credential|auth(?:orization)?|cookie|key)s?"
_SECRET_NAME: Final = re.compile(_TELLING, re.IGNORECASE)
# Bounded: a script of a megabyte without a space must not take quadratic time.
_TELLING_WORD: Final = rf"(?<![\w.-])[\w.-]{{0,64}}{_TELLING}[\w.-]{{0,64}}"
_VALUE: Final = r"(?:(?:bearer|basic)\s+)?(?:'[^']*'|\"[^\"]*\"|\S+)"
_ASSIGNMENT: Final = re.compile(rf"({_TELLING_WORD}\s?[=:]\s?|(?=-){_TELLING_WORD}\s){_VALUE}", re.IGNORECASE)
_FLAG: Final = re.compile(rf"-{{1,2}}[\w.-]{{0,64}}{_TELLING}[\w.-]{{0,64}}", re.IGNORECASE)
_BEARER: Final = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
_USERINFO: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@")


def secret_name(name: str) -> bool:
    """Whether what bears this name had better not be shown."""
    return _SECRET_NAME.search(name) is not None


def mask_urls(text: str) -> str:
    """``text`` without the userinfo of URLs (``postgres://user:pass@db``)."""
    return _USERINFO.sub(rf"\1{HIDDEN}@", text) if "://" in text else text


def mask_words(text: str) -> str:
    """``text`` of a shell or a URL: as `mask_urls`, and ``PASSWORD=x``, ``--token x``, bearer headers."""
    return _BEARER.sub(rf"\1 {HIDDEN}", _ASSIGNMENT.sub(rf"\1{HIDDEN}", mask_urls(text)))


def mask_arguments(values: Iterable[Any]) -> list[Any]:
    """A command line, as `mask_words`; also ``--token``, ``x`` in two arguments. Others than text stay."""
    shown: list[Any] = []
    after_flag = False
    for value in values:
        if not isinstance(value, str):
            shown.append(value)
            continue
        shown.append(HIDDEN if after_flag and not value.startswith("-") else mask_words(value))
        after_flag = _FLAG.fullmatch(value) is not None
    return shown
