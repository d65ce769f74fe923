import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from epview.present.text import (
    Role,
    Span,
    cell_width,
    clean,
    line,
    shorten,
    shorten_middle,
    take,
    take_end,
    text_of,
    wrap,
)

ANY = st.text(max_size=60)


@given(ANY)
def test_clean_text_holds_nothing_a_terminal_could_obey(text):
    assert clean(text).isprintable()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b]52;c;ZXZpbA==\x07", "·]52;c;ZXZpbA==·"),
        ("\x9b31mred", "·31mred"),
        ("a\u202eb", "a·b"),
        ("no\u200bthing", "nothing"),
        ("[red]stays[/]", "[red]stays[/]"),
    ],
)
def test_hostile_text_is_shown_harmless(raw, text):
    assert clean(raw) == text


@given(ANY, st.integers(0, 70))
def test_shortening_keeps_to_the_width(text, width):
    text = clean(text)
    for cut in (shorten, shorten_middle, take, take_end):
        assert cell_width(cut(text, width)) <= width


@given(st.text("abc 漢字é", max_size=40))
def test_width_is_what_rich_counts(text):
    assert cell_width(text) == cell_len(text)


def test_the_middle_goes_since_generated_names_differ_at_the_end():
    assert shorten_middle("checkout-7d9f8c5b6-x2k4p", 15) == "checkou…6-x2k4p"
    assert shorten("checkout-7d9f8c5b6-x2k4p", 10) == "checkout-…"


@given(st.lists(st.text("ab 漢", max_size=12), max_size=6), st.integers(4, 30), st.integers(0, 6))
def test_wrapping_loses_no_word_and_keeps_the_width(parts, width, indent):
    spans = line(*(Span(part, Role.MUTED if at % 2 else Role.PLAIN) for at, part in enumerate(parts)))
    lines = wrap(spans, width, indent)
    assert all(sum(cell_width(span.text) for span in each) <= width for each in lines)
    assert "".join(text_of(each) for each in lines).replace(" ", "") == text_of(spans).replace(" ", "")


def test_wrapped_lines_hang_and_keep_their_roles():
    spans = line(Span("one two ", Role.STRONG), Span("three four", Role.MUTED))
    lines = wrap(spans, 10, 2)
    assert [text_of(each) for each in lines] == ["one two ", "  three ", "  four"]
    assert lines[1][-1].role is Role.MUTED
