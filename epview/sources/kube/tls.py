"""TLS as the kubeconfig asks for it: which CA, which client certificate, how strict.

As Go does it: a CA of the kubeconfig replaces those of the system, any certificate in it is an anchor,
and host names are looked for in subject alternative names only.
"""

from __future__ import annotations

import ssl
import tempfile
import threading
from pathlib import Path

from epview.sources.kube.credentials import ClientCertificate, decode_data
from epview.sources.kube.errors import CredentialError
from epview.sources.kube.kubeconfig import Cluster


class TlsContexts:
    """Makes the SSLContext of a cluster, anew only when the client certificate has changed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._made: tuple[ClientCertificate | None, float, ssl.SSLContext] | None = None

    def get(self, certificate: ClientCertificate | None) -> ssl.SSLContext:
        """Raises `CredentialError` where a CA, certificate or key cannot be used."""
        with self._lock:
            stamp = _stamp(self._cluster.certificate_authority)
            if self._made is None or self._made[:2] != (certificate, stamp):
                self._made = (certificate, stamp, _context(self._cluster, certificate))
            return self._made[2]


def _stamp(path: str) -> float:
    try:
        return Path(path).stat().st_mtime if path else 0.0
    except OSError:
        return 0.0


def _context(cluster: Cluster, certificate: ClientCertificate | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    if cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _trust(context, cluster)
    if certificate is not None:
        _present(context, certificate)
    return context


def _trust(context: ssl.SSLContext, cluster: Cluster) -> None:
    if cluster.certificate_authority_data:
        pem = decode_data(cluster.certificate_authority_data, "certificate-authority-data")
        where = "certificate-authority-data of the kubeconfig"
    elif cluster.certificate_authority:
        where = f"The certificate authority {cluster.certificate_authority}"
        try:
            pem = Path(cluster.certificate_authority).read_bytes()
        except OSError as error:
            reason = (error.strerror or "error").lower()
            raise CredentialError(f"{where} cannot be read: {reason}.") from None
    else:
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(cadata=pem.decode("utf-8", "replace"))
    except (ssl.SSLError, ValueError):  # ValueError: nothing at all
        raise CredentialError(f"{where} holds no certificate.") from None


def _present(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Load the client certificate. OpenSSL reads only files: inline data pass through a private folder."""
    with tempfile.TemporaryDirectory(prefix="epview-") as folder:  # 0700, gone on leaving
        chain = certificate.certificate_file
        key = certificate.key_file
        if certificate.certificate:
            chain = _private(Path(folder) / "cert.pem", certificate.certificate)
        if certificate.key:
            key = _private(Path(folder) / "key.pem", certificate.key)
        try:
            # Without a password OpenSSL would ask for one on the terminal.
            context.load_cert_chain(chain, key, password=lambda: "")
        except FileNotFoundError:
            missing = chain if not Path(chain).exists() else key
            raise CredentialError(f"The client certificate file {missing} does not exist.") from None
        except PermissionError:
            raise CredentialError("The client certificate or key cannot be read.") from None
        except (ssl.SSLError, OSError):
            raise CredentialError("The client certificate and key do not fit, or are not PEM.") from None


def _private(path: Path, data: bytes) -> str:
    path.touch(mode=0o600)
    path.write_bytes(data)
    return str(path)
