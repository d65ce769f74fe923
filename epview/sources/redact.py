"""What a whole object may show: no credentials, no noise."""

from __future__ import annotations

from typing import Any, Final

from epview.core.masking import HIDDEN, mask_arguments, mask_urls, mask_words, secret_name

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def _named_values(values: list[Any], *, every: bool) -> list[Any]:
    """``[{name, value}]`` with the values masked: ``every`` one, or those whose name tells."""
    shown: list[Any] = []
    for value in values:
        masked = _redact(value)
        if isinstance(masked, dict) and "value" in masked:
            name = masked.get("name")
            if every or (isinstance(name, str) and secret_name(name)):
                masked["value"] = HIDDEN
        shown.append(masked)
    return shown


def _annotations(values: dict[Any, Any]) -> dict[Any, Any]:
    return {
        name: HIDDEN if isinstance(name, str) and secret_name(name.rpartition("/")[2]) else _redact(value)
        for name, value in values.items()
        if name != LAST_APPLIED
    }


def _field(name: Any, value: Any) -> Any:
    if isinstance(value, list):
        if name in ("env", "httpHeaders"):
            return _named_values(value, every=name == "env")
        if name in ("args", "command"):
            return [one if isinstance(one, str) else _redact(one) for one in mask_arguments(value)]
    if name == "path" and isinstance(value, str):
        return mask_words(value)  # of a probe, with a query perhaps
    if name == "annotations" and isinstance(value, dict):
        return _annotations(value)
    return _redact(value)


def _redact(tree: Any) -> Any:
    if isinstance(tree, str):
        return mask_urls(tree)
    if isinstance(tree, dict):
        return {name: _field(name, value) for name, value in tree.items() if name != "managedFields"}
    if isinstance(tree, list):
        return [_redact(value) for value in tree]
    return tree


def redact(tree: dict[str, Any]) -> dict[str, Any]:
    """A copy of a whole object fit to show.

    Dropped: ``managedFields`` and the last applied configuration. Masked: every ``env[].value``,
    arguments, queries, headers and annotations whose name speaks of a token, password, secret or key, and
    the userinfo of URLs.
    """
    shown: dict[str, Any] = _redact(tree)
    return shown
