"""Which server, as whom, in which namespace: a context of the kubeconfig with the flags laid over it.

Rules of client-go `tools/clientcmd` (client_config.go: getContext, getCluster, getAuthInfo;
validation.go: validateAuthInfo, validateClusterInfo) and `rest.InClusterConfig`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from msgspec.structs import replace

from epview.sources.clean import clean_text
from epview.sources.kube.kubeconfig import Cluster, Context, Kubeconfig, User, load, nearest, usage
from epview.sources.kube.options import KubeOptions

SERVICE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, repr=False)
class Target:
    """Everything needed to open a connection. ``url`` has a scheme, a host and perhaps a path prefix."""

    url: SplitResult
    cluster: Cluster
    user: User
    context: str = ""
    cluster_name: str = ""
    user_name: str = ""
    namespace: str = "default"
    request_timeout: float = 0.0
    notices: tuple[str, ...] = ()

    @property
    def secure(self) -> bool:
        return self.url.scheme == "https"

    @property
    def host(self) -> str:
        return self.url.hostname or ""

    @property
    def port(self) -> int:
        return self.url.port or (443 if self.secure else 80)

    @property
    def place(self) -> str:
        """``host:port``, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """The server is on this machine: credentials over http harm nobody, compression only costs."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Configuration:
    """The kubeconfig together with the flags: answers what the picker asks and resolves contexts.

    Raises `SourceError` (usage) on construction where a kubeconfig cannot be read.
    """

    def __init__(self, options: KubeOptions, *, service_account: str = SERVICE_ACCOUNT) -> None:
        self.options = options
        self.environ: Mapping[str, str] = os.environ if options.environ is None else options.environ
        self.kubeconfig = load(options.kubeconfig, self.environ)
        self._service_account = Path(service_account)

    @property
    def in_cluster(self) -> bool:
        """No kubeconfig at all, but a pod's service account: that one is used, as kubectl does."""
        return (
            not self.kubeconfig
            and bool(self.environ.get("KUBERNETES_SERVICE_HOST"))
            and bool(self.environ.get("KUBERNETES_SERVICE_PORT"))
            and (self._service_account / "token").is_file()
        )

    def context_name(self, context: str = "") -> str:
        return context or self.options.context or self.kubeconfig.current_context

    def context(self, name: str) -> Context:
        """The context ``name`` (``""``: an empty one). Raises `SourceError` where there is none."""
        if not name:
            return Context()
        found = self.kubeconfig.contexts.get(name)
        if found is None:
            raise usage(f"There is no context {clean_text(name)}.", nearest(name, self.kubeconfig.contexts))
        return found

    def namespace(self, context: str = "") -> str:
        """The namespace that kubectl would use in ``context``."""
        if self.options.namespace:
            return self.options.namespace
        if self.in_cluster:
            return _text(self._service_account / "namespace") or "default"
        return namespace_name(self.context(self.context_name(context)).namespace or "default")

    def target(self, context: str = "") -> Target:
        """Where ``context`` (``""``: the one in use) leads. Raises `SourceError` (usage)."""
        if self.in_cluster and not self.options.server:
            return self._service_account_target()
        name = self.context_name(context)
        chosen = self.context(name)
        if not name and not self.options.cluster and not self.options.server:
            raise _nothing_chosen(self.kubeconfig)
        cluster_name, cluster = self._cluster(name, chosen)
        user_name, user, notices = self._user(name, chosen)
        _validate(user_name, user)
        url = server_url(cluster)
        if cluster.insecure_skip_tls_verify and url.scheme == "https":
            notices += ("TLS verification is off: anyone on the way can pose as the server.",)
        return Target(
            url=url,
            cluster=cluster,
            user=user,
            context=name,
            cluster_name=cluster_name,
            user_name=user_name,
            namespace=self.namespace(context),
            request_timeout=self.options.request_timeout,
            notices=notices,
        )

    def _cluster(self, context: str, chosen: Context) -> tuple[str, Cluster]:
        options = self.options
        name = options.cluster or chosen.cluster
        cluster = self.kubeconfig.clusters.get(name)
        if cluster is None and not options.server:
            if options.cluster:
                raise usage(
                    f"There is no cluster {clean_text(name)}.", nearest(name, self.kubeconfig.clusters)
                )
            if name:
                message = f"The context {context} names the cluster {name}, which no kubeconfig defines."
                raise usage(message, nearest(name, self.kubeconfig.clusters))
            raise usage(f"The context {context} names no cluster.", "Choose one with --cluster.")
        cluster = cluster or Cluster()
        if options.server:
            cluster = replace(cluster, server=options.server)
        if options.tls_server_name:
            cluster = replace(cluster, tls_server_name=options.tls_server_name)
        if options.certificate_authority:
            authority = os.path.abspath(options.certificate_authority)  # noqa: PTH100 - a string is wanted
            cluster = replace(cluster, certificate_authority=authority, certificate_authority_data="")
        if options.insecure_skip_tls_verify:  # kubectl lets the flag win over a CA of the file
            cluster = replace(
                cluster,
                insecure_skip_tls_verify=True,
                certificate_authority="",
                certificate_authority_data="",
            )
        if options.disable_compression:
            cluster = replace(cluster, disable_compression=True)
        if not cluster.server:
            raise usage(f"The cluster {name} has no server.", "Set `server` in the kubeconfig.")
        if cluster.certificate_authority and cluster.certificate_authority_data:
            message = f"The cluster {name} has both certificate-authority and certificate-authority-data."
            raise usage(message, "Keep one of the two.")
        return name, cluster

    def _user(self, context: str, chosen: Context) -> tuple[str, User, tuple[str, ...]]:
        options = self.options
        name = options.user or chosen.user
        user = self.kubeconfig.users.get(name)
        notices: tuple[str, ...] = ()
        if user is None:
            if options.user:
                raise usage(f"There is no user {clean_text(name)}.", nearest(name, self.kubeconfig.users))
            if name:  # kubectl asks the server without a credential then
                missing = f"No kubeconfig defines the user {name} of the context {context}"
                notices = (f"{missing}: requests carry no credential.",)
            user = User()
        return name, self._with_flags(user), notices

    def _with_flags(self, user: User) -> User:
        options = self.options
        if options.token:
            user = replace(user, token=options.token, token_file="")
        if options.client_certificate:
            user = replace(user, client_certificate=options.client_certificate, client_certificate_data="")
        if options.client_key:
            user = replace(user, client_key=options.client_key, client_key_data="")
        if options.as_user:
            user = replace(user, impersonate=options.as_user)
        if options.as_uid:
            user = replace(user, impersonate_uid=options.as_uid)
        if options.as_groups:
            user = replace(user, impersonate_groups=options.as_groups)
        return user

    def _service_account_target(self) -> Target:
        host = self.environ["KUBERNETES_SERVICE_HOST"]
        port = self.environ["KUBERNETES_SERVICE_PORT"]
        host = f"[{host}]" if ":" in host else host
        authority = self._service_account / "ca.crt"
        return Target(
            url=urlsplit(f"https://{host}:{port}"),
            cluster=Cluster(certificate_authority=str(authority) if authority.is_file() else ""),
            user=self._with_flags(User(token_file=str(self._service_account / "token"))),
            namespace=self.namespace(),
            user_name="service account",
            request_timeout=self.options.request_timeout,
        )


_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def namespace_name(name: str) -> str:
    """``name``, where it can be one of a namespace (an RFC 1123 label). Raises `SourceError` (usage)."""
    if not _NAMESPACE.fullmatch(name):
        hint = "Expected lower-case letters, digits and dashes; -n may be given several times."
        raise usage(f"{clean_text(name) or 'Nothing'} is no name of a namespace.", hint)
    return name


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def _nothing_chosen(kubeconfig: Kubeconfig) -> Exception:
    if kubeconfig.contexts:
        known = nearest("", kubeconfig.contexts)
        return usage("The kubeconfig has no current context.", f"Choose one with --context. {known}")
    looked = ", ".join(kubeconfig.looked_for)
    if kubeconfig.files or any(map(os.path.exists, kubeconfig.looked_for)):
        what = f"The kubeconfig names no cluster: {looked}"
    else:
        what = f"No kubeconfig was found: {looked}"
    return usage(f"{what}.", "Name one with --kubeconfig or KUBECONFIG, or look around with `epview --demo`.")


def server_url(cluster: Cluster) -> SplitResult:
    """``server`` as a URL; without a scheme it is http, whatever TLS is configured (as kubectl does)."""
    text = cluster.server if "://" in cluster.server else f"http://{cluster.server}"
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or url.query or url.fragment or url.username is not None:
        shown = clean_text(cluster.server.rpartition("@")[2])
        raise usage(f"The server {shown} is no address of an API server.", "Expected https://host:port.")
    return url


def _validate(name: str, user: User) -> None:
    """What kubectl refuses in a user entry, too."""
    who = f"The user {name}" if name else "The user"
    if user.token and (user.username or user.password):
        raise usage(f"{who} has both a token and a password.", "Keep one of the two.")
    if user.exec and user.auth_provider:
        raise usage(f"{who} has both exec and auth-provider.", "Keep one of the two.")
    for what, path, data in (
        ("client-certificate", user.client_certificate, user.client_certificate_data),
        ("client-key", user.client_key, user.client_key_data),
    ):
        if path and data:
            raise usage(f"{who} has both {what} and {what}-data.", "Keep one of the two.")
    has_certificate = bool(user.client_certificate or user.client_certificate_data)
    if has_certificate and not (user.client_key or user.client_key_data):
        raise usage(f"{who} has a client certificate but no key.", "Add client-key or client-key-data.")
    if not user.impersonate and (user.impersonate_groups or user.impersonate_uid or user.impersonate_extra):
        raise usage("Groups or a uid are impersonated, but no user.", "Name the user with --as.")
    plugin = user.exec
    if plugin and not plugin.command:
        raise usage(f"{who} has an exec plug-in without a command.")
    if plugin and plugin.api_version not in _EXEC_VERSIONS:
        said = plugin.api_version or "no apiVersion"
        raise usage(
            f"{who} has an exec plug-in with {said}.", f"Known are {' and '.join(sorted(_EXEC_VERSIONS))}."
        )


_EXEC_VERSIONS: Final = frozenset({"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"})
