"""Commands a person may copy: always read or written by hand, never run by epview.

Names come from the cluster, so every one is quoted for the shell.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from epview.core.objects import Key, Pod


def pairs(selector: Mapping[str, str]) -> str:
    """``app=web,tier=api``"""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))


def get_pods(namespace: str, selector: Mapping[str, str] | None = None) -> str:
    wanted = f" -l {quote(pairs(selector))}" if selector else ""
    return f"kubectl get pods -n {quote(namespace)}{wanted} --show-labels"


def set_selector(service: Key, selector: Mapping[str, str]) -> str:
    wanted = quote(pairs(selector))
    return f"kubectl set selector service {quote(service.name)} -n {quote(service.namespace)} {wanted}"


def describe(kind: str, key: Key) -> str:
    namespace = f" -n {quote(key.namespace)}" if key.namespace else ""
    return f"kubectl describe {kind} {quote(key.name)}{namespace}"


def logs(pod: Pod, container: str, *, previous: bool = False) -> str:
    flag = " --previous" if previous else ""
    return f"kubectl logs {quote(pod.key.name)} -n {quote(pod.key.namespace)} -c {quote(container)}{flag}"


def get_slices(service: Key) -> str:
    label = quote(f"kubernetes.io/service-name={service.name}")
    return f"kubectl get endpointslices -n {quote(service.namespace)} -l {label} -o yaml"


def get_endpoints(service: Key) -> str:
    return f"kubectl get endpoints {quote(service.name)} -n {quote(service.namespace)} -o yaml"


def get_pods_on_nodes(namespace: str, selector: Mapping[str, str]) -> str:
    return f"kubectl get pods -n {quote(namespace)} -l {quote(pairs(selector))} -o wide"


def get_events(pod: Pod) -> str:
    about = quote(f"involvedObject.name={pod.key.name}")
    return f"kubectl get events -n {quote(pod.key.namespace)} --field-selector {about}"
