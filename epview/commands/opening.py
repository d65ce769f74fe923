"""From arguments to where the data comes from: files, the demo, or a cluster, and in which namespaces."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from epview.commands.parsing import usage

if TYPE_CHECKING:
    from epview.sources.files import FileSource
    from epview.sources.kube.options import KubeOptions
    from epview.sources.source import Connector, Source

Scope = tuple[str, ...] | None
"""The namespaces to look at; None for all."""


class Opened(NamedTuple):
    """``default`` is the namespace of a bare SERVICE name; ``files`` is the source where it is files."""

    source: Source
    namespaces: Scope
    default: str
    files: FileSource | None = None


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[Opened]:
    """What ``-f``, ``--demo`` and the cluster flags name. Raises `SourceError`."""
    from epview.sources.kube.flags import cluster_options

    if args.filename and args.demo is not None:
        raise usage("-f and --demo exclude each other.")
    if args.filename:
        files = _files(args)
        scope = None if args.all_namespaces else named(args) or None
        yield Opened(files, scope, files.default_namespace(), files)
    elif args.demo is not None:
        from epview.demo.demo import DemoCluster

        with DemoCluster(args.demo) as demo:
            yield _cluster(args, demo_options(args, demo.write_kubeconfig()))
    else:
        yield _cluster(args, cluster_options(args))


def _cluster(args: argparse.Namespace, options: KubeOptions) -> Opened:
    from epview.sources.kube.connector import KubeConnector

    connector = KubeConnector(options)
    namespaces, default = scope_of(args, connector)
    source = connector.open(options.context, namespaces)
    if sys.stdin.isatty():
        source.login()
    return Opened(source, namespaces, default)


def _files(args: argparse.Namespace) -> FileSource:
    from epview.sources.files import FileSource

    source = FileSource(args.filename, args.now, next(iter(named(args)), "default"))
    for remark in source.remarks():
        print(f"epview: {remark}", file=sys.stderr)
    return source


def demo_options(args: argparse.Namespace, kubeconfig: Path) -> KubeOptions:
    """The demo's own kubeconfig, whatever the environment says; its context may be chosen."""
    from epview.sources.kube.options import KubeOptions

    return KubeOptions(kubeconfig=str(kubeconfig), context=args.context, kind="demo")


def scope_of(args: argparse.Namespace, connector: Connector) -> tuple[Scope, str]:
    """The namespaces to look at (None: all), and the one a bare SERVICE name belongs to."""
    chosen = named(args)
    default = chosen[0] if chosen else connector.default_namespace(args.context)
    if args.all_namespaces:
        return None, default
    namespace, _, _ = args.service.rpartition("/")
    return chosen or (namespace or default,), default


def named(args: argparse.Namespace) -> tuple[str, ...]:
    """The namespaces of ``-n``: an empty one is none, as for kubectl."""
    chosen = tuple(filter(None, args.namespace))
    namespace, _, _ = args.service.rpartition("/")
    if namespace and chosen and namespace not in chosen and not args.all_namespaces:
        raise usage(f"{args.service} is in the namespace {namespace}, but -n names {', '.join(chosen)}.")
    return chosen
