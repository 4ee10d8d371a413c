"""A database of an older deferbot is brought up to date with everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from bot.core.incident import Life
from bot.core.model import Cell, Dim, FilePosition, JobCell, RollUp, Tally, Window
from bot.ports import NewRecords
from bot.store.documents import DIAGNOSIS
from bot.store.engine import MIGRATIONS, migrate, open_engine
from bot.store.incidents import SqlIncidentStore
from bot.store.retention import Retention
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import writing
from tests.store_values import diagnosis

START = datetime(2026, 11, 20, 11, tzinfo=UTC)
MINUTE = int(START.timestamp())
HOUR = Window(START, START + timedelta(hours=1))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path}/deferbot.db")
    yield opened
    opened.dispose()


def make(engine: Engine, revision: str, *statements: str) -> None:
    """The schema of `revision` with rows in it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with writing(engine, "make an older version") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.execute(text(statement))


def test_positions_of_the_first_version_are_read_on_from(engine: Engine) -> None:
    make(engine, "r0001", "INSERT INTO file_position VALUES ('mta1', '/var/log/pmta/acct-1.csv', '7', 99, 'type')")
    migrate(engine)
    assert SqlTallyStore(engine).positions("mta1") == (FilePosition("/var/log/pmta/acct-1.csv", 7, 99, "type", "", 0),)


def test_an_incident_of_the_fourth_version_is_kept_and_goes_on(engine: Engine) -> None:
    document = DIAGNOSIS.text(diagnosis()).replace("'", "''").replace(":", "\\:")
    at = START.timestamp() * 1_000_000
    make(
        engine,
        "r0004",
        f"INSERT INTO incident VALUES (7, 'gmail', 'open', 3, {at:.0f}, 4, 0.4, '{document}', 'U1', NULL)",
    )
    migrate(engine)
    store = SqlIncidentStore(engine)
    (found,) = store.unresolved()
    assert (found.id, found.owner, found.opened_at, found.life) == (7, "U1", START, Life())
    moved = store.move(found, life=Life(reopened=1))
    assert moved is not None
    assert moved.life.reopened == 1


def test_counts_of_the_second_version_are_kept_counted_on_and_rolled_up(engine: Engine) -> None:
    make(
        engine,
        "r0002",
        "INSERT INTO reply VALUES (5, 'gmail', '421 *', '421 4.7.0', 20000)",
        f"INSERT INTO tally VALUES ({MINUTE}, 'gmail', 'mta1', '192.0.2.10', 'v', 0, 7, 0, 0, 0)",
        f"INSERT INTO tally VALUES ({MINUTE}, 'gmail', 'mta1', '192.0.2.10', 'v', 5, 0, 3, 2, 1)",
        f"INSERT INTO isp_tally VALUES ({MINUTE}, 'gmail', 7, 3, 2, 1)",
        f"INSERT INTO job_tally VALUES ({MINUTE}, 'gmail', 'c1', 5, 2, 1, 0)",
        f"INSERT INTO job_tally VALUES ({MINUTE}, 'gmail', 'c2', 2, 1, 1, 1)",
        "INSERT INTO file_position VALUES ('mta1', '/var/log/pmta/acct-1.csv', '7', 99, 'type', '0f', 12)",
        "INSERT INTO snapshot VALUES ('mta1', '{}')",
    )
    migrate(engine)
    store = SqlTallyStore(engine)
    by_job = {("", "c1"): Tally(5, 2, 1), ("", "c2"): Tally(2, 1, 1, 1)}  # the host was not counted then
    assert store.totals(HOUR, (Dim.HOST, Dim.JOB)) == by_job
    assert store.totals(HOUR, (Dim.ISP,)) == store.hours(HOUR, (Dim.ISP,)) == {("gmail",): Tally(7, 3, 2, 1)}
    assert store.positions("mta1") == (FilePosition("/var/log/pmta/acct-1.csv", 7, 99, "type", "0f", 12),)
    jobs = {JobCell(MINUTE, "gmail", "mta1", "c1"): Tally(1)}
    store.commit("mta1", NewRecords(RollUp({Cell(MINUTE, "gmail", "mta1", "", "", "421 *"): Tally(0, 1)}, jobs), ()))
    while Retention(engine, timedelta(days=14), timedelta(days=400)).clean_up(START + timedelta(days=1)):
        pass
    assert store.totals(HOUR, (Dim.HOST, Dim.JOB)) == by_job | {("mta1", "c1"): Tally(1)}
    assert store.hours(HOUR, (Dim.JOB,)) == {("c1",): Tally(6, 2, 1), ("c2",): Tally(2, 1, 1, 1)}
    assert store.hours(HOUR, (Dim.REPLY,)) == {("",): Tally(7), ("421 *",): Tally(0, 4, 2, 1)}
    assert store.recipients(HOUR, "gmail") is None
