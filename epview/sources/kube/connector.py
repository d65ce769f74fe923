"""Opens clusters by context, as the kubeconfig and the flags say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from epview.core.masking import mask_urls
from epview.sources.kube.clock import Clock
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.connection import Client
from epview.sources.kube.kubeconfig import Cluster
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.target import Configuration, namespace_name


@dataclass(frozen=True)
class KubeContext:
    """One context of the kubeconfig. Implements `epview.sources.source.ContextInfo`."""

    name: str
    cluster: str = ""
    user: str = ""
    namespace: str = "default"
    server: str = ""


class KubeConnector:
    """Implements `epview.sources.source.Connector` for kubeconfig files and service accounts.

    The files are read anew for each question, so that a login in another terminal counts.
    """

    def __init__(self, options: KubeOptions | None = None, *, clock: Clock | None = None) -> None:
        self._options = options or KubeOptions()
        self._clock = clock or Clock()

    def contexts(self) -> Sequence[KubeContext]:
        kubeconfig = Configuration(self._options).kubeconfig
        return [
            KubeContext(
                name,
                context.cluster,
                context.user,
                context.namespace or "default",
                mask_urls(kubeconfig.clusters.get(context.cluster, Cluster()).server),
            )
            for name, context in kubeconfig.contexts.items()
        ]

    def current(self) -> str:
        return Configuration(self._options).context_name()

    def default_namespace(self, context: str = "") -> str:
        return Configuration(self._options).namespace(context)

    def open(self, context: str, namespaces: tuple[str, ...] | None) -> ClusterSource:
        for name in namespaces or ():
            namespace_name(name)
        configuration = Configuration(self._options)
        if context and context != configuration.context_name():
            configuration = Configuration(self._options.elsewhere())
        target = configuration.target(context)
        client = Client(target, environ=configuration.environ, clock=self._clock)
        return ClusterSource(client, namespaces, kind=self._options.kind)
