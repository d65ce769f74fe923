"""Clusters to ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demo_help import NOW, Client

from epview.demo.demo import DemoCluster


@pytest.fixture
def frozen() -> Iterator[DemoCluster]:
    """The company at a fixed moment, served."""
    with DemoCluster(frozen_at=NOW) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def still() -> Iterator[DemoCluster]:
    """The same for tests that only look."""
    with DemoCluster(frozen_at=NOW) as cluster:
        yield cluster


@pytest.fixture
def client(frozen: DemoCluster) -> Iterator[Client]:
    client = Client(frozen)
    yield client
    client.close()


@pytest.fixture(scope="module")
def reader(still: DemoCluster) -> Iterator[Client]:
    client = Client(still)
    yield client
    client.close()
