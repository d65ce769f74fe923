"""One address stands in several EndpointSlices.

# What it means
kube-proxy merges what several slices of a Service say of one address and port. Where they agree, nothing
is lost. Where one says ready and another not, it is undefined which of them counts; only a terminating
entry always yields to a living one.

# Why it happens
A slice was written by hand beside Endpoints that are mirrored, two controllers keep slices for one
Service, or a slice was left behind. For a few seconds it is normal, while addresses move between slices.

# How to see it yourself
`kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o yaml`

# What to do
Delete the slice that is not needed, or the Endpoints that are mirrored.

# References
Kubernetes documentation: EndpointSlices, "Duplicate endpoints"; pkg/proxy/endpointslicecache.go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from epview.core.facts import Facts, ref, written
from epview.core.objects import Endpoint, EndpointSlice
from epview.core.remedies import get_slices
from epview.core.rule import Rule
from epview.core.view import Finding, Severity

GRACE = 10
"""Seconds in which an address may stand in its old and its new slice."""

Entry = tuple[Endpoint, EndpointSlice]


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.external or facts.written_by_apiserver:
        return
    facts.need("endpointslices")
    if len(facts.slices) < 2:
        return
    repeated = _repeated(facts)
    at_odds = {ip: entries for ip, entries in repeated.items() if _at_odds(entries)}
    if at_odds:
        yield _finding(facts, Severity.WARNING, _contradiction(at_odds), at_odds)
    elif repeated:
        yield _finding(facts, Severity.INFO, _repetition(repeated), repeated)


def _repeated(facts: Facts) -> dict[str, list[Entry]]:
    """By address: its entries in slices of which two share a port, once that has lasted."""
    places: defaultdict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for endpoint, slice_ in facts.sliced:
        for ip in (endpoint.addresses or ())[:1]:
            for port in slice_.ports or ():
                places[(ip, port.name or "", port.protocol or "TCP")].append((endpoint, slice_))
    found: dict[str, list[Entry]] = {}
    for (ip, _, _), entries in places.items():
        slices = {slice_.key: slice_ for _, slice_ in entries}
        if len(slices) > 1 and all(facts.lasts(written(s), GRACE) for s in slices.values()):
            found.setdefault(ip, entries)
    return found


def _state(endpoint: Endpoint) -> str:
    if endpoint.terminating:
        return "terminating"
    return "ready" if endpoint.ready else "not ready"


def _at_odds(entries: list[Entry]) -> bool:
    """They say different things of one and the same target."""
    if len({_state(endpoint) for endpoint, _ in entries}) < 2:
        return False
    living = [_target(e) for e, _ in entries if not e.terminating]
    going = [_target(e) for e, _ in entries if e.terminating]
    # a pod that goes and another one with its address: the IP was used again
    reused = bool(going) and not set(going) & set(living) and len({_state(e) for e, _ in entries}) == 2
    return not reused


def _target(endpoint: Endpoint) -> tuple[str, str]:
    reference = endpoint.target_ref
    return (reference.name, reference.uid) if reference else ("", "")


def _contradiction(found: dict[str, list[Entry]]) -> str:
    ip, entries = next(iter(found.items()))
    said = {_state(endpoint): slice_.key.name for endpoint, slice_ in reversed(entries)}
    words = " but ".join(f"{state} in slice {said[state]}" for state in sorted(said, key=_STATES.index))
    return f"{ip} is {words}{_more(found)}"


def _repetition(found: dict[str, list[Entry]]) -> str:
    ip, entries = next(iter(found.items()))
    slices = list(dict.fromkeys(slice_.key.name for _, slice_ in entries))
    if any(endpoint.terminating for endpoint, _ in entries):
        return f"{ip} belongs to a terminating pod and, used again, to a new one{_more(found)}"
    return f"{ip} stands in {len(slices)} slices: {', '.join(slices[:2])}{_more(found)}"


_STATES = ("ready", "not ready", "terminating")


def _more(found: dict[str, list[Entry]]) -> str:
    others = len(found) - 1
    return f"; {others} more address{'es' if others > 1 else ''} likewise" if others else ""


def _finding(facts: Facts, severity: Severity, message: str, found: dict[str, list[Entry]]) -> Finding:
    slices = {slice_.key: slice_ for entries in found.values() for _, slice_ in entries}
    return RULE.find(
        severity,
        message,
        evidence=[
            (ref(slice_), f"endpoints[{ip}].conditions", _state(endpoint))
            for ip, entries in list(found.items())[:3]
            for endpoint, slice_ in entries
        ]
        + [(ref(s), "metadata.labels[managed-by]", s.managed_by or "missing") for s in slices.values()][:5],
        remedy=[get_slices(facts.key)],
        objects=[f"Service/{facts.key}", *(ref(slice_) for slice_ in slices.values())],
    )


RULE = Rule("EP603", "One address in several slices", (20, 1), judge, folds=frozenset({"EP101"}))
