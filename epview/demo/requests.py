"""A request taken apart: which resource, which verb, with which options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from epview.demo.access import Attributes
from epview.demo.resources import RESOURCES, Resource
from epview.demo.status import bad_request

_BY_PATH: Final[Mapping[tuple[str, str, str], Resource]] = {
    (r.group, r.version, r.name): r for r in RESOURCES
}
_TRUE: Final = ("true", "1", "t", "T", "TRUE", "True")
_TABLE: Final = "as=Table"


class Request(Struct, frozen=True):
    """What came over the wire; ``query`` keeps the first value of each parameter."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str]) -> Request:
        parts = urlsplit(target)
        query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        return cls(method, unquote(parts.path), query, headers)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "") in _TRUE

    def number(self, name: str) -> int | None:
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    @property
    def version(self) -> str:
        """The asked ``resourceVersion``: ``""``, ``"0"`` or digits."""
        text = self.query.get("resourceVersion", "")
        if text and not text.isdigit():
            raise bad_request(f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
        return text

    @property
    def wants_table(self) -> bool:
        return _TABLE in self.headers.get("accept", "").split(",")[0]

    @property
    def accepts_json(self) -> bool:
        accept = self.headers.get("accept", "*/*") or "*/*"
        return any(word in accept for word in ("json", "*/*", "application/*"))

    @property
    def pretty(self) -> bool:
        """Whether the answer is indented: when asked for, and for a person with curl."""
        if "pretty" in self.query:
            return self.flag("pretty")
        return self.headers.get("user-agent", "").startswith(("curl", "Wget", "Mozilla/"))


class Route(Struct, frozen=True):
    """Where a resource path leads."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def route(path: str) -> Route | None:
    """``/api/v1/namespaces/shop/pods/x/log`` → its parts; None for a path that is no resource's."""
    steps = [step for step in path.split("/") if step]
    if steps[:1] == ["api"]:
        group, version, rest = "", *_head(steps[1:])
    elif steps[:1] == ["apis"] and len(steps) > 1:
        group, (version, rest) = steps[1], _head(steps[2:])
    else:
        return None
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) >= 3:
        namespace, rest = rest[1], rest[2:]
    return _route(group, version, namespace, rest)


def _head(steps: Sequence[str]) -> tuple[str, list[str]]:
    return (steps[0], list(steps[1:])) if steps else ("", [])


def _route(group: str, version: str, namespace: str, rest: list[str]) -> Route | None:
    if not 1 <= len(rest) <= 3:
        return None
    resource = _BY_PATH.get((group, version, rest[0]))
    name, sub = [*rest[1:], "", ""][:2]
    if resource is None or (namespace and not resource.namespaced):
        return None
    if name and resource.namespaced and not namespace:
        return None
    if sub and (resource.name, sub) not in _SUBRESOURCES:
        return None
    return Route(resource, namespace, name, sub)


_SUBRESOURCES: Final = {("pods", "log"), ("pods", "status"), ("services", "status"), ("nodes", "status")}


def attributes(request: Request, found: Route | None) -> Attributes:
    """What an authorizer is told about the request."""
    if found is None:
        return Attributes()
    listing = "watch" if request.flag("watch") else "list"
    verb = "get" if found.name else listing
    namespace = found.namespace
    if found.resource.name == "namespaces":
        namespace = found.name
    return Attributes(verb, found.resource, found.subresource, namespace, found.name)


Body = bytes | Iterator[bytes]


class Response(Struct):
    """An answer. An iterator is sent in chunks; an empty chunk means: nothing new, still there?"""

    code: int = 200
    body: Body = b""
    content_type: str = "application/json"
    headers: dict[str, str] = {}
