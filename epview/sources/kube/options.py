"""What the command line says about the cluster to look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from epview.sources.source import SourceError

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def parse_timeout(text: str) -> float:
    """Kubectl's ``--request-timeout``: whole seconds, or a Go duration (``1m30s``); ``0`` is none.

    Raises `SourceError` (usage).
    """
    if text.isascii() and text.isdigit():
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise SourceError(f"{text} is no duration.", "Expected 5, 5s or 1m30s.", kind="usage")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


@dataclass(frozen=True)
class KubeOptions:
    """kubectl's global options, by their names; empty means "as the kubeconfig says".

    ``request_timeout`` are seconds, 0 for none. ``environ`` stands in for the process environment.
    ``kind`` is what `SourceInfo` calls the source.
    """

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = ""
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    as_uid: str = ""
    request_timeout: float = 0.0
    server: str = ""
    token: str = field(default="", repr=False)
    certificate_authority: str = ""
    client_certificate: str = ""
    client_key: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    disable_compression: bool = False
    kind: str = "cluster"
    environ: Mapping[str, str] | None = field(default=None, repr=False)

    def elsewhere(self) -> KubeOptions:
        """The same for another context than the one these were given with.

        Flags that name a server or a credential belong to the context at the start: with them, the
        picker would go on showing one cluster under the name of another.
        """
        return replace(
            self,
            context="",
            cluster="",
            user="",
            server="",
            token="",
            certificate_authority="",
            client_certificate="",
            client_key="",
            tls_server_name="",
            insecure_skip_tls_verify=False,
        )
