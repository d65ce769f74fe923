"""Markdown: whatever the cluster says, the table stays a table and nothing becomes a link or HTML."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from support.outcomes import HOSTILE, finding, hostile_outcome, outcome, service, written

from epview.core.view import Health, Severity
from epview.reports.outcome import Outcome
from epview.reports.outputs.markdown import cell, code

RENDER = MarkdownIt(
    "gfm-like"
)  # tables, autolinks of bare addresses, raw HTML: as permissive as a reader gets

NASTY = [
    HOSTILE,
    "http://evil.example www.evil.example me@evil.example",
    "[l](http://evil.example) ![i](http://evil.example/x.png) <http://evil.example>",
    "<script>alert(1)</script><!-- ",
    "</code></summary></details><b>x</b>",
    "a|b\\|c\\\\|d|",
    "``` ```` ` `a` \\`",
    "`",
    "\\",
    " x ",
    "**b** _i_ ~~s~~ # h\n\n- item\n\n| a | b |\n|---|---|\n",
    "&lt;b&gt; &#60;b&#62;",
    "```\n```\n~~~",
]


def rendered(shown: Outcome) -> str:
    return RENDER.render(written("markdown", shown))


def text_only(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize("text", NASTY)
def test_cluster_text_is_neither_link_nor_html_nor_the_end_of_a_cell(text: str) -> None:
    shown = outcome(
        service(text, finding(text=text), namespace=text), blind={"events": text}, notices=(text,)
    )
    html = rendered(shown)
    assert not re.search(r"<(a|img|script|b|em|s|h\d|!--)\b", html)
    [table] = re.findall(r"<table>.*?</table>", html, flags=re.DOTALL)
    assert table.count("<tr>") == 2
    assert table.count("<td>") == 4
    assert html.count("<details>") == html.count("</details>") == 1
    outside = re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)
    assert "evil" not in outside
    assert "@" not in outside


def test_all_that_is_hostile_at_once() -> None:
    html = rendered(hostile_outcome())
    assert not re.search(r"<(a|img|script)\b", html)
    assert html.count("<details>") == html.count("</details>") == 2
    assert "evil" not in re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("text", [t for t in NASTY if "\n" not in t])
def test_a_code_span_shows_the_very_text(text: str) -> None:
    shown = re.search("<code>(.*)</code>", RENDER.render(code(text)))
    assert shown is not None
    unescaped = (
        shown[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    )
    assert unescaped == " ".join(text.split())


def test_a_backslash_cannot_undo_the_escape_of_a_pipe() -> None:
    assert cell("a\\|b|c") == "`a\\ \\|b\\|c`"


def test_a_cell_shows_its_pipes() -> None:
    html = RENDER.render(f"| a | b |\n|---|---|\n| {cell('x|y')} | z |\n")
    assert "<code>x|y</code>" in html


def test_what_it_tells() -> None:
    shown = outcome(
        service("web", finding(), finding("EP106", Severity.INFO, "sticky", evidence=(), remedy=())),
        service("blind", health=Health.UNKNOWN, gaps=("pods",)),
        service("alias", external_name="db.example"),
        blind={"pods": "Forbidden."},
    )
    lines = written("markdown", shown).splitlines()
    assert lines[0] == "**epview: 3 Services: 1 error, 1 unknown, 1 ok**"
    assert "| ❌ error | `shop/web` | - | EP303 `it fails` |" in lines
    assert "| ❔ unknown | `shop/blind` | - | `cannot be judged without pods` |" in lines
    assert "| ✅ ok | `shop/alias` | - | `→ db.example` |" in lines
    assert "- `not seen: pods (forbidden) Forbidden.`" in lines
    assert "<summary><code>Service/shop/web</code> EP303, EP106</summary>" in lines
    assert "- `Pod/shop/web-1` `status`: `it fails`" in lines
    assert lines[lines.index("```sh") + 1] == "kubectl describe it fails"
