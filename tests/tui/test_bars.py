from hypothesis import given
from hypothesis import strategies as st

from epview.present.text import cell_width, line, text_of
from epview.tui.widgets.bars import fill

EKS = "arn:aws:eks:eu-west-1:123456789012:cluster/production-eu"


def filled(width: int, name: str = EKS, *more: str) -> str:
    left = [line("epview"), line(name), line("v1.33.2"), line("ns all namespaces")]
    return text_of(fill(left, [line("● live"), line("✗ 3  ▲ 1"), *map(line, more)], width, (2, 0)))


def test_with_room_all_is_told():
    text = filled(160, EKS, "next try in 3s")
    assert text.startswith(f"epview   {EKS}   v1.33.2   ns all namespaces   ")
    assert text.endswith("● live   ✗ 3  ▲ 1   next try in 3s")


def test_a_long_name_is_cut_in_its_middle_before_the_state_goes():
    text = filled(80)
    assert text.startswith("arn:aws:eks:")
    assert "…" in text
    assert "production-eu   ns all namespaces" in text
    assert text.endswith("● live   ✗ 3  ▲ 1")


@given(st.integers(40, 200), st.text("a漢-…", max_size=300))
def test_no_name_hides_whether_the_data_is_live(width, name):
    text = filled(width, name, "next try in 3s")
    assert cell_width(text) <= width
    assert "● live" in text
    assert "ns all" in text or "…" in text
