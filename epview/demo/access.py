"""Who may ask what.

Whoever reaches the server is ``demo-admin`` and may read everything: it listens on loopback alone, is
read-only, and its data are invented. Who impersonates somebody else (``kubectl --as``, or ``as`` in a
kubeconfig) has the rights of that user: ``demo-viewer`` may read Services, Endpoints, EndpointSlices
and Pods of one namespace, no events, no nodes, nothing elsewhere, as restricted accounts do; everybody
else may read nothing but discovery.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from epview.demo.resources import Resource
from epview.demo.status import forbidden, foreign_host, unauthorized

ADMIN: Final = "demo-admin"
VIEWER: Final = "demo-viewer"
VIEWER_NAMESPACE: Final = "shop"
_VIEWABLE: Final = frozenset({"services", "endpoints", "endpointslices", "pods", "pods/log"})
_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)


class Attributes(Struct, frozen=True):
    """What a request wants, as an authorizer sees it. Without a resource it is about a mere path."""

    verb: str = "get"
    resource: Resource | None = None
    subresource: str = ""
    namespace: str = ""
    name: str = ""


def authenticate(headers: Mapping[str, str]) -> str:
    """The user whose rights count. Raises `ApiError`: 401 for credentials, as the server knows none.

    403 for a ``Host`` that is not loopback: a web page whose name was made to resolve to 127.0.0.1
    would otherwise be of the server's own origin, and could read (DNS rebinding).
    """
    host = headers.get("host", "")
    if not _LOOPBACK.fullmatch(host):
        raise foreign_host(host)
    if "authorization" in headers:
        raise unauthorized()
    return headers.get("impersonate-user") or ADMIN


def authorize(user: str, wish: Attributes) -> None:
    """Raises `ApiError` 403 in the words of the RBAC authorizer."""
    if user == ADMIN or wish.resource is None or (user == VIEWER and _may_view(wish, wish.resource)):
        return
    raise forbidden(user, wish.verb, wish.resource, wish.namespace, wish.name, wish.subresource)


def _may_view(wish: Attributes, resource: Resource) -> bool:
    name = f"{resource.name}/{wish.subresource}" if wish.subresource else resource.name
    return wish.namespace == VIEWER_NAMESPACE and name in _VIEWABLE
