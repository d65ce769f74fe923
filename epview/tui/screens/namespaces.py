"""The namespace picker: every namespace with how many of its Services are in trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from epview.core.view import Health, NamespaceView, Phase, View
from epview.present.columns import NAMESPACES
from epview.present.frame import Frame
from epview.tui.screens.picker import Picker
from epview.tui.session import Scope

ALL = ""  # the key of the row for all namespaces


def namespace_picker(view: View | None, shown: Scope, frame: Frame) -> Picker[NamespaceView]:
    """Choice: a name, several typed with commas, or ``""`` for all. Free text where they are not listable."""
    rows: dict[str, NamespaceView] = {ALL: NamespaceView(name="all namespaces", counts=_sum(view))}
    if view is not None:
        rows |= {namespace.name: namespace for namespace in view.namespaces}
    for name in shown or ():
        rows.setdefault(name, NamespaceView(name=name))
    forbidden = view is None or any(
        state.resource == "namespaces" and state.phase is not Phase.LIVE for state in view.states
    )
    return Picker(
        "namespace",
        NAMESPACES,
        rows,
        order=lambda row: (row.name != rows[ALL].name, row.name),
        text_of=lambda row: row.name,
        frame=frame,
        placeholder="type a namespace" if forbidden else "type to narrow, 0 for all",
        free=True,
        marked=shown[0] if shown else ALL,
    )


def _sum(view: View | None) -> Mapping[Health, int] | None:
    """All counts together; None where those of a namespace are not known."""
    every = [namespace.counts for namespace in view.namespaces] if view is not None else []
    if not every or None in every:
        return None
    total: Counter[Health] = Counter()
    for counts in every:
        total.update(counts or {})
    return total
