"""`-o yaml`: the same document as `-o json`, and the same strings in every reader of YAML."""

from __future__ import annotations

import re
from typing import Any, Final, TextIO

import yaml

from epview.reports.outcome import Outcome
from epview.reports.outputs import speaks_unicode
from epview.reports.report import report

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_AMBIGUOUS: Final = re.compile(r"[-+.0-9]|[yYnN]$")
"""What another version of YAML than PyYAML's might read as a number or a boolean: 0o17, 1e3, y."""

_WIDTH: Final = 1 << 30  # no string is folded


class _Dumper(_Base):  # type: ignore[misc]
    """Quotes every string that could be taken for something else, and writes no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _string(dumper: Any, text: str) -> Any:
    style = "'" if _AMBIGUOUS.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def write(outcome: Outcome, out: TextIO) -> None:
    text = yaml.dump(
        report(outcome),
        Dumper=_Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=speaks_unicode(out),
        width=_WIDTH,
    )
    out.write(text)
