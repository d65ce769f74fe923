"""The commands: one module each, with `parser` and `run`. Added here, in one line, and nowhere else.

Modules are imported when their command is called: ``--version`` and ``--help`` stay light.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

COMMANDS: Final = {
    "check": "judge once and leave: for scripts and CI",
    "explain": "what a rule means, why it happens, what to do",
    "who": "whose an address is",
    "rbac": "the smallest rights it can live with",
    "demo-server": "the demo cluster alone, for kubectl and others",
}
"""Names of the commands with what they do; without a name it is the interface."""


def command(name: str) -> ModuleType:
    """The module of a command; ``""`` is the interface."""
    return import_module(f"epview.commands.{(name or 'interface').replace('-', '_')}")
