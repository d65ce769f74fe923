"""The entry: show the interface, give back the exit code."""

from __future__ import annotations

from collections.abc import Mapping

from epview.sources.source import Connector, Source
from epview.tui import terminal
from epview.tui.application import EpviewApp
from epview.tui.feed import Inbox
from epview.tui.session import Scope

__all__ = ["EpviewApp", "run"]


def run(
    connector: Connector,
    *,
    context: str = "",
    namespaces: Scope = None,
    service: str | None = None,
    source: Source | None = None,
    inbox: Inbox | None = None,
    theme: str = "",
    ascii_only: bool = False,
    mouse: bool = True,
    keymap: Mapping[str, str] | None = None,
    selector: str = "",
) -> int:
    """Show the interface until the person leaves; gives back the exit code.

    ``namespaces`` is the scope (None: all). ``service`` (name or namespace/name) is opened at once.
    ``source`` and ``inbox`` belong together: a source already started with ``inbox.put`` as its sink.
    ``ascii_only`` is implied where the terminal's encoding has no other signs. ``theme`` is ``dark``,
    ``light`` or any of Textual's. ``keymap`` maps ids of `actions` to other keys.
    ``selector`` shows only the Services whose labels it matches.
    """
    app = EpviewApp(
        connector,
        context=context,
        namespaces=namespaces,
        service=service,
        source=source,
        inbox=inbox,
        theme=theme,
        ascii_only=ascii_only or terminal.ascii_only(),
        selector=selector,
    )
    if keymap:
        app.set_keymap(dict(keymap))
    result = app.run(mouse=mouse)
    return result if isinstance(result, int) else app.return_code or 0
