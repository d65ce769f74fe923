"""What can go wrong between epview and an API server, each with its cause in plain words.

Sources: meta/v1 Status reasons; OpenSSL x509_vfy.h for the numbers of certificate failures.
"""

# ruff: noqa: N818 - named as meta/v1 names the reasons

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from epview.sources.clean import clean_text
from epview.sources.decode import Status, decode_status
from epview.sources.source import SourceError

_LONGEST: Final = 500
_MAX_RETRY_AFTER: Final = 60.0


class ApiError(SourceError):
    """The server answered, and refused. ``retry_after`` are the seconds it asks to wait (0: none)."""

    def __init__(
        self, message: str, hint: str = "", *, code: int = 0, reason: str = "", retry_after: float = 0.0
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class Unauthorized(ApiError):
    """401: the credential is missing, unknown or expired."""


class Forbidden(ApiError):
    """403: known, but not allowed."""


class NotFound(ApiError):
    """404: no such object, or the server does not serve the resource."""


class NotAllowed(ApiError):
    """405: the resource does not know the verb."""


class Gone(ApiError):
    """410: the resourceVersion or the continue token is too old."""


class TooLargeVersion(ApiError):
    """504 ResourceVersionTooLarge: the cache behind this answer is older than what was seen before."""


class TooManyRequests(ApiError):
    """429: the server asks to wait ``retry_after`` seconds."""


class Unavailable(ApiError):
    """5xx: the server, or something before it, cannot answer now."""


class Unreachable(SourceError):
    """No answer at all: network, name, TLS."""


class CredentialError(SourceError):
    """A configured credential could not be had. Nothing is sent in its place."""


_BY_CODE: Final[Mapping[int, type[ApiError]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: NotAllowed,
    410: Gone,
    429: TooManyRequests,
}
_HINTS: Final[Mapping[type[ApiError], str]] = {
    Unauthorized: "Log in again, or choose another user with --user or --context.",
}


def _sentence(text: str) -> str:
    text = clean_text(" ".join(text.split()))
    if len(text) > _LONGEST:
        return text[: _LONGEST - 1] + "…"
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _seconds(text: str | None) -> float:
    # Retry-After may also be a date; the API server only writes seconds.
    return float(text) if text and text.isascii() and text.isdigit() else 0.0


def error_of(status: Status, *, retry_after: float = 0.0) -> ApiError:
    """The typed error for a Status, whether it came as a body or as an ERROR event of a watch."""
    details = status.details
    causes = {cause.reason for cause in (details.causes or ())} if details else set()
    if not retry_after and details:
        retry_after = float(details.retry_after_seconds)
    kind: type[ApiError]
    if "ResourceVersionTooLarge" in causes or "Too large resource version" in status.message:
        kind = TooLargeVersion
    elif status.reason in ("Expired", "Gone"):
        kind = Gone
    else:
        kind = _BY_CODE.get(status.code, Unavailable if status.code >= 500 else ApiError)
    message = _sentence(status.message) or f"The API server answered {status.code} {status.reason}".strip()
    asked = min(retry_after, _MAX_RETRY_AFTER)
    hint = f"The server asks to wait {asked:g} s." if asked else _HINTS.get(kind, "")
    return kind(
        message,
        hint,
        code=status.code,
        reason=status.reason,
        retry_after=asked,
    )


def refusal(code: int, phrase: str, retry_after: str | None, body: bytes | bytearray) -> ApiError:
    """The typed error for an answer that is not 200. A body that is no Status is not quoted."""
    status = decode_status(body)
    if status is None or not (status.message or status.reason):
        message = f"The API server, or a proxy before it, answered {code} {clean_text(phrase)}.".replace(
            " .", "."
        )
        if b"HTTP request to an HTTPS server" in body:  # Go's own words
            message = "The server speaks TLS: `server` in the kubeconfig should begin with https://."
        elif 300 <= code < 400:
            message = f"The server answered {code} with a redirect, which is not followed."
        status = Status(message=message, code=code)
    elif not status.code:
        status = Status(status.message, status.reason, code, status.details)
    return error_of(status, retry_after=_seconds(retry_after))


_TLS_CAUSES: Final[Mapping[int, str]] = {
    9: "its certificate is not valid yet (is the clock right?)",
    10: "its certificate has expired",
    18: "its certificate is self-signed and not the one in the kubeconfig",
    19: "its certificate is signed by a CA that the kubeconfig does not name",
    20: "its certificate is signed by a CA that the kubeconfig does not name",
    21: "its certificate is signed by a CA that the kubeconfig does not name",
    62: "its certificate is for another host name",
    64: "its certificate is for another IP address",
}


def _tls_cause(error: ssl.SSLError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        cause = _TLS_CAUSES.get(code, f"its certificate is not valid ({error.verify_message})")
        hint = "Is this the right cluster? Fetch its kubeconfig again."
        if code in (62, 64):
            hint = "Check `server` in the kubeconfig; `tls-server-name` names another host to expect."
        return f"is not trusted: {cause}", hint
    reason = error.reason or ""
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return "does not speak TLS", "Should `server` in the kubeconfig begin with http:// ?"
    if "ALERT" in reason:
        words = reason.partition("ALERT_")[2].replace("_", " ").lower()
        return (
            f"refused the TLS connection ({words or 'alert'})",
            "The client certificate may be missing, expired or signed by another CA.",
        )
    return f"broke off the TLS handshake ({reason.replace('_', ' ').lower() or 'no reason given'})", ""


def unreachable(error: Exception, place: str) -> Unreachable:
    """What a failure of the network means. ``place`` is the ``host:port`` that was tried."""
    host = place.rpartition(":")[0]
    hint = ""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        what, hint = _tls_cause(error)
        message = f"{place} {what}."
    elif isinstance(error, ConnectionRefusedError):
        message = f"Nothing listens at {place} (connection refused)."
        hint = "Is the cluster running, and is this its address?"
    elif isinstance(error, socket.gaierror):
        message = f"The name {host} cannot be resolved (DNS)."
        hint = "Is the network or the VPN up?"
    elif isinstance(error, TimeoutError):
        message = f"{place} does not answer (timeout)."
        hint = "Is the network or the VPN up, and does a firewall stand between?"
    elif isinstance(error, ConnectionError | EOFError | ssl.SSLError | http.client.HTTPException):
        message = f"{place} broke off the connection."
    else:
        reason = getattr(error, "strerror", None) or type(error).__name__
        message = f"{place} cannot be reached: {reason.lower()}."
        hint = "Is the network or the VPN up?"
    return Unreachable(clean_text(message), hint)
