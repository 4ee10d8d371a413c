"""What the tests of the Slack side share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slack_desk import SlackDesk, Workplace


@pytest.fixture(scope="module")
def workplace() -> Iterator[Workplace]:
    made = Workplace()
    yield made
    made.close()


@pytest.fixture
def desk(workplace: Workplace) -> Iterator[SlackDesk]:
    with workplace.desk() as made:
        yield made
