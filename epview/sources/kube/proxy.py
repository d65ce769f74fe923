"""Which proxy leads to the server, by Go's rules (net/http ProxyFromEnvironment, x/net/http/httpproxy)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from epview.sources.clean import clean_text
from epview.sources.kube.kubeconfig import usage
from epview.sources.kube.target import Target

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, repr=False)
class Proxy:
    """An http proxy; ``authorization`` is its own credential, empty for none."""

    host: str
    port: int
    authorization: str = ""

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


def find_proxy(target: Target, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for ``target``: ``proxy-url`` of the cluster, else of the environment; None for direct.

    Raises `SourceError` (usage) for a kind of proxy that is not supported.
    """
    if target.cluster.proxy_url:
        return _proxy(target.cluster.proxy_url, "proxy-url of the kubeconfig")
    name = "HTTPS_PROXY" if target.secure else "HTTP_PROXY"
    text = environ.get(name) or environ.get(name.lower()) or ""
    if (
        not text
        or target.loopback
        or excluded(target, environ.get("NO_PROXY") or environ.get("no_proxy") or "")
    ):
        return None
    return _proxy(text, name)


def _proxy(text: str, where: str) -> Proxy:
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        port = url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        raise usage(f"{where} is no address of a proxy.", "Expected http://host:port.") from None
    if url.scheme != "http":
        raise usage(
            f"{where} names a {clean_text(url.scheme)} proxy, which epview does not speak.",
            "Use an http proxy, or none.",
        )
    if not url.hostname:
        raise usage(f"{where} is no address of a proxy.", "Expected http://host:port.")
    return Proxy(url.hostname, port, _authorization(url))


def _authorization(url: SplitResult) -> str:
    if url.username is None:
        return ""
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def excluded(target: Target, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` names the server: by ``*``, address, network or domain, perhaps with a port."""
    host = target.host.lower().rstrip(".")
    return any(
        _matches(entry.strip().lower(), host, target.port) for entry in no_proxy.split(",") if entry.strip()
    )


def _matches(entry: str, host: str, port: int) -> bool:
    import ipaddress

    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass  # one of them is no address
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit():
        if int(number) != port:
            return False
        entry = name.strip("[]")
        if entry == host:
            return True
    if entry.startswith("*."):
        entry = entry[1:]
    return host.endswith(entry) if entry.startswith(".") else host == entry or host.endswith(f".{entry}")
