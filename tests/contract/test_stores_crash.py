"""Counts, positions and hours are one: whatever happens in the middle, all of it is there or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from bot.core.model import Dim, FilePosition, Tally, Window
from bot.errors import StoreError
from bot.store.retention import Retention
from bot.store.tallies import SqlTallyStore
from tests import hours_child
from tests.store_child import MINUTE, PATH, records
from tests.store_values import sqlite

ROOT = Path(__file__).parent.parent.parent
START = datetime.fromtimestamp(MINUTE, UTC)
WINDOW = Window(START, START + timedelta(minutes=1))


def reached(store: SqlTallyStore) -> tuple[int, set[Tally]]:
    """(offset read to, the different counts of the cells)."""
    offset = next((at.offset for at in store.positions("mta1")), 0)
    return offset, set(store.totals(WINDOW, (Dim.SOURCE_IP,)).values())


@contextmanager
def child(database: Path, *words: str, module: str = "tests.store_child") -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", module, str(database), *words]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=30)


@pytest.mark.parametrize("table", ["isp_tally", "file_position"])
def test_an_error_in_the_middle_of_a_commit_leaves_nothing_of_it(table: str, tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlTallyStore(engine)
        store.commit("mta1", records(1))

        def fail(_c: Connection, _cursor: object, statement: str, *_: object) -> None:
            if f"INTO {table}" in statement:
                raise OverflowError("in the middle")

        event.listen(engine, "before_cursor_execute", fail)
        with pytest.raises(StoreError, match="could not commit 500 records of mta1: in the middle"):
            store.commit("mta1", records(2))
        event.remove(engine, "before_cursor_execute", fail)
        assert reached(store) == (1, {Tally(1)})
        store.commit("mta1", records(2))
        assert reached(store) == (2, {Tally(2)})


def test_sigkill_in_the_middle_of_a_commit_leaves_nothing_of_it(tmp_path: Path) -> None:
    database = tmp_path / "deferbot.db"
    with sqlite(database) as engine:
        store = SqlTallyStore(engine)
        store.commit("mta1", records(7))
        with child(database, "stop-in-the-middle") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "in the middle\n"
        assert process.returncode == -signal.SIGKILL
        assert reached(store) == (7, {Tally(1)})
        store.commit("mta1", records(8))
        assert reached(store) == (8, {Tally(2)})


def test_sigkill_at_any_moment_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """Four processes in turn, each killed while it writes: the count always equals the position."""
    database = tmp_path / "deferbot.db"
    with sqlite(database) as engine:
        store = SqlTallyStore(engine)
        for commits in (1, 5, 11, 17):
            with child(database) as process:
                assert process.stdout is not None
                said = [int(process.stdout.readline()) for _ in range(commits)]
            offset, counts = reached(store)
            assert counts == {Tally(offset)}
            assert offset >= said[-1]
        assert store.positions("mta1") == (FilePosition(PATH, 1, offset, "type"),)


def hours_are_exact(store: SqlTallyStore) -> int:
    """The offset read to; every record up to it is in the minutes once and in the hours once."""
    offset = next((at.offset for at in store.positions("mta1")), 0)
    whole = Window(START, START + timedelta(hours=1))
    for by in ((Dim.ISP,), (Dim.SOURCE_IP,), (Dim.REPLY,), (Dim.JOB,)):
        assert store.totals(whole, by) == store.hours(whole, by)
    assert store.hours(whole, (Dim.SOURCE_IP,)) == {
        (f"ip{n}",): Tally(0, offset) for n in range(hours_child.CELLS if offset else 0)
    }
    return offset


@pytest.mark.parametrize(
    ("statement", "rolled"),
    [
        ("INSERT INTO isp_hour", False),
        ("INSERT INTO job_hour", False),
        ("INSERT INTO mark", False),
        ("INSERT INTO isp_hour", True),  # every record is late now
        ("INSERT INTO job_hour", True),
    ],
)
def test_sigkill_in_the_middle_leaves_no_half_of_an_hour(statement: str, rolled: bool, tmp_path: Path) -> None:
    database = tmp_path / "deferbot.db"
    with sqlite(database) as engine:
        store = SqlTallyStore(engine)
        for offset in range(1, 8):
            store.commit("mta1", hours_child.records(offset))
        if rolled:
            while Retention(engine, timedelta(days=1), timedelta(days=1)).clean_up(START + timedelta(hours=1)):
                pass
        with child(database, statement, module="tests.hours_child") as process:
            assert process.stdout is not None
            said = [process.stdout.readline()]
            while said[-1] != "in the middle\n":
                assert len(said) < 40, said
                said.append(process.stdout.readline())
        assert hours_are_exact(store) == 7 + (0 if rolled else len(said))


def test_sigkill_at_any_moment_leaves_the_hours_exact(tmp_path: Path) -> None:
    database = tmp_path / "deferbot.db"
    with sqlite(database) as engine:
        store = SqlTallyStore(engine)
        for pieces in (1, 4, 13, 40):
            with child(database, module="tests.hours_child") as process:
                assert process.stdout is not None
                said = [int(process.stdout.readline()) for _ in range(pieces)]
            assert hours_are_exact(store) >= said[-1]
