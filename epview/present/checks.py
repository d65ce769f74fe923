"""What the API objects cannot tell, and commands to find it out by hand (Kubernetes' Debug Services)."""

from __future__ import annotations

from shlex import quote
from typing import Final

from epview.core.view import BackedBy, BackendState, PortView, ServiceView

NOT_CHECKED: Final = "packets, DNS answers, policy enforcement, listening sockets."
_IMAGE: Final = "busybox:1.36"


def by_hand(view: ServiceView) -> list[tuple[str, str]]:
    """(what is asked, the command): its name, its port, one of its pods; two or three of them.

    They start a pod that removes itself, or forward a port: epview itself does neither.
    """
    out: list[tuple[str, str]] = []
    if view.dns_name:
        out.append(("does its name resolve?", _run(view, "look-up", f"nslookup {quote(view.dns_name)}")))
    port = next((port for port in view.ports if port.protocol == "TCP"), None)
    if port is not None and view.dns_name and view.backed_by is not BackedBy.EXTERNAL:
        number = _dialled(view, port)
        out.append(
            (f"does port {number} answer?", _run(view, "dial", f"nc -zvw 3 {quote(view.dns_name)} {number}"))
        )
    backend = next((each for each in view.backends if each.state is BackendState.READY and each.pod), None)
    target = (
        next((each.port for each in backend.ports if port and each.name == port.name), 0) if backend else 0
    )
    if backend is not None and backend.pod and target:
        out.append(("does a pod answer without the Service?", _forward(view, backend.pod, target)))
    return out


def _run(view: ServiceView, name: str, command: str) -> str:
    place = f"-n {quote(view.namespace)}"
    return f"kubectl run {place} epview-{name} --rm -it --restart=Never --image={_IMAGE} -- {command}"


def _dialled(view: ServiceView, port: PortView) -> int:
    """A headless Service translates no port: clients dial the pod's own."""
    return port.resolved[0] if view.headless and port.resolved else port.port


def _forward(view: ServiceView, pod: str, number: int) -> str:
    local = number if number > 1023 else number + 8000
    return f"kubectl port-forward -n {quote(view.namespace)} {quote(f'pod/{pod}')} {local}:{number}"
