"""The context picker: the contexts of the kubeconfig, as ``kubectl config get-contexts`` lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from epview.present.columns import Column
from epview.present.frame import Frame
from epview.present.text import Role, Span
from epview.sources.source import ContextInfo
from epview.tui.screens.picker import Picker

Row = tuple[ContextInfo, bool]


def _mark(row: Row, _: Frame) -> Span:
    return Span("*" if row[1] else " ", Role.OK)


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("current", "", _mark, None, 1, 1, short="cut"),
    Column("name", "NAME", lambda row, _: Span(row[0].name, Role.STRONG), None, 14, 60, short="middle"),
    Column("cluster", "CLUSTER", lambda row, _: Span(row[0].cluster), None, 10, 40, drop=3, short="middle"),
    Column("user", "AUTHINFO", lambda row, _: Span(row[0].user, Role.MUTED), None, 8, 40, drop=4,
           short="middle"),
    Column("namespace", "NAMESPACE", lambda row, _: Span(row[0].namespace, Role.MUTED), None, 9, 30, drop=2),
    Column("server", "SERVER", lambda row, _: Span(row[0].server, Role.MUTED), None, 12, 60, drop=5,
           flex=True),
)  # fmt: skip


def context_picker(contexts: Sequence[ContextInfo], current: str, frame: Frame) -> Picker[Row]:
    """Choice: the name of a context."""
    rows = {context.name: (context, context.name == current) for context in contexts}
    return Picker(
        "context",
        COLUMNS,
        rows,
        order=lambda row: row[0].name,
        text_of=lambda row: row[0].name,
        frame=frame,
        placeholder="type to narrow",
        marked=current or None,
    )
