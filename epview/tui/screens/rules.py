"""The pages of the rules: one of them as a sheet, all of them to choose from."""

from __future__ import annotations

from typing import Final

from epview.core.rule import Rule, catalogue
from epview.present import rulepage
from epview.present.columns import Column
from epview.present.frame import Frame
from epview.present.text import Role, Span
from epview.tui import actions
from epview.tui.screens.picker import Picker
from epview.tui.screens.sheet import Sheet

COLUMNS: Final[tuple[Column[Rule], ...]] = (
    Column("rule", "RULE", lambda rule, _: Span(rule.id, Role.MUTED), None, 5, 5),
    Column("title", "WHAT IT FINDS", lambda rule, _: Span(rule.title), None, 20, 100, flex=True),
)


def rule_sheet(rule: Rule) -> Sheet:
    """Its page; the key that opened it closes it."""
    opener = actions.BY_ID["explain"].keys
    return Sheet(f"{rule.id}: {rule.title}", lambda width: rulepage.page(rule, width), opener)


def rule_picker(frame: Frame) -> Picker[Rule]:
    """Choice: the id of a rule."""
    return Picker(
        "rules",
        COLUMNS,
        catalogue(),
        order=lambda rule: rule.id,
        text_of=lambda rule: f"{rule.id} {rule.title}",
        frame=frame,
        placeholder="type to narrow",
    )
