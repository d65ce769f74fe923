"""Credentials from an exec plug-in, as client-go runs them.

Source: client.authentication.k8s.io/v1 and v1beta1; client-go `plugin/pkg/client/auth/exec`.
A kubeconfig is code by this: the plug-in runs only for the context in use, without a shell.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from epview.sources.clean import clean_text
from epview.sources.kube.clock import Clock
from epview.sources.kube.errors import CredentialError
from epview.sources.kube.kubeconfig import Cluster, ExecConfig

if TYPE_CHECKING:
    import subprocess

_TIMEOUT: Final = 30.0
_FAILURE_SECONDS: Final = 10.0  # a failing plug-in may open a browser: not once for every watch
_LONGEST_STDERR: Final = 400
_EXEC_EXTENSION: Final = "client.authentication.k8s.io/exec"


class ExecStatus(Struct, frozen=True, rename="camel"):
    """What a plug-in handed out. Never shows its values."""

    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: datetime | None = None

    def __repr__(self) -> str:
        return "ExecStatus(…)"


class _ExecCredential(Struct, frozen=True, rename="camel"):
    kind: str = ""
    api_version: str = ""
    status: ExecStatus | None = None

    def __repr__(self) -> str:
        return "ExecCredential(…)"


class ExecPlugin:
    """One plug-in of one user. `get` hands out what it said until that expires; runs are shared.

    ``interactive`` lends the plug-in the terminal's input: only before the first screen.
    """

    def __init__(
        self,
        config: ExecConfig,
        cluster: Cluster,
        *,
        environ: Mapping[str, str],
        clock: Clock | None = None,
        interactive: bool = False,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._config = config
        self._cluster = cluster
        self._environ = environ
        self._clock = clock or Clock()
        self._timeout = timeout
        self.interactive = interactive
        self._lock = threading.Lock()
        self._runs = 0
        self._status: ExecStatus | None = None
        self._failure: CredentialError | None = None
        self._failed_at = float("-inf")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def insists(self) -> bool:
        """It must be able to ask questions."""
        return self._config.interactive_mode == "Always"

    def get(self) -> ExecStatus:
        """The credential, from a run of the plug-in where none is at hand. Raises `CredentialError`."""
        status = self._status
        if status is not None and not self._expired(status):
            return status
        return self._run_once(self._runs)

    def refresh(self, rejected: ExecStatus) -> bool:
        """The server did not take ``rejected``: run the plug-in again unless somebody did already.

        True if there is another credential now. Raises `CredentialError`.
        """
        runs = self._runs
        if self._status is not None and self._status is not rejected:
            return True
        self._run_once(runs)
        return True

    def cancel(self) -> None:
        """End a run that is under way; whoever waits for it gets a `CredentialError`."""
        process = self._process
        if process is not None:
            _kill(process, group=not self._lend_stdin())

    def _expired(self, status: ExecStatus) -> bool:
        expires = status.expiration_timestamp
        if expires is None:
            return False
        return self._clock.now() >= (expires if expires.tzinfo else expires.astimezone())

    def forget_failure(self) -> None:
        """Somebody asked to try again: run the plug-in at the next need, however fresh a failure is."""
        self._failed_at = float("-inf")

    def _run_once(self, seen: int) -> ExecStatus:
        # Who waited here while another thread ran the plug-in shares the outcome, good or bad.
        with self._lock:
            now = self._clock.monotonic()
            if self._runs == seen and now - self._failed_at >= _FAILURE_SECONDS:
                try:
                    self._status, self._failure = self._run(), None
                except CredentialError as error:
                    self._status, self._failure, self._failed_at = None, error, now
                finally:
                    self._runs += 1
            if self._status is None:
                raise self._failure or CredentialError("The credential plug-in gave nothing.")
            return self._status

    def _run(self) -> ExecStatus:
        import subprocess  # only those with a plug-in pay for it

        config = self._config
        name = Path(config.command).name
        if self.insists and not self.interactive:
            raise CredentialError(
                f"The credential plug-in {name} wants to ask questions.",
                "Log in with kubectl once, and try again.",
            )
        lend = self._lend_stdin()
        try:
            process = subprocess.Popen(  # noqa: S603 - the kubeconfig names it; no shell takes part
                [config.command, *config.args],
                env={**self._environ, **{e.name: e.value for e in config.env}, **self._exec_info()},
                stdin=None if lend else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if lend else subprocess.PIPE,  # questions are seen, a screen is kept clean
                start_new_session=not lend,  # no terminal to ask questions on
            )
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "not a command").lower()
            hint = clean_text(config.install_hint.strip()) or "Install it, or check `exec` in the kubeconfig."
            raise CredentialError(f"The credential plug-in {name} cannot run: {reason}.", hint) from None
        with process:
            self._process = process
            try:
                out, err = process.communicate(timeout=self._timeout)
            except subprocess.TimeoutExpired:
                _kill(process, group=not lend)
                message = f"The credential plug-in {name} did not answer within {self._timeout:g} s."
                raise CredentialError(message, "Does it wait for a login?") from None
            finally:
                self._process = None
        if process.returncode:
            message = f"The credential plug-in {name} failed (exit {process.returncode}){_said(err)}"
            raise CredentialError(message, "Log in again.")
        return self._read(name, out)

    def _lend_stdin(self) -> bool:
        return (
            self.interactive
            and self._config.interactive_mode != "Never"
            and sys.stdin is not None
            and sys.stdin.isatty()
        )

    def _read(self, name: str, out: bytes) -> ExecStatus:
        try:
            credential = msgspec.json.decode(out, type=_ExecCredential)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise CredentialError(f"The credential plug-in {name} wrote no ExecCredential.") from None
        if credential.kind != "ExecCredential" or credential.api_version != self._config.api_version:
            got = clean_text(f"{credential.api_version} {credential.kind}".strip()) or "nothing of the kind"
            message = f"The credential plug-in {name} wrote {got}, not {self._config.api_version}."
            raise CredentialError(message, "Update the plug-in or apiVersion in the kubeconfig.")
        status = credential.status
        if status is None or not (status.token or status.client_certificate_data):
            raise CredentialError(f"The credential plug-in {name} gave neither token nor certificate.")
        if bool(status.client_certificate_data) != bool(status.client_key_data):
            raise CredentialError(f"The credential plug-in {name} gave half of a client certificate.")
        return status

    def _exec_info(self) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": self._lend_stdin()}
        if self._config.provide_cluster_info:
            spec["cluster"] = self._cluster_info()
        info = {"kind": "ExecCredential", "apiVersion": self._config.api_version, "spec": spec}
        return {"KUBERNETES_EXEC_INFO": json.dumps(info, default=str)}

    def _cluster_info(self) -> dict[str, Any]:
        cluster = self._cluster
        data = cluster.certificate_authority_data
        if not data and cluster.certificate_authority:
            try:
                data = b64encode(Path(cluster.certificate_authority).read_bytes()).decode()
            except OSError:
                data = ""  # the connection itself will tell
        optional = {
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": data,
            "proxy-url": cluster.proxy_url,
            "disable-compression": cluster.disable_compression,
        }
        info: dict[str, Any] = {"server": cluster.server}
        info.update({name: value for name, value in optional.items() if value})
        for extension in cluster.extensions:
            if extension.get("name") == _EXEC_EXTENSION:
                info["config"] = extension.get("extension")
        return info


def _kill(process: subprocess.Popen[bytes], *, group: bool) -> None:
    # The whole session of its own: a script's child may hold the pipes open.
    with contextlib.suppress(OSError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _said(stderr: bytes) -> str:
    text = clean_text(" ".join(stderr.decode("utf-8", "replace").split()))
    if len(text) > _LONGEST_STDERR:  # the end tells more than the beginning
        text = "…" + text[-_LONGEST_STDERR:]
    if not text:
        return "."
    return f": {text}" if text[-1] in ".!?" else f": {text}."
