"""kubectl's global flags on the command line, and the options they make."""

from __future__ import annotations

import argparse

from epview.core import labels
from epview.sources.kube.options import KubeOptions, parse_timeout
from epview.sources.source import SourceError


def add_cluster_flags(parser: argparse.ArgumentParser) -> None:
    """Kubectl's global flags, by their names."""
    group = parser.add_argument_group("which cluster (as kubectl)")
    add = group.add_argument
    add(
        "--kubeconfig",
        metavar="FILE",
        default="",
        help="default: $KUBECONFIG, then ~/.kube/config",
    )
    add("--context", metavar="NAME", default="", help="context of the kubeconfig")
    add("--cluster", metavar="NAME", default="", help="cluster of the kubeconfig")
    add("--user", metavar="NAME", default="", help="user of the kubeconfig")
    add("-s", "--server", metavar="URL", default="", help="address of the API server")
    add("--token", default="", help="bearer token (visible in `ps`; prefer the kubeconfig)")
    add("--certificate-authority", metavar="FILE", default="", help="CA of the API server")
    add("--client-certificate", metavar="FILE", default="", help="client certificate")
    add("--client-key", metavar="FILE", default="", help="key of the client certificate")
    add("--tls-server-name", metavar="NAME", default="", help="name to expect in the server's certificate")
    add("--insecure-skip-tls-verify", action="store_true", help="do not verify the server's certificate")
    add("--as", dest="as_user", metavar="USER", default="", help="impersonate a user")
    add(
        "--as-group",
        dest="as_groups",
        metavar="GROUP",
        action="append",
        default=[],
        help="impersonate a group",
    )
    add("--as-uid", metavar="UID", default="", help="and a uid")
    add(
        "--request-timeout",
        metavar="TIME",
        type=_timeout,
        default=0.0,
        help="per request, e.g. 10s (0: none)",
    )
    add("--disable-compression", action="store_true", help="ask for plain answers")
    scope = parser.add_argument_group("which Services")
    scope.add_argument(
        "-n", "--namespace", metavar="NS", action="append", default=[], help="namespace; may be repeated"
    )
    scope.add_argument(
        "-l",
        "--selector",
        metavar="LABELS",
        type=_selector,
        default="",
        help="only Services with these labels: app=web,tier!=db",
    )
    scope.add_argument("-A", "--all-namespaces", action="store_true", help="all namespaces")


def cluster_options(args: argparse.Namespace) -> KubeOptions:
    """What the flags say about the cluster to look at."""
    return KubeOptions(
        kubeconfig=args.kubeconfig,
        context=args.context,
        cluster=args.cluster,
        user=args.user,
        as_user=args.as_user,
        as_groups=tuple(args.as_groups),
        as_uid=args.as_uid,
        request_timeout=args.request_timeout,
        server=args.server,
        token=args.token,
        certificate_authority=args.certificate_authority,
        client_certificate=args.client_certificate,
        client_key=args.client_key,
        tls_server_name=args.tls_server_name,
        insecure_skip_tls_verify=args.insecure_skip_tls_verify,
        disable_compression=args.disable_compression,
    )


def _timeout(text: str) -> float:
    try:
        return parse_timeout(text)
    except SourceError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def _selector(text: str) -> str:
    try:
        labels.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
