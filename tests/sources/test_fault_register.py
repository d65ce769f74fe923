"""The register of faults is whole: every row is proven by a test, every mark names a row, the page is current."""

from __future__ import annotations

from support import faults


def test_every_fault_has_a_test_and_every_mark_a_fault():
    numbers = [fault.number for fault in faults.register()]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == set(faults.proofs())


def test_the_page_is_current():
    expected = faults.page(faults.register(), faults.proofs())
    assert faults.PAGE.read_text("utf-8") == expected, "run `python tests/support/faults.py`"
