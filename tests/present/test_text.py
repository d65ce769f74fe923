import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from epview.present.text import (
    LONGEST,
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
        ("\ud800 alone", "· alone"),
        ("a\u3164b", "a·b"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
        ("\U0001f44d\U0001f3fd \u2764\ufe0f", "\U0001f44d \u2764"),
    ],
)
def test_hostile_text_is_shown_harmless(raw, text):
    assert clean(raw) == text


# signs that a later Unicode than Python's own made wide
WIDENED = {*range(0x2630, 0x2638), *range(0x268A, 0x2690), *range(0x4DC0, 0x4E00), *range(0x1D300, 0x1D380)}


def test_every_character_is_as_wide_as_the_screen_counts_it():
    other = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if code not in WIDENED and cell_width(clean(chr(code))) != cell_len(clean(chr(code)))
    ]
    assert not other


@given(ANY)
def test_no_character_changes_the_width_of_another(text):
    text = "".join(char for char in clean(text) if ord(char) not in WIDENED)
    assert cell_width(text) == cell_len(text)


def test_marks_without_end_do_not_paint_over_other_lines():
    assert clean("e" + "\u0301" * 1000 + "x") == "e" + "\u0301" * 6 + "x"
    assert clean("e" + "\u0301\u200d" * 1000) == "e" + "\u0301" * 6


@pytest.mark.parametrize("char", ["x", "漢", "\u0301", "\x1b", "\ud800"])
def test_of_endless_text_the_beginning_is_left(char):
    shown = clean(char * 1_000_000)
    assert len(shown) <= LONGEST + 1
    assert shown.endswith("…")


def test_wrapping_a_word_without_end_costs_as_much_as_it_is_long(monkeypatch):
    """Measured in characters that were looked at, so that no clock decides."""
    seen = 0

    def counted(char):
        nonlocal seen
        seen += 1
        return 2

    monkeypatch.setattr("epview.present.text._char_width", counted)
    assert len(wrap((Span("漢" * 50_000),), 80, 4)) > 1000
    assert seen < 50_000 * 8


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
