"""What stories are played on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.empty_store import EmptyStore


@pytest.fixture(scope="session")
def store() -> Iterator[EmptyStore]:
    with EmptyStore() as made:
        yield made
