"""What the command line says about the cluster to look at."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class KubeOptions:
    """kubectl's global options, by their names; empty means "as the kubeconfig says".

    ``request_timeout`` are seconds, 0 for none. ``environ`` overrides the process environment in tests.
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
    environ: dict[str, str] | None = field(default=None, repr=False)
