"""Every action once: its id, keys, label and help. Footer, help, bindings and README derive from it.

Ids are stable: they are the ids of Textual's bindings, so a keymap can remap them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.binding import BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """``run`` is Textual's action, ``keys`` its key names; ``shown`` is how a person reads the key.

    ``scopes`` names the screens or widgets it belongs to. ``footer`` orders the footer; 0 keeps it out.
    """

    id: str
    keys: str
    shown: str
    label: str
    help: str
    scopes: tuple[str, ...]
    run: str
    footer: int = 0
    priority: bool = False


LISTS: Final = ("services", "picker")
ALL: Final = ("services", "service", "pod", "yaml", "failure")

ACTIONS: Final[tuple[Action, ...]] = (
    # moving
    Action("down", "j,down", "j ↓", "down", "one row down", ("table",), "cursor_down"),
    Action("up", "k,up", "k ↑", "up", "one row up", ("table",), "cursor_up"),
    Action("top", "g,home", "g", "top", "to the first row", ("table",), "cursor_top"),
    Action("bottom", "G,end", "G", "bottom", "to the last row", ("table",), "cursor_bottom"),
    Action("page-down", "pagedown,ctrl+f", "PgDn", "page", "one page down", ("table",), "cursor_page_down"),
    Action("page-up", "pageup,ctrl+b", "PgUp", "page", "one page up", ("table",), "cursor_page_up"),
    Action("half-down", "ctrl+d", "Ctrl-D", "half page", "half a page down", ("table",), "cursor_half_down"),
    Action("half-up", "ctrl+u", "Ctrl-U", "half page", "half a page up", ("table",), "cursor_half_up"),
    Action("open", "enter", "⏎", "open", "open the selected row", ("table",), "select", footer=1),
    Action("text-down", "j,down", "j ↓", "down", "scroll down", ("text",), "line_down"),
    Action("text-up", "k,up", "k ↑", "up", "scroll up", ("text",), "line_up"),
    Action("text-top", "g,home", "g", "top", "to the beginning", ("text",), "text_top"),
    Action("text-bottom", "G,end", "G", "bottom", "to the end", ("text",), "text_bottom"),
    Action("text-page-down", "pagedown,ctrl+f", "PgDn", "page", "one page down", ("text",), "text_page_down"),
    Action("text-page-up", "pageup,ctrl+b", "PgUp", "page", "one page up", ("text",), "text_page_up"),
    Action("text-half-down", "ctrl+d", "Ctrl-D", "half", "half a page down", ("text",), "text_half_down"),
    Action("text-half-up", "ctrl+u", "Ctrl-U", "half", "half a page up", ("text",), "text_half_up"),
    # this Service, this pod
    Action("next-tab", "tab,right", "Tab", "next tab", "next tab", ("service",), "tab(1)", footer=2),
    Action("previous-tab", "shift+tab,left", "Shift-Tab", "previous tab", "previous tab", ("service",),
           "tab(-1)"),
    *(
        Action(f"pane-{number}", str(number), str(number), name, f"the tab {name}", ("service",),
               f"pane({number})")
        for number, name in enumerate(("Backends", "Findings", "Endpoints", "Events", "YAML"), 1)
    ),
    Action("details", "d", "d", "details", "open the selected row", ("services", "service"), "details"),
    Action("yaml", "y", "y", "yaml", "YAML as kubectl get -o yaml shows it", ("services", "service", "pod"),
           "yaml", footer=8),
    Action("events", "e", "e", "events", "events of the Service and its pods", ("services", "service"),
           "events", footer=9),
    Action("copy", "c", "c", "copy", "copy a name, an address or a command", ("services", "service", "pod"),
           "copy", footer=10),
    Action("remedy", "Y", "Y", "copy fix", "copy the command that helps with the finding; again the next one",
           ("services", "service"), "remedy", footer=5),
    Action("explain", "E", "E", "explain", "what the finding means: the page of its rule",
           ("services", "service"), "explain", footer=6),
    Action("older", "left_square_bracket", "[", "back", "the Service seen before this one", ("service",),
           "history(-1)"),
    Action("newer", "right_square_bracket", "]", "forward", "forward again", ("service",), "history(1)"),
    # the list
    Action("filter", "slash", "/", "filter", "filter: text, !text, /regex/, key=value; in text: search",
           ("services", "service", "pod", "yaml"), "filter", footer=2),
    Action("problems", "exclamation_mark", "!", "problems", "only Services with a problem", ("services",),
           "problems", footer=3),
    Action("loose-ends", "f", "f", "loose ends", "findings that belong to no Service", ("services",),
           "loose_ends"),
    Action("pin", "space", "Space", "pin", "keep the Service at the top", ("services",), "pin"),
    Action("next-hit", "n", "n", "next hit", "next hit of the search", ("text",), "next_hit"),
    Action("previous-hit", "N", "N", "previous hit", "previous hit of the search", ("text",), "previous_hit"),
    # where to look
    Action("namespaces", "n", "n", "namespace", "choose a namespace", ALL, "namespaces", footer=4),
    Action("all-namespaces", "0", "0", "all", "all namespaces", ALL, "all_namespaces"),
    Action("contexts", "C", "C", "context", "choose a context of the kubeconfig", ALL, "contexts", footer=7),
    Action("retry", "r", "r", "retry", "try again now what waits for a retry", ALL, "retry"),
    Action("freeze", "z", "z", "freeze", "freeze the screen; the data goes on", ALL[:-1], "freeze"),
    # the program
    Action("help", "question_mark", "?", "help", "this help", ALL, "help", footer=20),
    Action("command", "colon", ":", "command", "a command: :svc :po :ns x :ctx y :explain RULE :q", ALL,
           "command", footer=21),
    Action("palette", "ctrl+p", "Ctrl-P", "palette", "find an action, a Service, a namespace", ALL,
           "command_palette", priority=True),
    Action("escape", "escape", "Esc", "back", "clear the filter, then go back; never quits", ALL, "escape"),
    Action("back", "q", "q", "quit", "back; at the first screen quit", ALL, "back", footer=22),
    Action("quit", "ctrl+c", "Ctrl-C", "quit", "quit", ("app",), "quit", priority=True),
    Action("suspend", "ctrl+z", "Ctrl-Z", "suspend", "suspend to the shell (fg comes back)", ("app",),
           "suspend_process", priority=True),
    # pickers
    Action("picker-cancel", "escape", "Esc", "cancel", "close without a choice", ("picker",), "cancel"),
    Action("picker-choose", "enter", "⏎", "choose", "take the marked row", ("picker",), "choose"),
)  # fmt: skip

BY_ID: Final = {action.id: action for action in ACTIONS}


def of(*scopes: str) -> list[Action]:
    """The actions of these scopes, in registry order."""
    return [action for action in ACTIONS if any(scope in action.scopes for scope in scopes)]


def footer(*scopes: str) -> list[Action]:
    """The actions worth a place in the footer, in its order."""
    return sorted((action for action in of(*scopes) if action.footer), key=lambda action: action.footer)


def bindings(*scopes: str, only: Iterable[str] | None = None) -> list[BindingType]:
    """The same as Textual bindings, each with its id, so that a keymap can move them."""
    from textual.binding import Binding

    wanted = None if only is None else set(only)
    return [
        Binding(
            action.keys,
            action.run,
            action.label,
            show=bool(action.footer),
            key_display=action.shown,
            priority=action.priority,
            tooltip=action.help,
            id=action.id,
        )
        for action in of(*scopes)
        if wanted is None or action.id in wanted
    ]


_README: Final = (
    "open", "escape", "next-tab", "filter", "problems", "namespaces", "all-namespaces", "contexts", "yaml",
    "events", "copy", "remedy", "explain", "freeze", "command", "palette", "help", "back",
)  # fmt: skip


def key_table() -> str:
    """The most used keys as the Markdown table of the README."""
    chosen = [BY_ID[name] for name in _README]
    rows = [f"| `{action.shown.replace('⏎', 'Enter')}` | {action.help} |" for action in chosen]
    return "\n".join(["| key | what it does |", "|---|---|", *rows])
