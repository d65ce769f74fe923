"""What is worth copying of a thing on the screen: (what it is, the text)."""

from __future__ import annotations

import shlex

from epview.core.objects import Key
from epview.core.view import Backend, ServiceView

Items = list[tuple[str, str]]
_REMEDIES = 6


def service_items(view: ServiceView, backend: Backend | None = None, commands: tuple[str, ...] = ()) -> Items:
    """Names, addresses and the kubectl commands that show the same; what is marked comes first: the
    address, or the ``commands`` of the finding.
    """
    place = f"-n {shlex.quote(view.namespace)}"
    name = shlex.quote(view.name)
    items: Items = [("remedy", command) for command in commands]
    if backend is not None:
        items += backend_items(backend, view.namespace)
    items.append(("name", view.name))
    if view.dns_name:
        items.append(("DNS name", view.dns_name))
        items += [(f"URL of port {port.port}", f"{view.dns_name}:{port.port}") for port in view.ports[:2]]
    items += [("cluster IP", address) for address in view.cluster_ips]
    items.append(
        ("kubectl: the Service and its Endpoints", f"kubectl get service,endpoints {place} {name} -o wide")
    )
    label = shlex.quote(f"kubernetes.io/service-name={view.name}")
    items.append(("kubectl: its EndpointSlices", f"kubectl get endpointslices {place} -l {label} -o yaml"))
    if view.selector:
        selector = shlex.quote(",".join(f"{key}={value}" for key, value in view.selector.items()))
        items.append(("kubectl: the pods it selects", f"kubectl get pods {place} -l {selector} -o wide"))
    remedies = dict.fromkeys(
        command for finding in view.findings for command in finding.remedy if command not in commands
    )
    items += [("remedy", command) for command in list(remedies)[:_REMEDIES]]
    return items


def backend_items(backend: Backend, namespace: str) -> Items:
    """Of one address: with its port, and its pod."""
    items: Items = []
    if backend.address:
        items.append(("address", backend.address))
        host = f"[{backend.address}]" if ":" in backend.address else backend.address
        items += [("address and port", f"{host}:{port.port}") for port in backend.ports[:2]]
    if backend.pod:
        items += pod_items(Key(namespace, backend.pod))
    return items


def pod_items(pod: Key) -> Items:
    place = f"-n {shlex.quote(pod.namespace)}"
    name = shlex.quote(pod.name)
    return [
        ("pod", pod.name),
        ("kubectl: describe the pod", f"kubectl describe pod {place} {name}"),
        ("kubectl: its logs", f"kubectl logs {place} {name} --all-containers --tail=100"),
    ]
