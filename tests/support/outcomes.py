"""Outcomes to write out, made by hand: with text in every place that no cluster would let through."""

from __future__ import annotations

import io
from typing import Any

from support.builders import NOW

from epview.core.objects import KINDS, Key
from epview.core.view import (
    Evidence,
    Finding,
    Health,
    Phase,
    ResourceState,
    ServiceView,
    Severity,
    SourceInfo,
    View,
)
from epview.reports.outcome import Outcome
from epview.reports.outputs import OUTPUTS, write

ALL = tuple(OUTPUTS)
HOSTILE = "%0A::error,file=x::x\r\n| a `b` ``c`` [l](http://evil.example) <img src=x> @ops #1 ]]>&amp;\\| \x0b\ufffe '\" : {} é漢🙂"


def finding(
    rule: str = "EP303", severity: Severity = Severity.ERROR, text: str = "it fails", **how: Any
) -> Finding:
    how.setdefault("evidence", (Evidence(object="Pod/shop/web-1", field="status", value=text),))
    how.setdefault("remedy", (f"kubectl describe {text}",))
    how.setdefault("objects", ("Pod/shop/web-1",))
    return Finding(rule=rule, severity=severity, message=text, **how)


def service(name: str = "web", *findings: Finding, namespace: str = "shop", **how: Any) -> ServiceView:
    """A Service whose health and headline follow from its findings."""
    open_ = [f for f in findings if not f.folded]
    worst = min((f.severity for f in open_), key=lambda s: s.rank, default=None)
    how.setdefault("health", Health(worst) if worst else Health.OK)
    how.setdefault("headline", open_[0] if open_ else None)
    return ServiceView(key=Key(namespace, name), findings=findings, **how)


def outcome(
    *services: ServiceView,
    orphans: tuple[Finding, ...] = (),
    blind: dict[str, str] | None = None,
    notices: tuple[str, ...] = (),
    **how: Any,
) -> Outcome:
    """``blind``: resources that could not be seen, with the reason."""
    states = [
        ResourceState(
            resource=kind.resource,
            phase=Phase.FORBIDDEN if kind.resource in (blind or {}) else Phase.LIVE,
            message=(blind or {}).get(kind.resource, ""),
        )
        for kind in KINDS
    ]
    info = SourceInfo(kind="cluster", context="c", server="https://api.example:6443", notices=notices)
    view = View(
        now=NOW,
        revision=1,
        source=info,
        services={s.key: s for s in services},
        states=tuple(states),
        findings=orphans,
    )
    return Outcome(view, services, **how)


def written(form: str, shown: Outcome, encoding: str = "utf-8") -> str:
    """What the output writes, through a stream of that encoding."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
    write(form, shown, out)
    out.flush()
    return raw.getvalue().decode(encoding)


def hostile_outcome() -> Outcome:
    """Everything that may come from a cluster, at its worst."""
    worst = finding(text=HOSTILE, evidence=(Evidence(object=HOSTILE, field=HOSTILE, value=HOSTILE),))
    orphan = finding("EP507", text=HOSTILE, objects=(f"Endpoints/{HOSTILE.replace('/', '')}/{HOSTILE}",))
    bad = service(HOSTILE, worst, namespace=HOSTILE, selector={HOSTILE: HOSTILE})
    alias = service("alias", external_name=HOSTILE)
    unseen = {"events": HOSTILE}
    return outcome(bad, alias, service("db"), orphans=(orphan,), blind=unseen, notices=(HOSTILE,))
