"""One run of one way in a process of its own: `python -m tests.bench.worker WAY FILE ROWS`; prints JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.cli import COLLECT_AFTER
from bot.core.accounting import RowReader
from bot.core.model import FilePosition, RollUp
from bot.core.rollup import roll_up
from bot.pmta.columns import read_piece
from bot.pmta.files import POLL_BYTES
from bot.ports import NewRecords
from bot.rates import rate_rows
from bot.store.engine import migrate, open_engine
from bot.store.tallies import SqlTallyStore
from tests.accounting_rows import shipped_isps
from tests.bench.table import print_line

ISPS = shipped_isps()


def polls(path: Path) -> Iterator[tuple[RollUp, FilePosition]]:
    """The file counted as the bot counts what has piled up: at most `POLL_BYTES` at a time."""
    header, offset = "", 0
    with path.open("rb") as file:
        while file.seek(offset) == offset and (data := file.read(POLL_BYTES)):
            counted, used, header = read_piece(data, header, host="mta1", isps=ISPS)
            offset += used
            yield counted, FilePosition(str(path), 1, offset, header)


def counted(path: Path, _rows: int) -> int:
    """Everything but the commit."""
    return sum(part.rows for part, _ in polls(path))


def committed(path: Path, _rows: int) -> int:
    """Everything the bot does with new rows."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/bench.db")
        migrate(engine)
        store, total = SqlTallyStore(engine), 0
        for part, position in polls(path):
            store.commit("mta1", NewRecords(part, (position,)))
            total += part.rows
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
