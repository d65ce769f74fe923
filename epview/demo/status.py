"""Refusals as ``Status`` objects, in the words of a real API server (apimachinery api/errors)."""

from __future__ import annotations

from typing import Any

from epview.demo.resources import Json, Resource


class ApiError(Exception):
    """A refusal to be answered as a ``Status``."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Json | None = None,
        *,
        metadata: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.metadata = metadata or {}

    @property
    def status(self) -> Json:
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
        }
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": self.code}

    @property
    def headers(self) -> dict[str, str]:
        headers = {"X-Content-Type-Options": "nosniff"} if self.code == 403 else {}
        if self.details and "retryAfterSeconds" in self.details:
            headers["Retry-After"] = str(self.details["retryAfterSeconds"])
        return headers


def details_of(resource: Resource, name: str = "") -> Json:
    found: Json = {"name": name} if name else {}
    if resource.group:
        found["group"] = resource.group
    return found | {"kind": resource.name}


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(user: str, verb: str, resource: Resource, namespace: str, name: str, sub: str) -> ApiError:
    what = f'{resource.qualified} "{name}"' if name else resource.qualified
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    plural = f"{resource.name}/{sub}" if sub else resource.name
    return ApiError(
        403,
        "Forbidden",
        f'{what} is forbidden: User "{user}" cannot {verb} resource "{plural}"'
        f' in API group "{resource.group}" {where}',
        details_of(resource, name),
    )


def foreign_host(host: str) -> ApiError:
    return ApiError(403, "Forbidden", f'the demo is not "{host}": it answers to names of loopback only', {})


def not_found(resource: Resource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', details_of(resource, name))


def no_such_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def not_acceptable() -> ApiError:
    message = "only the following media types are accepted: application/json"
    return ApiError(406, "NotAcceptable", message)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def invalid_options(field: str, message: str) -> ApiError:
    """ListOptions that contradict one another (apimachinery meta/internalversion/validation)."""
    cause: dict[str, Any] = {
        "reason": "FieldValueForbidden",
        "message": f"Forbidden: {message}",
        "field": field,
    }
    return ApiError(
        422,
        "Invalid",
        f'ListOptions.meta.k8s.io "" is invalid: {field}: Forbidden: {message}',
        {"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]},
    )


def expired(message: str, metadata: Json | None = None) -> ApiError:
    return ApiError(410, "Expired", message, metadata=metadata)


def too_large_version(asked: int, current: int) -> ApiError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        {"causes": [cause], "retryAfterSeconds": 1},
    )
