"""`epview rbac`: the smallest Role or ClusterRole that epview can live with, made from the watched kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from epview.core.objects import KINDS, Kind

_READ = "[get, list, watch]"


def manifest(namespace: str | None = None) -> str:
    """YAML of a ClusterRole; for a ``namespace`` of a Role in it (``""``: in whichever it is applied to)."""
    kinds = [kind for kind in KINDS if namespace is None or kind.namespaced]
    head = _cluster_role() if namespace is None else _role(namespace)
    return "\n".join([*head, "rules:", *_rules(kinds)]) + "\n"


def _cluster_role() -> Iterator[str]:
    yield "# All that epview ever asks for, in all namespaces: reading only, and never Secrets or ConfigMaps."
    yield "#"
    yield "#   epview rbac | kubectl apply -f -"
    yield "#   kubectl create clusterrolebinding epview --clusterrole=epview --user=NAME"
    yield from _required("")
    yield from _object("ClusterRole", "")


def _role(namespace: str) -> Iterator[str]:
    place = namespace or "NAMESPACE"
    yield "# All that epview ever asks for in one namespace: reading only, and never Secrets or ConfigMaps."
    yield "#"
    yield f"#   epview rbac -n {place} | kubectl apply -f -"
    yield f"#   kubectl create rolebinding epview -n {place} --role=epview --user=NAME"
    outside = [kind.kind for kind in KINDS if not kind.namespaced]
    yield from _required(f" {' and '.join(outside)} are in no namespace: only a ClusterRole can allow them.")
    yield from _object("Role", namespace)


def _required(more: str) -> Iterator[str]:
    *first, last = (kind.resource for kind in KINDS if kind.required)
    yield "#"
    yield f"# Required are {', '.join(first)} and {last}."
    yield "# Without one of the others only what rests on it is unknown; without pods/log there are no logs."
    if more:
        yield f"#{more}"


def _object(kind: str, namespace: str) -> Iterator[str]:
    yield "apiVersion: rbac.authorization.k8s.io/v1"
    yield f"kind: {kind}"
    yield "metadata:"
    yield "  name: epview"
    if namespace:
        yield f"  namespace: {namespace}"


def _rules(kinds: Iterable[Kind]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for kind in kinds:
        groups.setdefault(kind.version.rpartition("/")[0], []).append(kind.resource)
    for group, resources in groups.items():
        yield from _rule(group, resources, _READ)
    yield from _rule("", ["pods/log"], "[get]")


def _rule(group: str, resources: Iterable[str], verbs: str) -> Iterator[str]:
    named = group or '""'
    yield f"- apiGroups: [{named}]"
    yield f"  resources: [{', '.join(resources)}]"
    yield f"  verbs: {verbs}"
