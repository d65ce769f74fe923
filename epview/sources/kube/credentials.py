"""Who epview is to the server: headers and client certificate of one user of the kubeconfig.

A credential that is configured but cannot be had is an error: nothing is ever sent anonymously in its
place. Over plain http nothing is sent at all unless the server is on loopback (kubectl withholds it
always). No value of a credential is shown, logged or part of an exception.

Source: client-go `transport/round_trippers.go`, `transport/token_source.go`, `rest/config.go`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from epview.sources.kube.clock import Clock
from epview.sources.kube.errors import CredentialError
from epview.sources.kube.execplugin import ExecPlugin, ExecStatus
from epview.sources.kube.expiry import certificate_expiry, token_expiry
from epview.sources.kube.kubeconfig import AuthProvider, User
from epview.sources.kube.target import Target

_TOKEN_FILE_SECONDS: Final = 60.0  # a service account's token rotates


@dataclass(frozen=True, repr=False)
class ClientCertificate:
    """PEM texts, or paths of files; one of the two. Compares by value, so a new one is noticed."""

    certificate: bytes = b""
    key: bytes = b""
    certificate_file: str = ""
    key_file: str = ""
    stamps: tuple[float, ...] = ()

    def pem(self) -> bytes:
        """The certificate, empty where it cannot be read."""
        if self.certificate or not self.certificate_file:
            return self.certificate
        try:
            return Path(self.certificate_file).read_bytes()
        except OSError:
            return b""


@dataclass(frozen=True, repr=False)
class Identity:
    """What one request carries. Hand it to `Credentials.refresh` if the server does not take it."""

    headers: Mapping[str, str]
    certificate: ClientCertificate | None = None
    plugin_status: ExecStatus | None = None


class Credentials:
    """The credential of one target, shared by all its connections. Thread-safe.

    ``legacy`` is asked for the Authorization header of an old auth-provider, if there is one.
    """

    def __init__(
        self,
        target: Target,
        *,
        environ: Mapping[str, str],
        clock: Clock | None = None,
        legacy: Callable[[], str] | None = None,
    ) -> None:
        self._user: User = target.user
        self._clock = clock or Clock()
        self._withheld = not target.secure and not target.loopback
        self._legacy = legacy
        self._token = ""
        self._token_read: float | None = None
        self.plugin: ExecPlugin | None = None
        if target.user.exec and not self._withheld:
            self.plugin = ExecPlugin(target.user.exec, target.cluster, environ=environ, clock=self._clock)

    @property
    def notices(self) -> tuple[str, ...]:
        if self._withheld and _configured(self._user):
            return ("The server is reached over plain http: the credential is withheld.",)
        return ()

    def identity(self) -> Identity:
        """Headers and certificate for a request sent now. Raises `CredentialError`."""
        if self._withheld:
            return Identity({})
        user = self._user
        status: ExecStatus | None = None
        authorization = self._static()
        if self.plugin is not None:
            status = self.plugin.get()
            if not authorization and status.token:  # client-go: a token of the file wins
                authorization = f"Bearer {status.token}"
        if not authorization and user.auth_provider is not None:
            authorization = self._provided(user.auth_provider)
        headers = impersonation(user)
        if authorization:
            headers["Authorization"] = _header(authorization)
        return Identity(headers, self._certificate(status), status)

    def refresh(self, rejected: Identity) -> bool:
        """After a 401: True if another credential is at hand now. Raises `CredentialError`."""
        if self._withheld:
            return False
        if self._user.token_file:
            self._token_read = None
        elif self.plugin is not None and rejected.plugin_status is not None:
            self.plugin.refresh(rejected.plugin_status)
        fresh = self.identity()
        return fresh.headers != rejected.headers or fresh.certificate != rejected.certificate

    @staticmethod
    def expired(refused: Identity, now: datetime) -> str:
        """What of ``refused`` has run out by ``now``, in a sentence; ``""`` where nothing tells so."""
        _, _, token = refused.headers.get("Authorization", "").partition("Bearer ")
        ends = {"token": token_expiry(token)}
        if refused.certificate is not None:
            ends["client certificate"] = certificate_expiry(refused.certificate.pem())
        for what, end in ends.items():
            if end is not None and end <= now:
                return f"The {what} expired on {end:%Y-%m-%d at %H:%M} UTC."
        return ""

    def _static(self) -> str:
        user = self._user
        if user.token_file:
            return f"Bearer {self._file_token()}"
        if user.token:
            return f"Bearer {user.token.strip()}"
        if user.username or user.password:
            pair = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
            return f"Basic {pair}"
        return ""

    def _file_token(self) -> str:
        now = self._clock.monotonic()
        if self._token_read is None or now - self._token_read >= _TOKEN_FILE_SECONDS:
            try:
                token = Path(self._user.token_file).read_text().strip()
            except (OSError, ValueError) as error:
                token = ""
                reason = (getattr(error, "strerror", None) or "not text").lower()
            else:
                reason = "empty"
            if not token and not (self._token or self._user.token):
                raise CredentialError(f"The token file {self._user.token_file} cannot be used: {reason}.")
            # client-go keeps the last good token when a later read fails.
            self._token = token or self._token or self._user.token
            self._token_read = now
        return self._token

    def _certificate(self, status: ExecStatus | None) -> ClientCertificate | None:
        user = self._user
        if status is not None and status.client_certificate_data and status.client_key_data:
            return ClientCertificate(status.client_certificate_data.encode(), status.client_key_data.encode())
        if not (user.client_certificate or user.client_certificate_data):
            return None
        files = [path for path in (user.client_certificate, user.client_key) if path]
        return ClientCertificate(
            certificate=decode_data(user.client_certificate_data, "client-certificate-data"),
            key=decode_data(user.client_key_data, "client-key-data"),
            certificate_file=user.client_certificate,
            key_file=user.client_key,
            stamps=tuple(_stamp(path) for path in files),  # a rotated file is another certificate
        )

    def _provided(self, provider: AuthProvider) -> str:
        if provider.name == "oidc":
            return f"Bearer {self._id_token(provider)}"
        authorization = self._legacy() if self._legacy else ""
        if not authorization:
            raise CredentialError(
                f"The auth-provider {provider.name} is no longer supported by Kubernetes.",
                "Use the exec plug-in of your provider in its place.",
            )
        return authorization

    def _id_token(self, provider: AuthProvider) -> str:
        token = provider.config.get("id-token", "")
        expires = token_expiry(token)
        if not token or (expires is not None and expires <= self._clock.now()):
            raise CredentialError(
                "The OIDC id-token of the kubeconfig has expired."
                if token
                else "The kubeconfig has no OIDC id-token.",
                "Use the exec plug-in kubelogin (kubectl oidc-login) for a login that renews itself.",
            )
        return token


def _configured(user: User) -> bool:
    return bool(
        user.token or user.token_file or user.username or user.password or user.exec or user.auth_provider
    )


def impersonation(user: User) -> dict[str, str]:
    """The Impersonate-… headers; several groups are joined by `expand` when they are sent."""
    headers: dict[str, str] = {}
    if user.impersonate:
        headers["Impersonate-User"] = _header(user.impersonate)
    if user.impersonate_uid:
        headers["Impersonate-Uid"] = _header(user.impersonate_uid)
    if user.impersonate_groups:
        headers["Impersonate-Group"] = "\n".join(_header(group) for group in user.impersonate_groups)
    for name, values in user.impersonate_extra.items():
        # A key may hold any character: those a header name cannot hold are percent-encoded (client-go).
        headers[f"Impersonate-Extra-{quote(name, safe=_HEADER_SAFE)}"] = "\n".join(map(_header, values))
    return headers


_HEADER_SAFE: Final = "!#$&'*+-.^_`|~"


def expand(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Header lines: a value of several lines stands for a header that is sent several times."""
    return [(name, line) for name, value in headers.items() for line in value.split("\n")]


def _header(value: str) -> str:
    if "\n" in value or "\r" in value or "\0" in value:
        raise CredentialError("A credential holds a line break.", "Check the kubeconfig.")
    return value


def decode_data(data: str, what: str) -> bytes:
    """Base64 of the kubeconfig → bytes. Raises `CredentialError`."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CredentialError(f"{what} of the kubeconfig is not valid base64.") from None


def _stamp(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
