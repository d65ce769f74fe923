from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

from epview.tui.widgets.row_model import Falling, RowModel

CHANGES = st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 5))), max_size=60)


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 5), max_size=30), CHANGES)
def test_a_few_changes_end_where_sorting_anew_does(rows, changes):
    model = RowModel(lambda row: row, lambda row: row != 3)
    model.load(rows)
    for key, value in changes:
        rows = dict(rows)
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value
        model.load(rows, [key])
        fresh = RowModel(lambda row: row, lambda row: row != 3)
        fresh.load(rows)
        assert model.keys() == fresh.keys()
        assert all(model.position(each) == at for at, each in enumerate(model.keys()))


def test_what_the_test_hides_has_no_position():
    model = RowModel(lambda row: row, lambda row: row > 1)
    model.load({"a": 1, "b": 2})
    assert model.position("a") is None
    assert model.position("nobody") is None
    assert model.keys() == ["b"]


def test_falling_keys_turn_the_order_round():
    model = RowModel(Falling)
    model.load({"a": 1, "b": 3, "c": 2})
    assert model.keys() == ["b", "c", "a"]


def test_ten_thousand_rows_are_arranged_at_once():
    rows = {("ns", f"svc-{number}"): number for number in range(10_000)}
    model = RowModel(lambda row: (row % 4, row))
    start = perf_counter()
    model.load(rows)
    assert perf_counter() - start < 0.5  # tens of milliseconds; generous for a busy machine
