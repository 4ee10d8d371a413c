"""One run of one way in a process of its own: `python -m tests.bench.worker WAY FILE ROWS`; prints JSON."""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from bot.cli import COLLECT_AFTER
from bot.core.accounting import Header, RowReader
from bot.core.model import FilePosition
from bot.core.rollup import roll_up
from bot.pmta.columns import PIECE, Frames
from bot.pmta.files import POLL_BYTES
from bot.pmta.fold import Fold
from bot.pmta.reader import Reading
from bot.ports import NewRecords
from bot.rates import rate_rows
from bot.services.batches import batches
from bot.store.engine import migrate, open_engine
from bot.store.tallies import SqlTallyStore
from tests.accounting_rows import shipped_isps
from tests.bench.table import print_line

ISPS = shipped_isps()


def polled(path: Path) -> Iterator[NewRecords]:
    """The file read as the bot reads what has piled up: at most `POLL_BYTES` at a time, one poll ahead."""
    with path.open("rb") as file:
        yield from batches(partial(_poll, file), (FilePosition(str(path), 1, 0, ""),), lambda: True)


def _poll(file: BinaryIO, positions: Sequence[FilePosition]) -> NewRecords:
    """As `pmta.appended` counts what arrives: block by block."""
    (before,) = positions
    file.seek(before.offset)
    left = os.fstat(file.fileno()).st_size - before.offset
    length = min(POLL_BYTES, left)
    block = -(-length // max(2, -(-length // PIECE)))
    blocks = (file.read(min(block, length - start)) for start in range(0, length, block))
    frames = Frames(blocks, Header.parse(before.header) if before.header else None, Reading(ISPS))
    fold = Fold("mta1")
    for frame in frames:
        fold.add(frame)
    used = length - len(frames.rest)
    after = replace(before, offset=before.offset + used, header=frames.header.line if frames.header else "")
    return NewRecords(fold.total(), (after,), waiting=left - used)


def counted(path: Path, _rows: int) -> int:
    """Everything but the commit."""
    return sum(records.roll_up.rows for records in polled(path))


def committed(path: Path, _rows: int) -> int:
    """Everything the bot does with new rows."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/bench.db")
        migrate(engine)
        store, total = SqlTallyStore(engine), 0
        for records in polled(path):
            store.commit("mta1", records)
            total += records.roll_up.rows
        engine.dispose()
    return total


def rates(path: Path, _rows: int) -> int:
    """`deferbot rates`."""
    return rate_rows([path], isps=ISPS).records


def reference(path: Path, rows: int) -> int:
    """The standard library's csv, over the first `rows` rows."""
    data = b"".join(line for line, _ in zip(path.open("rb"), range(rows + 1), strict=False))
    return roll_up(RowReader(data, None, final=True), host="mta1", isps=ISPS).rows


WAYS: dict[str, Callable[[Path, int], int]] = {
    "counted": counted,
    "committed": committed,
    "rates": rates,
    "reference": reference,
}

if __name__ == "__main__":
    gc.set_threshold(COLLECT_AFTER)  # as the command line does
    way, path, rows = sys.argv[1:]
    began = time.perf_counter()
    done = WAYS[way](Path(path), int(rows))
    spent = time.perf_counter() - began
    print_line(json.dumps([spent, done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))
