"""Two themes by roles, and how a role looks. Meaning never hangs on colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from epview.present.text import Role

DARK: Final = Theme(
    name="epview-dark",
    primary="#7aa2f7",
    secondary="#9aa7bd",
    accent="#7dcfff",
    warning="#e3b341",
    error="#ff7b72",
    success="#6cc77b",
    foreground="#d5dbe5",
    background="#0f131a",
    surface="#141922",
    panel="#1b222d",
    dark=True,
    variables={
        "role-muted": "#8791a3",
        "role-strong": "#f3f6fb",
        "role-info": "#7dcfff",
        "role-unknown": "#b9a2f5",
        "role-stale": "#f0a45d",
        "role-key": "#9db7ff",
        "role-cursor": "#26324a",
        "border": "#2e3848",
        "scrollbar": "#2e3848",
        "scrollbar-hover": "#475569",
        "scrollbar-active": "#64748b",
        "scrollbar-background": "#0f131a",
        "scrollbar-background-hover": "#0f131a",
        "scrollbar-background-active": "#0f131a",
        "input-selection-background": "#7aa2f7 35%",
    },
)
LIGHT: Final = Theme(
    name="epview-light",
    primary="#2457c5",
    secondary="#57606a",
    accent="#0a6bb8",
    warning="#8a5a00",
    error="#c2202b",
    success="#1b7a36",
    foreground="#24292f",
    background="#fcfcfb",
    surface="#f4f5f6",
    panel="#e9ebee",
    dark=False,
    variables={
        "role-muted": "#626c77",
        "role-strong": "#0b0f14",
        "role-info": "#0a6bb8",
        "role-unknown": "#7340c4",
        "role-stale": "#a5480b",
        "role-key": "#2457c5",
        "role-cursor": "#dbe6fb",
        "border": "#d0d5db",
        "scrollbar": "#c3c9d1",
        "scrollbar-hover": "#a3abb6",
        "scrollbar-active": "#848d99",
        "scrollbar-background": "#fcfcfb",
        "scrollbar-background-hover": "#fcfcfb",
        "scrollbar-background-active": "#fcfcfb",
        "input-selection-background": "#2457c5 25%",
    },
)

_FALLBACK: Final[dict[Role, tuple[str, ...]]] = {
    Role.STRONG: ("role-strong", "foreground"),
    Role.TITLE: ("role-strong", "foreground"),
    Role.MUTED: ("role-muted", "foreground-muted", "secondary"),
    Role.ERROR: ("error",),
    Role.WARNING: ("warning",),
    Role.OK: ("success",),
    Role.INFO: ("role-info", "primary"),
    Role.UNKNOWN: ("role-unknown", "accent"),
    Role.STALE: ("role-stale", "warning"),
    Role.ACCENT: ("accent", "primary"),
    Role.KEY: ("role-key", "primary"),
}
_BOLD: Final = (Role.STRONG, Role.TITLE, Role.KEY)


def role_styles(variables: Mapping[str, str]) -> dict[Role, Style]:
    """The look of each role under a theme's variables (``App.theme_variables``), any theme of Textual's."""
    styles = {role: _style(role, names, variables) for role, names in _FALLBACK.items()}
    error = _color(("error",), variables)
    accent = _color(("warning",), variables)
    back = _color(("background",), variables)
    styles[Role.PLAIN] = Style()
    styles[Role.OPEN] = Style(
        color=_color(("role-strong", "foreground"), variables), bold=True, underline=True
    )
    styles[Role.BROKEN] = Style(color=back, bgcolor=error, bold=True)
    styles[Role.MATCH] = Style(color=back, bgcolor=accent, bold=True)
    return styles


def cursor_style(variables: Mapping[str, str]) -> Style:
    """The selected row. Without colour its mark at the left end still tells it."""
    return Style(bgcolor=_color(("role-cursor", "block-cursor-background", "panel"), variables))


def _style(role: Role, names: tuple[str, ...], variables: Mapping[str, str]) -> Style:
    return Style(color=_color(names, variables), bold=role in _BOLD or None)


def _color(names: tuple[str, ...], variables: Mapping[str, str]) -> RichColor | None:
    for name in names:
        try:
            return Color.parse(variables[name]).rich_color
        except (KeyError, ColorParseError):
            continue
    return None


def theme_named(name: str, known: Iterable[str]) -> str:
    """The theme of that name, ``dark`` and ``light`` for epview's own; its dark one where there is none."""
    own = {"": DARK.name, "dark": DARK.name, "light": LIGHT.name}
    wanted = own.get(name, name)
    return wanted if wanted in known else DARK.name
