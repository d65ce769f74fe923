"""Text that nobody should trust, and a cluster in which every word is spoilt by it.

A word is spoilt alike wherever it stands, so that selectors still match and references still lead
somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from epview.core.changes import Change, Put
from epview.core.objects import BY_KIND
from epview.core.view import ResourceState

CORPUS: Final = (
    "\x1b]52;c;ZXZpbA==\x07",  # OSC 52: the clipboard
    "\x1b]0;owned\x07\x1b[2J\x1b[H",  # title, clear, home
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",  # OSC 8: a link
    "\x1bP+q544e\x1b\\\x1b_Gx\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\",  # DCS, APC, PM, SOS
    "\x9b31mred\x9d0;c1\x9c\x90q\x9c",  # the same as C1 codes
    "\x00\x01\x07\x08\x0b\x0c\x0e\x1f\x7f\x85\xa0\xad",
    "[red]markup[/] [/foo] [bold",
    "[@click=app.quit]x[/] [link=http://evil.example]y[/link]",
    "[@click='app.exit(7)']z[/]$text-muted [$error]",
    "\u202egnp.exe\u202c \u2066isolate\u2069 \u061c\u200e\u200f",
    "z\u200be\u200cr\u200do\u2060w\ufeffi\u00addth \u3164\u115f\u1160",
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 Z\u0351\u036b\u0343\u036a",
    "漢字かな한국어 ｗｉｄｅ",
    "👩\u200d👩\u200d👧\u200d👦 👍🏽 🏳️\u200d🌈 ❤️ 🇩🇪 1\ufe0f\u20e3 🤷🏿",
    "\ud800 \udfff lone",
    "two\nlines\r\nand\ttabs\u2028and\u2029more",
    "'; rm -rf / #\" $(id) `id` && | > /dev/null \\",
    "%s %n {0} {self} ${HOME} \\u001b \\x1b",
    "क्षि ไทย בְּרֵאשִׁית \U0001f1e9 \U000e0041\U000e007f",
    "y" * 3000,
    "漢" * 3000,
    "--server=http://evil.example",
    "",
    " ",
)

_PIECES: Final = st.sampled_from(
    [*CORPUS, "[", "]", "[/", "\x1b[", "\x1b]", "\x9b", "\n", "\t", ";", "\x07", "="]
)
ANY_TEXT: Final = st.lists(_PIECES | st.text(max_size=8), max_size=5).map("".join)

_KEPT_FIELDS: Final = frozenset(
    [
        "uid",
        "resourceVersion",
        "protocol",
        "scheme",
        "addressType",
        "kind",
        "phase",
        "status",
        "type",
        "clusterIP",
        "clusterIPs",
        "ip",
        "podIP",
        "podIPs",
        "hostIP",
        "addresses",
        "apiVersion",
    ]
)
_FREE_KEYS: Final = frozenset(("labels", "selector", "matchLabels"))  # maps, where people choose the keys
_KEPT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT.*Z|[\d.:]+|.*\.?k8s\.io.*|kubernetes\.io/.*|"
)  # times, addresses, and the words that make a cluster one


class Spoiler:
    """Gives each word its own hostile tail, always the same one."""

    def __init__(self, tails: Iterable[str] = CORPUS) -> None:
        self._tails: Iterator[str] = cycle(tails)
        self._known: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """The word, spoilt."""
        if word not in self._known:
            tail = next(self._tails)
            self._known[word] = f"{word}{tail}" if len(self._known) % 3 else f"{tail}{word}"
        return self._known[word]

    @property
    def used(self) -> int:
        """How many words were spoilt."""
        return len(self._known)

    def changes(self, changes: Iterable[Change]) -> list[Change]:
        """The same cluster with every free word spoilt."""
        return [self._change(each) for each in changes]

    def tree(self, tree: dict[str, Any]) -> dict[str, Any]:
        """An API object as it would come in JSON, every free word of it spoilt."""
        spoilt: dict[str, Any] = self._tree(tree)
        return spoilt

    def _change(self, change: Change) -> Change:
        if isinstance(change, ResourceState):
            return msgspec.structs.replace(change, message=self(change.message or "said"))
        assert isinstance(change, Put)
        tree = self._tree(msgspec.to_builtins(change.object))
        return Put(change.kind, msgspec.convert(tree, BY_KIND[change.kind].struct))

    def _tree(self, tree: Any, field: str = "") -> Any:
        if isinstance(tree, dict):
            return {
                self._word(key) if field in _FREE_KEYS else key: self._tree(value, key)
                for key, value in tree.items()
            }
        if isinstance(tree, list | tuple):
            return [self._tree(each, field) for each in tree]
        if isinstance(tree, str) and field not in _KEPT_FIELDS:
            return self._word(tree)
        return tree

    def _word(self, word: str) -> str:
        if match := re.fullmatch(r"(spec\.containers\{)(.*)(\})", word):
            return f"{match[1]}{self(match[2])}{match[3]}"
        return word if _KEPT.fullmatch(word) else self(word)
