from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from threading import Event

import pytest

from bot.core.model import FilePosition, RollUp
from bot.errors import HostUnreachable
from bot.ports import NewRecords
from bot.services.batches import batches

WAIT_S = 10


class Backlog:
    """Three batches of a file; `begun[n]` is set when batch n is being read."""

    def __init__(self, broken_at: int = -1) -> None:
        self.begun = [Event() for _ in range(3)]
        self._broken_at = broken_at

    def read(self, positions: Sequence[FilePosition]) -> NewRecords:
        offset = positions[0].offset if positions else 0
        self.begun[offset].set()
        if offset == self._broken_at:
            raise HostUnreachable("mta1", "gone.")
        return NewRecords(RollUp(rows=offset), (FilePosition("acct.csv", 1, offset + 1, ""),), waiting=2 - offset)


def test_every_batch_follows_the_one_before() -> None:
    assert [records.roll_up.rows for records in batches(Backlog().read, (), lambda: True)] == [0, 1, 2]


def test_the_next_batch_is_read_while_the_one_before_is_kept() -> None:
    backlog = Backlog()
    with closing(batches(backlog.read, (), lambda: True)) as found:
        next(found)
        assert backlog.begun[1].wait(WAIT_S)
        assert not backlog.begun[2].is_set()  # one at a time


def test_no_batch_is_begun_when_there_shall_be_no_more() -> None:
    backlog = Backlog()
    assert [records.waiting for records in batches(backlog.read, (), lambda: False)] == [2]
    assert not backlog.begun[1].is_set()


def test_trouble_with_a_batch_comes_after_those_before_it() -> None:
    found = batches(Backlog(broken_at=1).read, (), lambda: True)
    assert next(found).waiting == 2
    with pytest.raises(HostUnreachable):
        next(found)


def test_what_was_read_ahead_is_read_again_when_the_one_before_could_not_be_kept() -> None:
    backlog = Backlog()
    with pytest.raises(OSError, match="disk full"), closing(batches(backlog.read, (), lambda: True)) as found:
        next(found)
        raise OSError("disk full")
    assert [records.roll_up.rows for records in batches(backlog.read, (), lambda: True)] == [0, 1, 2]
