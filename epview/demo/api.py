"""One request in, one response out: the API server without its sockets."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from epview.demo.access import authenticate, authorize
from epview.demo.discovery import document
from epview.demo.lists import Page, list_page
from epview.demo.logs import Story, log_options, log_stream, story
from epview.demo.requests import Request, Response, Route, attributes, route
from epview.demo.resources import Json
from epview.demo.status import (
    ApiError,
    method_not_allowed,
    no_such_resource,
    not_acceptable,
    not_found,
)
from epview.demo.store import Entry, Store
from epview.demo.tables import table
from epview.demo.watches import BOOKMARK_SECONDS, stream, watch_options

ENDPOINTS_WARNING: Final = (
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
)
_encode: Final = msgspec.json.Encoder().encode
_TEXT: Final = "text/plain; charset=utf-8"
_FLOW_SCHEMA: Final = str(uuid.UUID(int=0x7E, version=4))
_PRIORITY_LEVEL: Final = str(uuid.UUID(int=0x7F, version=4))

Intercept = Callable[[Request], Response | None]


class Journal(Struct, frozen=True):
    """One line of the request journal."""

    method: str
    path: str
    query: dict[str, str]
    user: str
    code: int
    accept: str = ""


class Api:
    """Answers requests out of a store. Thread safe.

    ``intercept`` may answer a request before anyone else (faults in tests); None lets it pass.
    ``journal`` keeps the last requests, oldest first.
    """

    def __init__(
        self,
        store: Store,
        *,
        bookmark_seconds: float = BOOKMARK_SECONDS,
        intercept: Intercept | None = None,
    ) -> None:
        self.store = store
        self.bookmark_seconds = bookmark_seconds
        self.intercept = intercept
        self.story: Story = story
        self.address = "127.0.0.1"
        self.journal: deque[Journal] = deque(maxlen=10_000)
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Never raises: refusals are `Status` objects, as the real server answers them."""
        user = ""
        try:
            user = authenticate(request.headers)
            response = (self.intercept and self.intercept(request)) or self._answer(user, request)
        except ApiError as error:
            response = Response(error.code, _encode(error.status), headers=error.headers)
        accept = request.headers.get("accept", "")
        line = Journal(request.method, request.path, dict(request.query), user, response.code, accept)
        with self._lock:
            self.journal.append(line)
        return self._finished(request, response)

    def _finished(self, request: Request, response: Response) -> Response:
        if (
            isinstance(response.body, bytes)
            and response.content_type == "application/json"
            and request.pretty
        ):
            response.body = msgspec.json.format(response.body, indent=2)
        response.headers = {
            "Audit-Id": str(uuid.uuid4()),
            "Cache-Control": "no-cache, private",
            "Content-Type": response.content_type,
            **response.headers,
        }
        if response.code != 401:  # sorted into a flow only after authentication
            response.headers["X-Kubernetes-Pf-Flowschema-Uid"] = _FLOW_SCHEMA
            response.headers["X-Kubernetes-Pf-Prioritylevel-Uid"] = _PRIORITY_LEVEL
        return response

    def _answer(self, user: str, request: Request) -> Response:
        where = route(request.path)
        authorize(user, attributes(request, where))
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        if where is None:
            return self._other(request)
        if not request.accepts_json and where.subresource != "log":
            raise not_acceptable()
        response = self._resource(where, request)
        if where.resource.kind == "Endpoints":
            response.headers["Warning"] = ENDPOINTS_WARNING
        return response

    def _other(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        if path in ("/healthz", "/livez", "/readyz"):
            return Response(200, b"ok", _TEXT)
        found = document(path, self.address)
        if found is not None:
            return Response(200, _encode(found))
        if path.startswith("/api") and document("/".join(path.split("/")[: _depth(path)]), self.address):
            raise no_such_resource()  # the group is there, the resource is not
        return Response(404, b"404 page not found\n", _TEXT, {"X-Content-Type-Options": "nosniff"})

    def _resource(self, where: Route, request: Request) -> Response:
        if where.subresource == "log":
            return self._log(where, request)
        if where.name:
            return self._get(where, request)
        if request.flag("watch"):
            options = watch_options(self.store, where, request)
            return Response(200, stream(self.store, options, bookmark_seconds=self.bookmark_seconds))
        page = list_page(self.store, where, request)
        if request.wants_table:
            return self._table(where, request, [e.obj for e in page.entries], page.metadata)
        return Response(200, _list_body(where, page))

    def _table(self, where: Route, request: Request, objects: list[Json], metadata: Json) -> Response:
        include = request.query.get("includeObject", "Metadata")
        found = table(where.resource, objects, self.store.clock(), metadata, include=include)
        return Response(200, _encode(found))

    def _entry(self, where: Route) -> Entry:
        entry = self.store.get(where.resource.name, where.namespace, where.name)
        if entry is None:
            raise not_found(where.resource, where.name)
        return entry

    def _get(self, where: Route, request: Request) -> Response:
        entry = self._entry(where)
        if request.wants_table:
            return self._table(where, request, [entry.obj], {"resourceVersion": str(entry.version)})
        return Response(200, entry.whole(where.resource))

    def _log(self, where: Route, request: Request) -> Response:
        options = log_options(self._entry(where).obj, request, self.store.clock())

        def read() -> Json | None:
            entry = self.store.get("pods", where.namespace, where.name)
            return entry.obj if entry else None

        chunks = log_stream(read, options, self.store.clock, self.story)
        return Response(200, chunks if options.follow else b"".join(chunks), "text/plain")


def _depth(path: str) -> int:
    """How many steps of a resource path name its group and version (with the leading empty one)."""
    return 4 if path.startswith("/apis/") else 3


def _list_body(where: Route, page: Page) -> bytes:
    resource = where.resource
    head = f'{{"kind":"{resource.kind}List","apiVersion":"{resource.api_version}","metadata":'.encode()
    items = b",".join([entry.body for entry in page.entries])
    return b"".join((head, _encode(page.metadata), b',"items":[', items, b"]}"))
