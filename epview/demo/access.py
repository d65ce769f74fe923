"""Who may ask what: two users with bearer tokens, fresh ones for each start of the server.

``admin`` may read everything. ``viewer`` may read Services, Endpoints, EndpointSlices and Pods of
one namespace: no events, no nodes, nothing elsewhere. That is how a restricted account looks.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from epview.demo.resources import Resource
from epview.demo.status import ApiError, forbidden, forbidden_path, unauthorized

ADMIN: Final = "demo-admin"
VIEWER: Final = "demo-viewer"
ANONYMOUS: Final = "system:anonymous"
_VIEWABLE: Final = frozenset({"services", "endpoints", "endpointslices", "pods", "pods/log"})
_PUBLIC: Final = frozenset({"/version", "/healthz", "/livez", "/readyz"})


class Attributes(Struct, frozen=True):
    """What a request wants, as an authorizer sees it. Without a resource it is about a ``path``."""

    path: str
    verb: str = "get"
    resource: Resource | None = None
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class Access:
    """Tokens and rights. ``viewer_namespace`` is where the restricted user is at home."""

    def __init__(self, viewer_namespace: str = "shop") -> None:
        self.viewer_namespace = viewer_namespace
        self.tokens: Mapping[str, str] = {user: secrets.token_urlsafe(24) for user in (ADMIN, VIEWER)}

    def authenticate(self, header: str) -> str:
        """The user of an ``Authorization`` header; without one anonymous. Raises `ApiError` 401."""
        if not header:
            return ANONYMOUS
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            for user, known in self.tokens.items():
                if hmac.compare_digest(known.encode(), token.strip().encode()):
                    return user
        raise unauthorized()

    def authorize(self, user: str, wish: Attributes) -> None:
        """Raises `ApiError` 403 in the words of the RBAC authorizer."""
        if user == ADMIN:
            return
        if wish.resource is None:
            if user == ANONYMOUS and wish.path not in _PUBLIC:
                raise forbidden_path(user, wish.path)
            return
        if user == VIEWER and self._may_view(wish):
            return
        raise self._refusal(user, wish)

    def _may_view(self, wish: Attributes) -> bool:
        assert wish.resource is not None
        name = f"{wish.resource.name}/{wish.subresource}" if wish.subresource else wish.resource.name
        return wish.namespace == self.viewer_namespace and name in _VIEWABLE

    @staticmethod
    def _refusal(user: str, wish: Attributes) -> ApiError:
        assert wish.resource is not None
        return forbidden(user, wish.verb, wish.resource, wish.namespace, wish.name, wish.subresource)
