"""Which cluster and which namespaces are looked at, and the feed that looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from epview.core import labels
from epview.core.projector import Projector
from epview.core.view import View
from epview.sources.source import Connector, Source
from epview.tui.feed import Feed, Inbox

Scope = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where a feed's Views and its defects go; called on the feed's thread."""

    view: Callable[[Feed, View], None]
    failed: Callable[[Feed, BaseException], None]


class Session:
    """One feed at a time. ``scope`` is what the source reads, ``focus`` a part of it that is shown.

    A focus is instant: the data is there already. Only where it is not, a new source is opened.
    """

    def __init__(
        self, connector: Connector, context: str, scope: Scope, hooks: Hooks, selector: str = ""
    ) -> None:
        """``selector`` picks the Services to show by their labels, as ``-l`` takes it."""
        self.connector = connector
        self.context = context
        self.scope = scope
        self.focus: str | None = None
        self.feed: Feed | None = None
        self.selector = selector
        self._hooks = hooks

    @property
    def shown(self) -> Scope:
        """The namespaces on the screen."""
        return (self.focus,) if self.focus is not None else self.scope

    def adopt(self, source: Source, inbox: Inbox | None = None) -> Feed:
        """Look through this source from now on."""
        feed = Feed(source, inbox=inbox, projector=Projector(labels.parse(self.selector)))
        self.feed = feed
        feed.start(lambda view: self._hooks.view(feed, view), lambda error: self._hooks.failed(feed, error))
        return feed

    def open(self) -> Source:
        """A new source for context and scope. Raises `SourceError`; may read files: off the event loop."""
        return self.connector.open(self.context, self.scope)

    def leave(self) -> Feed | None:
        """Let go of the feed; the caller stops it, since that may take a moment."""
        feed, self.feed = self.feed, None
        return feed

    def covers(self, namespace: str | None) -> bool:
        """True where the source at work already reads this namespace (None: all of them)."""
        if self.feed is None:
            return False
        return self.scope is None or (namespace is not None and self.scope == (namespace,))
