"""How late a 1 ms timer is while another thread reads: what Slack's listeners feel."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bot.core.accounting import RowReader
from bot.core.rollup import roll_up
from tests.bench.table import print_table
from tests.bench.worker import ISPS, committed, counted

_TICK_S = 0.001
_SECONDS = 4.0


def run(path: Path) -> None:
    with path.open("rb") as file:
        text = file.read(8 << 20)
    ways: dict[str, Callable[[], object]] = {
        "idle": lambda: time.sleep(0.1),
        "counted by minute": lambda: counted(path, 0),
        "counted and committed": lambda: committed(path, 0),
        "csv reference": lambda: roll_up(RowReader(text, None), host="mta1", isps=ISPS),
    }
    lines = [[name, *(f"{ms:.1f}" for ms in _lag(work))] for name, work in ways.items()]
    print_table("Lag of a 1 ms timer", ["while a thread reads", "p50 ms", "p99 ms", "max ms"], lines)


def _lag(work: Callable[[], object]) -> tuple[float, float, float]:
    """p50, p99 and worst, in milliseconds."""
    ended = threading.Event()
    thread = threading.Thread(target=lambda: _again(work, ended))
    thread.start()
    late: list[float] = []
    stop = time.perf_counter() + _SECONDS
    while (now := time.perf_counter()) < stop:
        time.sleep(_TICK_S)
        late.append((time.perf_counter() - now - _TICK_S) * 1000)
    ended.set()
    thread.join()
    return statistics.median(late), statistics.quantiles(late, n=100)[98], max(late)


def _again(work: Callable[[], object], ended: threading.Event) -> None:
    while not ended.is_set():
        work()
