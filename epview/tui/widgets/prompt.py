"""The line for a filter, a search or a command; hidden until one of their keys is pressed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

Mode = Literal["filter", "search", "command"]
_SIGNS = {"filter": "/", "search": "/", "command": ":"}
_HINTS = {
    "filter": "text   !text   /regex/   key=value      Enter keeps it, Esc clears it",
    "search": "text      Enter, then n and N",
    "command": "svc   po   ns NAME   ctx NAME   explain RULE   q",
}


class PromptInput(Input):
    """An Input that takes the suggestion with Tab and gives up and down to the list behind it."""

    async def on_key(self, event: events.Key) -> None:
        if event.key == "tab":
            event.prevent_default().stop()
            self.action_cursor_right()
            if self._suggestion_waiting():
                self.value = self._suggestion
                self.cursor_position = len(self.value)
        elif event.key in ("up", "down"):
            event.prevent_default().stop()
            self.post_message(Prompt.Moved(1 if event.key == "down" else -1))

    def _suggestion_waiting(self) -> bool:
        return bool(self._suggestion) and self._suggestion != self.value


class Prompt(Horizontal):
    """Posts `Changed` at each keystroke, `Done` on Enter, `Left` on Esc."""

    DEFAULT_CSS = """
    Prompt { height: 1; padding: 0 1; background: $panel; }
    Prompt > Static { width: 2; color: $accent; text-style: bold; }
    Prompt > PromptInput { border: none; height: 1; padding: 0; width: 1fr; background: $panel; }
    Prompt > PromptInput:focus { border: none; }
    """

    @dataclass
    class Changed(Message):
        """The text is another, while it is typed."""

        mode: Mode
        text: str

    @dataclass
    class Done(Message):
        """Enter."""

        mode: Mode
        text: str

    @dataclass
    class Left(Message):
        """Esc."""

        mode: Mode

    @dataclass
    class Moved(Message):
        """Up or down, for the list behind."""

        rows: int

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self.mode: Mode = "filter"

    def compose(self) -> ComposeResult:
        yield Static(Content("/"))
        entry = PromptInput(select_on_focus=False)
        entry.cursor_blink = False
        yield entry

    @property
    def entry(self) -> PromptInput:
        return self.query_one(PromptInput)

    @property
    def is_open(self) -> bool:
        return self.display

    def open(self, mode: Mode, text: str = "", words: Iterable[str] = ()) -> None:
        """Show it with ``text``; ``words`` are what Tab completes to."""
        self.mode = mode
        self.query_one(Static).update(Content(_SIGNS[mode]))
        entry = self.entry
        entry.placeholder = _HINTS[mode]
        entry.suggester = SuggestFromList(list(words), case_sensitive=True) if words else None
        with entry.prevent(Input.Changed):
            entry.value = text
        entry.cursor_position = len(text)
        self.display = True
        self.screen.set_focus(entry)  # at once: the next key may be on its way already

    def close(self) -> None:
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Changed(self.mode, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Done(self.mode, event.value))

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.prevent_default().stop()
            self.close()
            self.post_message(self.Left(self.mode))
