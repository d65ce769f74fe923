"""What a whole object may show: no credentials, no noise."""

from __future__ import annotations

import re
from typing import Any, Final

HIDDEN: Final = "•••"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_TELLING: Final = r"(?:token|passw(?:or)?d|passphrase|secret|credential|auth(?:orization)?|cookie|key)s?"
_SECRET_NAME: Final = re.compile(_TELLING, re.IGNORECASE)
# Bounded: a script of a megabyte without a space must not take quadratic time.
_TELLING_WORD: Final = rf"(?<![\w.-])[\w.-]{{0,64}}{_TELLING}[\w.-]{{0,64}}"
_VALUE: Final = r"(?:(?:bearer|basic)\s+)?(?:'[^']*'|\"[^\"]*\"|\S+)"
_ASSIGNMENT: Final = re.compile(rf"({_TELLING_WORD}\s?[=:]\s?|(?=-){_TELLING_WORD}\s){_VALUE}", re.IGNORECASE)
_FLAG: Final = re.compile(rf"-{{1,2}}[\w.-]{{0,64}}{_TELLING}[\w.-]{{0,64}}", re.IGNORECASE)
_BEARER: Final = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
_USERINFO: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@")


def redact_text(text: str) -> str:
    """``text`` without the userinfo of URLs (``postgres://user:pass@db``)."""
    return _USERINFO.sub(rf"\1{HIDDEN}@", text) if "://" in text else text


def _argument(text: str) -> str:
    return _BEARER.sub(rf"\1 {HIDDEN}", _ASSIGNMENT.sub(rf"\1{HIDDEN}", redact_text(text)))


def _arguments(values: list[Any]) -> list[Any]:
    """A command line: ``--token=x``, ``--token x``, ``PASSWORD=x`` and bearer headers are masked."""
    shown: list[Any] = []
    after_flag = False
    for value in values:
        if not isinstance(value, str):
            shown.append(_redact(value))
            continue
        shown.append(HIDDEN if after_flag and not value.startswith("-") else _argument(value))
        after_flag = _FLAG.fullmatch(value) is not None
    return shown


def _named_values(values: list[Any], *, every: bool) -> list[Any]:
    """``[{name, value}]`` with the values masked: ``every`` one, or those whose name tells."""
    shown: list[Any] = []
    for value in values:
        masked = _redact(value)
        if isinstance(masked, dict) and "value" in masked:
            name = masked.get("name")
            if every or (isinstance(name, str) and _SECRET_NAME.search(name)):
                masked["value"] = HIDDEN
        shown.append(masked)
    return shown


def _annotations(values: dict[Any, Any]) -> dict[Any, Any]:
    return {
        name: HIDDEN
        if isinstance(name, str) and _SECRET_NAME.search(name.rpartition("/")[2])
        else _redact(value)
        for name, value in values.items()
        if name != LAST_APPLIED
    }


def _field(name: Any, value: Any) -> Any:
    if isinstance(value, list):
        if name in ("env", "httpHeaders"):
            return _named_values(value, every=name == "env")
        if name in ("args", "command"):
            return _arguments(value)
    if name == "annotations" and isinstance(value, dict):
        return _annotations(value)
    return _redact(value)


def _redact(tree: Any) -> Any:
    if isinstance(tree, str):
        return redact_text(tree)
    if isinstance(tree, dict):
        return {name: _field(name, value) for name, value in tree.items() if name != "managedFields"}
    if isinstance(tree, list):
        return [_redact(value) for value in tree]
    return tree


def redact(tree: dict[str, Any]) -> dict[str, Any]:
    """A copy of a whole object fit to show.

    Dropped: ``managedFields`` and the last applied configuration. Masked: every ``env[].value``,
    arguments, headers and annotations whose name speaks of a token, password, secret or key, and the
    userinfo of URLs.
    """
    shown: dict[str, Any] = _redact(tree)
    return shown
