"""What questions to the store take while a poll of a busy fleet is committed every second, and rolling up of hours."""

from __future__ import annotations

import gc
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.model import Dim, Window
from bot.store.engine import migrate, open_engine
from bot.store.retention import Retention
from bot.store.tallies import SqlTallyStore
from tests.bench.store_fill import END, GROUPS, ISPS, fill, make_busy, poll, repeat_hours
from tests.bench.table import print_line, print_table

_ROUNDS = 60
_PAUSE_S = 0.01
_MINUTE_MS, _CHART_MS = 50, 200
_NOW = datetime.fromtimestamp(END + 60, UTC)
_CELLS = (Dim.HOST, Dim.SOURCE_IP, Dim.VMTA, Dim.REPLY)

Ask = Callable[[], object]


@dataclass
class Question:
    """One question, its bound and the milliseconds its answers took."""

    name: str
    ask: Ask
    budget_ms: int
    quiet: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    rows: int = 0

    def measure(self, into: list[float]) -> None:
        began = time.perf_counter()
        answer = self.ask()
        into.append(1_000 * (time.perf_counter() - began))
        self.rows = len(answer) if isinstance(answer, dict) else 1


def run(folder: Path, rows: int) -> None:
    path = folder / "questions.db"
    engine = open_engine(f"sqlite:///{path}")
    try:
        migrate(engine)
        began = time.perf_counter()
        fill(engine, rows)
        print_line(f"\n{rows:,} tally rows filled in {time.perf_counter() - began:.0f} s")
        _roll_up(Retention(engine, timedelta(days=400), timedelta(days=400)))
        repeat_hours(engine)
        print_line(f"{path.stat().st_size / 1e6:,.0f} MB with five weeks of hours")
        store = SqlTallyStore(engine)
        _measure(store, _last_hour(store, ISPS[0]) + _charts(store, ISPS[0]), f"{rows:,} tally rows")
        make_busy(engine)
        _measure(store, _last_hour(store, ISPS[0]), f"the same with {GROUPS:,} rows in each of the last 60 minutes")
    finally:
        engine.dispose()
        for file in folder.glob(f"{path.name}*"):
            file.unlink()


def _roll_up(retention: Retention) -> None:
    """Roll all minutes up, as the clean-up does; what a slice holds up the polls is what counts."""
    taken: list[float] = []
    more = 1
    while more:
        began = time.perf_counter()
        more = retention.clean_up(_NOW + timedelta(hours=1))
        taken.append(1_000 * (time.perf_counter() - began))
    print_line(
        f"rolled up in {len(taken):,} pieces, {sum(taken) / 1_000:.0f} s: p50 {_part(taken, 0.5):.0f} ms, "
        f"p95 {_part(taken, 0.95):.0f} ms each"
    )


def _last_hour(store: SqlTallyStore, isp: str) -> list[Question]:
    hour = Window.ending(_NOW, timedelta(minutes=60))
    ways = {
        "per ISP": lambda: store.totals(hour, (Dim.ISP,)),
        "per source IP": lambda: store.totals(hour, (Dim.SOURCE_IP,), isp=isp),
        "per VMTA": lambda: store.totals(hour, (Dim.VMTA,), isp=isp),
        "replies": lambda: store.totals(hour, (Dim.REPLY,), isp=isp),
        "per host, IP, VMTA and reply": lambda: store.totals(hour, _CELLS, isp=isp),
        "campaigns": lambda: store.totals(hour, (Dim.JOB,), isp=isp),
    }
    return [Question(name if "per ISP" in name else f"{name}, one ISP", ask, _MINUTE_MS) for name, ask in ways.items()]


def _charts(store: SqlTallyStore, isp: str) -> list[Question]:
    questions = []
    for days in (7, 30):
        span = Window.ending(_NOW, timedelta(days=days))
        ways = {
            "all, per hour": lambda span=span: store.hours(span, (Dim.MINUTE,)),
            "one ISP, per hour": lambda span=span: store.hours(span, (Dim.MINUTE,), isp=isp),
            "source IPs of one ISP": lambda span=span: store.hours(span, (Dim.SOURCE_IP,), isp=isp),
            "replies of one ISP": lambda span=span: store.hours(span, (Dim.REPLY,), isp=isp),
        }
        questions += [Question(f"{days} days: {name}", ask, _CHART_MS) for name, ask in ways.items()]
    return questions


def _measure(store: SqlTallyStore, questions: list[Question], what: str) -> None:
    # As the bot does at its start: what is there by then is left out of the collector's rounds.
    gc.collect()
    gc.freeze()
    for question in questions * _ROUNDS:
        question.measure(question.quiet)
    with _polls(store) as commits:
        for question in questions * _ROUNDS:
            question.measure(question.busy)
            time.sleep(_PAUSE_S)
    _show(questions, what)
    print_line(
        f"{len(commits)} polls of {GROUPS:,} groups committed meanwhile: p50 {_part(commits, 0.5):.0f} ms, "
        f"p95 {_part(commits, 0.95):.0f} ms"
    )


@contextmanager
def _polls(store: SqlTallyStore) -> Iterator[list[float]]:
    """A thread that commits a poll every second; milliseconds of each."""
    over = threading.Event()
    polls = [poll(END, seed) for seed in range(4)]
    taken: list[float] = []

    def commit() -> None:
        while not over.is_set():
            began = time.perf_counter()
            store.commit("mta1", polls[len(taken) % len(polls)])
            taken.append(1_000 * (time.perf_counter() - began))
            over.wait(max(0.0, 1 - taken[-1] / 1_000))

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


def _show(questions: list[Question], what: str) -> None:
    plain = statistics.median(questions[0].quiet)
    lines = [
        [
            each.name,
            f"{each.rows:,}",
            f"{_part(each.quiet, 0.5):.1f}",
            f"{statistics.median(each.quiet) / plain:.1f}",
            f"{_part(each.busy, 0.5):.1f}",
            f"{_part(each.busy, 0.95):.1f}",
            f"{_part(each.busy, 0.95) / each.budget_ms:.2f}",
        ]
        for each in questions
    ]
    columns = ["question", "rows", "p50 ms, quiet", "x per ISP", "p50 ms, polls", "p95 ms, polls", "p95 x bound"]
    bounds = f"bounds {_MINUTE_MS} ms for the last hour, {_CHART_MS} ms for days"
    print_table(f"Questions while polls write; {what}; {bounds}", columns, lines)


def _part(taken: list[float], share: float) -> float:
    return sorted(taken)[min(len(taken) - 1, int(share * len(taken)))]
