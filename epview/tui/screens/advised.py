"""A screen that marks a finding: one key copies its command, another shows the page of its rule."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from epview.present.text import Role, Span
from epview.tui import actions
from epview.tui.screens.base import BaseScreen


class Advice(NamedTuple):
    """What the marked finding offers. ``key`` tells it from another; ``rule`` may be ``""``."""

    key: Hashable
    rule: str
    commands: tuple[str, ...]


class AdvisedScreen(BaseScreen):
    """Subclasses say which finding is marked."""

    _given: tuple[Hashable, int] = (None, -1)  # whose command was copied last, and which one

    def advice(self) -> Advice | None:
        """What the marked finding offers; None where none is marked."""
        raise NotImplementedError

    def action_remedy(self) -> None:
        """Copy the finding's command; pressed again the next one, and round."""
        advice = self.advice()
        if advice is None or not advice.commands:
            self.say(Span("no finding here with a command to copy", Role.MUTED))
            return
        key, last = self._given
        number = (last + 1) % len(advice.commands) if key == advice.key else 0
        self._given = (advice.key, number)
        count = len(advice.commands)
        which = f" {number + 1} of {count}" if count > 1 else ""
        more = f" ({actions.BY_ID['remedy'].shown} the next)" if number + 1 < count else ""
        self.copy(advice.commands[number], which + more)

    def action_explain(self) -> None:
        advice = self.advice()
        self.epview.explain(advice.rule if advice is not None else "")
