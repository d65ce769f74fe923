"""Warning headers of the API server, as sentences for a person.

Source: `NewWarningHeader` and `ParseWarningHeaders` of apimachinery `util/net/http.go`; deprecations as
apiserver's `endpoints/deprecation` words them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from epview.sources.clean import clean_text

MOST: Final = 5
_LONGEST: Final = 200
_WARNING: Final = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
# Which API shows what people look at, and what the nodes obey, is what epview is about.
_KNOWN: Final = "v1 Endpoints is deprecated"


def warnings_of(headers: Iterable[str]) -> Iterator[str]:
    """The texts of ``Warning`` headers, cleaned and cut; what is no such header is passed over."""
    for header in headers:
        for match in _WARNING.finditer(header):
            raw = re.sub(r"\\(.)", r"\1", match[1]).encode("latin-1", "replace")  # as http.client read it
            text = " ".join(clean_text(raw.decode("utf-8", "replace")).split())
            if text and not text.startswith(_KNOWN):
                yield text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
