"""LIST: pages, continue tokens, resourceVersion semantics, as the API concepts page defines them.

Token format: apiserver pkg/storage/continue.go, base64 of ``{"v","rv","start"}``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from epview.demo.requests import Request, Route
from epview.demo.resources import Json
from epview.demo.selectors import Predicate, compile_selectors
from epview.demo.status import ApiError, bad_request, expired, invalid_options, too_large_version
from epview.demo.store import Entry, ExpiredError, Snapshot, Store, in_namespace

_FORMAT: Final = "meta.k8s.io/v1"
_TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new"
    " list without the continue parameter, or use the continue token in this response to retrieve the"
    " remainder of the results. Continuing with the provided token results in an inconsistent list -"
    " objects that were created, modified, or deleted between the time the first chunk was returned and"
    " now may show up in the list."
)


class Page(Struct, frozen=True):
    """One answer's objects and the metadata of the list."""

    entries: Sequence[Entry]
    metadata: Json


def list_page(store: Store, where: Route, request: Request) -> Page:
    """The objects a LIST asks for. Raises `ApiError`."""
    check_versions(request)
    test = selectors_of(where, request)
    token = request.query.get("continue", "")
    limit = request.number("limit") or 0
    if token:
        version, relative = _decode_continue(token)
        start = f"{where.namespace}{relative}" if where.namespace else relative.removeprefix("/")
        snapshot = _past(store, where, version, relative, token=True)
    else:
        start = ""
        snapshot = _asked(store, where, request)
        if request.version == "0":
            limit = 0  # answered from the watch cache, which does not page
    entries = in_namespace(snapshot, where.namespace, start)
    if test:
        entries = [entry for entry in entries if test(entry)]
    metadata: Json = {"resourceVersion": str(snapshot.version)}
    if limit and len(entries) > limit:
        last = entries[limit - 1]
        following = f"/{last.name if where.namespace else last.key}\0"  # relative to what was listed
        metadata["continue"] = _encode_continue(snapshot.version, following)
        if test is None:  # with a selector the rest cannot be counted
            metadata["remainingItemCount"] = len(entries) - limit
        entries = entries[:limit]
    return Page(entries, metadata)


def selectors_of(where: Route, request: Request) -> Predicate | None:
    """The request's label and field selector as one test. Raises `ApiError`."""
    labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    return compile_selectors(where.resource, labels, fields)


def check_versions(request: Request) -> None:
    """The combinations ListOptions forbids."""
    match = request.query.get("resourceVersionMatch", "")
    field = "resourceVersionMatch"
    if not match:
        if "sendInitialEvents" in request.query and request.flag("watch"):
            raise invalid_options(
                field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            )
        return
    if request.flag("watch"):
        if "sendInitialEvents" not in request.query:
            raise invalid_options(
                field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            )
        return
    if not request.query.get("resourceVersion"):
        raise invalid_options(field, "resourceVersionMatch is forbidden unless resourceVersion is provided")
    if request.query.get("continue"):
        raise invalid_options(field, "resourceVersionMatch is forbidden when continue is provided")
    if match == "Exact" and request.version == "0":
        raise invalid_options(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')


def _asked(store: Store, where: Route, request: Request) -> Snapshot:
    asked = int(request.version or 0)
    if asked > store.version:
        raise too_large_version(asked, store.version)
    if asked and request.query.get("resourceVersionMatch") == "Exact":
        return _past(store, where, asked, "", token=False)
    return store.snapshot(where.resource.name)


def _past(store: Store, where: Route, version: int, start: str, *, token: bool) -> Snapshot:
    if version < 0:  # the inconsistent token of an earlier 410: go on with what is there now
        return store.snapshot(where.resource.name)
    try:
        return store.snapshot(where.resource.name, version)
    except ExpiredError:
        if token:
            raise expired(_TOO_OLD, {"continue": _encode_continue(-1, start)}) from None
        raise expired("The resourceVersion for the provided list is too old.") from None


def _encode_continue(version: int, start: str) -> str:
    text = json.dumps({"v": _FORMAT, "rv": version, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode_continue(token: str) -> tuple[int, str]:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None
    try:
        found = json.loads(raw)
        return int(found["rv"]), str(found["start"])
    except (ValueError, KeyError, TypeError):
        raise _bad_token(raw) from None


def _bad_token(raw: bytes) -> ApiError:
    first = raw.decode("latin-1")[:1]
    return bad_request(
        "invalid continue token: continue key is not valid:"
        f" invalid character '{first}' looking for beginning of value"
    )
