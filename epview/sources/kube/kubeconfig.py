"""kubeconfig files as kubectl reads them: which files, how they merge, what a context means.

Rules of client-go `tools/clientcmd` (loader.go, client_config.go, validation.go): the first file that
names an entry wins whole, the first non-empty current-context wins, missing and empty files of a
KUBECONFIG list are skipped, relative paths lie beside the file that holds them.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec import field as wire

from epview.sources.clean import clean_text, clean_tree
from epview.sources.source import SourceError

_MAX_SIZE: Final = 1 << 20  # as large as kubectl's own cap for such documents; a bomb is not read at all
_MAX_DEPTH: Final = 100  # libyaml composes by recursion, and scans deep brackets in quadratic time


class Secretive(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Never shows its values: they may be credentials."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Cluster(Secretive, frozen=True):
    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: tuple[dict[str, Any], ...] = ()


class ExecEnv(Secretive, frozen=True):
    name: str = ""
    value: str = ""


class ExecConfig(Secretive, frozen=True, rename="camel"):
    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[ExecEnv, ...] = ()
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


class AuthProvider(Secretive, frozen=True):
    name: str = ""
    config: dict[str, str] = {}


class User(Secretive, frozen=True):
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = wire(default="", name="tokenFile")
    impersonate: str = wire(default="", name="as")
    impersonate_uid: str = wire(default="", name="as-uid")
    impersonate_groups: tuple[str, ...] = wire(default=(), name="as-groups")
    impersonate_extra: dict[str, tuple[str, ...]] = wire(default={}, name="as-user-extra")
    username: str = ""
    password: str = ""
    auth_provider: AuthProvider | None = None
    exec: ExecConfig | None = None


class Context(Struct, frozen=True):
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(Struct, frozen=True):
    name: str = ""
    cluster: Cluster = Cluster()


class _NamedUser(Struct, frozen=True):
    name: str = ""
    user: User = User()


class _NamedContext(Struct, frozen=True):
    name: str = ""
    context: Context = Context()


class _Document(Struct, frozen=True):
    kind: str = ""
    api_version: str = wire(default="", name="apiVersion")
    clusters: tuple[_NamedCluster, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = wire(default="", name="current-context")


@dataclass(frozen=True, repr=False)
class Kubeconfig:
    """All files merged. ``files`` are those that were read, ``looked_for`` all that were tried."""

    clusters: Mapping[str, Cluster] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    contexts: Mapping[str, Context] = field(default_factory=dict)
    current_context: str = ""
    files: tuple[str, ...] = ()
    looked_for: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """False where there is nothing in it, as in a machine without any kubeconfig."""
        return bool(self.clusters or self.users or self.contexts or self.current_context)


def usage(message: str, hint: str = "") -> SourceError:
    return SourceError(message, hint, kind="usage")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint with the known names that ``name`` may have meant, or all of them if they are few."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not names:
        return "None is defined."
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f"Known: {shown}."


def load(path: str, environ: Mapping[str, str]) -> Kubeconfig:
    """Read and merge the kubeconfig files.

    ``path`` is that of ``--kubeconfig`` (it must exist); else those of ``KUBECONFIG``, else
    ``~/.kube/config``. Raises `SourceError` (usage) for what cannot be read.
    """
    if path:
        places, must_exist = [path], True
    elif environ.get("KUBECONFIG"):
        places, must_exist = list(dict.fromkeys(environ["KUBECONFIG"].split(os.pathsep))), False
    else:
        home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - a string is wanted
        places, must_exist = [os.path.join(home, ".kube", "config")], False  # noqa: PTH118
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}
    current = ""
    read = []
    for place in filter(None, places):
        document = _read(place, must_exist=must_exist)
        if document is None:
            continue
        read.append(place)
        base = os.path.dirname(os.path.abspath(place))  # noqa: PTH100, PTH120
        for name, cluster in _unique(((c.name, c.cluster) for c in document.clusters), place, "cluster"):
            clusters.setdefault(name, _resolve_cluster(cluster, base))
        for name, user in _unique(((u.name, u.user) for u in document.users), place, "user"):
            users.setdefault(name, _resolve_user(user, base))
        for name, context in _unique(((c.name, c.context) for c in document.contexts), place, "context"):
            contexts.setdefault(name, context)
        current = current or document.current_context
    return Kubeconfig(clusters, users, contexts, current, tuple(read), tuple(filter(None, places)))


_T = TypeVar("_T")


def _unique(entries: Iterable[tuple[str, _T]], place: str, what: str) -> Iterable[tuple[str, _T]]:
    seen: set[str] = set()
    for name, value in entries:
        if name in seen:  # within one file kubectl refuses it, across files the first wins
            raise usage(f"{place}: the {what} {name} is defined twice.", "Remove one of the two.")
        seen.add(name)
        yield name, value


def _read(place: str, *, must_exist: bool) -> _Document | None:
    try:
        with Path(place).open("rb") as file:
            raw = file.read(_MAX_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise usage(f"The kubeconfig {place} does not exist.", "Check --kubeconfig.") from None
        return None
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise usage(f"The kubeconfig {place} cannot be read: {reason}.", "Check its permissions.") from None
    if len(raw) > _MAX_SIZE:
        raise usage(f"The kubeconfig {place} is larger than 1 MB.", "Is it the right file?")
    try:
        tree = _parse(raw, place)
        if tree is None:
            return None
        document = msgspec.convert(clean_tree(_without_nulls(tree)), _Document)
    except msgspec.ValidationError as error:
        raise usage(f"The kubeconfig {place} is not valid: {clean_text(str(error))}.") from None
    except RecursionError:
        raise usage(f"The kubeconfig {place} is nested too deeply.", "Is it the right file?") from None
    if document.kind not in ("", "Config") or document.api_version not in ("", "v1"):
        what = f"{document.api_version} {document.kind}".strip()
        raise usage(f"{place} is no kubeconfig but a {what}.", "Is it the right file?")
    return document


def _parse(raw: bytes, place: str) -> Any:
    if raw.lstrip()[:1] == b"{":
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            pass  # YAML's flow style begins the same way
    import yaml  # 15 ms, and a cluster's own token needs none

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = raw.decode()
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise RecursionError
            if isinstance(event, yaml.AliasEvent):  # 300 bytes of aliases can stand for gigabytes
                where = _line(event.start_mark)
                raise usage(f"The kubeconfig {place} uses a YAML alias{where}.", "Write it out.")
        return next(iter(yaml.load_all(text, Loader=loader)), None)
    except yaml.YAMLError as error:
        where = _line(getattr(error, "problem_mark", None))
        problem = getattr(error, "problem", None) or "not readable"
        raise usage(f"The kubeconfig {place} is not valid YAML{where}: {clean_text(problem)}.") from None
    except ValueError:
        raise usage(f"The kubeconfig {place} is not valid YAML.", "Is it the right file?") from None


def _line(mark: Any) -> str:
    return f" in line {mark.line + 1}" if mark else ""


def _without_nulls(tree: Any) -> Any:
    # Go reads null as the zero value, so `users: null` is no users.
    if isinstance(tree, dict):
        return {key: _without_nulls(value) for key, value in tree.items() if value is not None}
    return [_without_nulls(value) for value in tree if value is not None] if isinstance(tree, list) else tree


def _beside(base: str, path: str) -> str:
    return os.path.join(base, path) if path else ""  # noqa: PTH118 - keeps absolute ones, and ""


def _resolve_cluster(cluster: Cluster, base: str) -> Cluster:
    return msgspec.structs.replace(
        cluster, certificate_authority=_beside(base, cluster.certificate_authority)
    )


def _resolve_user(user: User, base: str) -> User:
    plugin = user.exec
    if plugin and os.sep in plugin.command:
        plugin = msgspec.structs.replace(plugin, command=_beside(base, plugin.command))
    return msgspec.structs.replace(
        user,
        client_certificate=_beside(base, user.client_certificate),
        client_key=_beside(base, user.client_key),
        token_file=_beside(base, user.token_file),
        exec=plugin,
    )
