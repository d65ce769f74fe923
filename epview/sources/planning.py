"""Rendered manifests: the pods that their workloads would make, one for each template.

So that the rules on selectors, ports and policies can judge before anything is applied. A pod that is only
planned has no status: nothing is known of its readiness, address or node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from msgspec import structs

from epview.core.objects import (
    BY_KIND,
    CronJob,
    Deployment,
    Key,
    Object,
    ObjectMeta,
    OwnerReference,
    Pod,
    StatefulSet,
    Workload,
    WorkloadSpec,
)
from epview.sources.decode import convert_object

_HOOKS: Final = ("helm.sh/hook", "argocd.argoproj.io/hook")
_BUILT_IN: Final = ".k8s.io"


class Template(NamedTuple):
    """A pod template with the object that bears it."""

    kind: str
    key: Key
    spec: WorkloadSpec


def template_of(obj: Object) -> Template | None:
    """The template of a workload that would make pods; None for other objects, and for none wanted."""
    match obj:
        case Workload() if obj.spec.replicas != 0:
            return Template(obj.kind, obj.key, obj.spec)
        case CronJob():
            return Template("CronJob", obj.key, obj.spec.job_template.spec)
        case _:
            return None


def template_by_shape(tree: Mapping[str, Any], namespace: str) -> Template | None:
    """As `template_of`, of a kind that is not known but looks like a Deployment: Rollout, CloneSet, …"""
    spec = tree.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    pod = template.get("spec") if isinstance(template, dict) else None
    if not isinstance(pod, dict) or not isinstance(pod.get("containers"), list):
        return None
    found = convert_object(BY_KIND["Deployment"], dict(tree))
    if not isinstance(found, Deployment) or not found.metadata.name or found.spec.replicas == 0:
        return None
    key = Key(found.metadata.namespace or namespace, found.metadata.name)
    return Template(str(tree.get("kind")), key, found.spec)


def may_make_pods(tree: Mapping[str, Any]) -> bool:
    """An object of an operator: which pods it leads to, only the operator knows."""
    group, slash, _ = str(tree.get("apiVersion")).partition("/")
    return bool(slash) and "." in group and not group.endswith(_BUILT_IN)


def is_hook(tree: Mapping[str, Any]) -> bool:
    """A Pod or Job that runs around an installation and is not part of it (a chart's tests, migrations)."""
    metadata = tree.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if tree.get("kind") not in ("Pod", "Job") or not isinstance(annotations, dict):
        return False
    return any(hook in annotations for hook in _HOOKS)


def planned_pods(templates: Iterable[Template], taken: Iterable[Key]) -> Iterator[Pod]:
    """One pod for each template, named after its workload; ``taken`` are names of pods that exist."""
    names = set(taken)
    for kind, key, spec in templates:
        pod = spec.template.spec
        name = key.name
        if kind == StatefulSet.__name__:
            name = f"{name}-0"
            pod = structs.replace(pod, hostname=name, subdomain=spec.service_name)
        if Key(key.namespace, name) in names:
            name = f"{name}-{kind.lower()}"
        names.add(Key(key.namespace, name))
        yield Pod(
            metadata=ObjectMeta(
                name=name,
                namespace=key.namespace,
                uid=f"Pod/{key.namespace}/{name}",
                labels=spec.template.metadata.labels,
                owner_references=(
                    OwnerReference(kind=kind, name=key.name, uid=f"{kind}/{key}", controller=True),
                ),
            ),
            spec=pod,
        )
