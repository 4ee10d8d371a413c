"""A backlog of a host, batch after batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.core.model import FilePosition
from bot.ports import NewRecords

Read = Callable[[Sequence[FilePosition]], NewRecords]
"""What is new after the positions (`AccountingReader.read_new`)."""


def batches(read: Read, positions: Sequence[FilePosition], more: Callable[[], bool]) -> Generator[NewRecords]:
    """Iterates over what is new until nothing waits or there shall be no `more`.

    The next batch is read while the caller commits the one before it. One that was read ahead and never asked for is
    lost, and does no harm: its positions were not committed, so it is read again.
    """
    with ThreadPoolExecutor(1) as pool:
        records = read(positions)
        while records.waiting and more():
            ahead = pool.submit(read, records.positions)
            yield records
            records = ahead.result()
        yield records
