"""Text of a cluster is untrusted: nothing in it may steer a terminal or hide from the eye.

Replaced by visible stand-ins: C0 controls except newline and tab (U+2400 and up, ␛ for ESC), DEL (␡),
and as U+FFFD the C1 controls, bidi controls, zero-width and invisible characters, line and
paragraph separators, lone surrogates. Anyone who may write a label could otherwise reach the
viewer's clipboard (OSC 52) or make one name look like another.
"""

from __future__ import annotations

import re
from typing import Any, Final

_INVISIBLE: Final = (
    "\x80-\x9f"  # C1
    "\xad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b-\u200f\u2028-\u202e"  # zero-width, separators, bidi marks, embeddings and overrides
    "\u2060-\u206f\ufeff"  # word joiner, invisible operators, bidi isolates, byte order mark
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # interlinear annotation, tags
)
_TEXT: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f{_INVISIBLE}\ud800-\udfff]")

# The same in the bytes of JSON. ESCAPE finds a suspicious escape, perhaps one whose backslash is itself
# escaped; Go writes <, > and & as \u003c, \u003e, \u0026, which must not leave the fast path.
_ESCAPE: Final = re.compile(
    rb"\\(?:[bfr]|u(?:00(?:[0189]|7[fF]|[aA][dD])|061[cC]|180[eE]|20[026]|[fF][eE][fF][fF]"
    rb"|[fF][fF][fF]9|[fF][fF][fF][aAbB]|[dD][bB]40))"
)
_LEADS: Final = (
    b"\xc2",
    b"\xd8\x9c",
    b"\xe1\xa0\x8e",
    b"\xe2\x80",
    b"\xe2\x81",
    b"\xef\xbb\xbf",
    b"\xef\xbf",
)
_LEADS_4: Final = b"\xf3\xa0"
_JSON: Final = re.compile(
    rb"(\\\\)"  # an escaped backslash: what follows is no escape
    rb"|\\([bfr])"
    rb"|\\u([dD][bB]40\\u[dD][cC][0-7][0-9a-fA-F])"  # tags, as a surrogate pair
    rb"|\\u([0-9a-fA-F]{4})"
    rb"|([\x00-\x08\x0b\x0c\x0e-\x1f\x7f])"
    rb"|(\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80\x81][\x80-\xbf])"
)
_REPLACEMENT: Final = "\ufffd".encode()
_SHORT: Final = {b"b": 0x08, b"f": 0x0C, b"r": 0x0D}


def _stand_in(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def clean_text(text: str) -> str:
    """``text`` with every dangerous character replaced; the same object where there is none."""
    if text.isascii() and text.isprintable():
        return text
    return _TEXT.sub(lambda match: _stand_in(ord(match[0])), text)


def clean_tree(tree: Any) -> Any:
    """A decoded JSON or YAML value with every string in it cleaned, keys included."""
    if isinstance(tree, str):
        return clean_text(tree)
    if isinstance(tree, dict):
        return {clean_tree(key): clean_tree(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [clean_tree(value) for value in tree]
    return tree


def _suspicious(raw: bytes | bytearray) -> bool:
    if b"\x7f" in raw or _ESCAPE.search(raw):
        return True
    return not raw.isascii() and (any(lead in raw for lead in _LEADS) or _LEADS_4 in raw)


def _clean_match(match: re.Match[bytes]) -> bytes:
    whole = match[0]
    if match[1]:
        return whole
    if match[2]:
        return _stand_in(_SHORT[match[2]]).encode()
    if match[4]:
        char = chr(int(match[4], 16))
        # Surrogates stay: half of a pair may be a fine character, a lone one fails to decode later.
        if "\ud800" <= char <= "\udfff" or char in "\n\t" or not _TEXT.match(char):
            return whole
        return _stand_in(ord(char)).encode()
    return _stand_in(whole[0]).encode() if match[5] else _REPLACEMENT


def clean_json(raw: bytes | bytearray) -> bytes | bytearray:
    """The JSON document ``raw`` with every dangerous character replaced; still the same JSON otherwise.

    Works on the bytes, so that typed decoding stays one step: a few scans where nothing is suspicious
    (almost always), one regular expression where something is.
    """
    return _JSON.sub(_clean_match, raw) if _suspicious(raw) else raw
