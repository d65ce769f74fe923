"""Makes `support` importable from every test, however deep it lies, and knows the mark of the fault register."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(*numbers): proves these rows of tests/sources/faults.yaml")
