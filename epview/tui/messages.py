"""What travels between threads, app and screens."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from epview.core.view import View
from epview.tui.feed import Feed


@dataclass
class ViewReady(Message):
    """A new View, from the feed's thread. ``feed`` tells late ones of an abandoned feed apart."""

    feed: Feed
    view: View

    @property
    def bubbles(self) -> bool:  # it is posted to the app itself
        return False


@dataclass
class FeedFailed(Message):
    """The feed's thread met a defect."""

    feed: Feed
    error: BaseException
