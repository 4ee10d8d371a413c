"""A store read beside the bot that writes it: never made, never changed, never in its way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.model import Dim, Window
from bot.errors import ConfigError, StoreError
from bot.store.audit import SqlAuditLog
from bot.store.engine import open_engine, open_to_read
from bot.store.tallies import SqlTallyStore
from tests.diagnoses import NOW
from tests.store_values import sqlite
from tests.unknown_replies import REPLIES, put

DAY = Window.ending(NOW + timedelta(minutes=1), timedelta(hours=24))


def test_what_a_writer_commits_is_seen_and_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a #1?.db"
    with sqlite(path) as writer:
        reader = open_to_read(f"sqlite:///{path}")
        try:
            read, written = SqlTallyStore(reader), SqlTallyStore(writer)
            assert read.hours(DAY, (Dim.ISP,)) == {}
            put(written)
            deferred = sum(tally.deferred for tally in read.hours(DAY, (Dim.ISP, Dim.REPLY)).values())
            assert deferred == sum(REPLIES.values())
            with pytest.raises(StoreError, match="readonly"):
                SqlAuditLog(reader).append(at=NOW, actor="a", action="b", subject="c", detail={})
            put(written)  # the reader holds nothing
        finally:
            reader.dispose()


def test_an_open_question_does_not_hold_up_the_writer(tmp_path: Path) -> None:
    with sqlite(tmp_path / "a.db") as writer:
        reader = open_to_read(f"sqlite:///{tmp_path}/a.db")
        try:
            with reader.connect() as asking:
                asking.exec_driver_sql("SELECT count(*) FROM tally")
                put(SqlTallyStore(writer))
        finally:
            reader.dispose()


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected the store of a bot that has run, found no such file"):
        open_to_read(f"sqlite:///{tmp_path}/a.db")
    assert list(tmp_path.iterdir()) == []


def test_another_schema_is_said(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/a.db").dispose()
    with pytest.raises(StoreError, match="found none: start this version of the bot once"):
        open_to_read(f"sqlite:///{tmp_path}/a.db")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database at all, but long enough to be looked at as one " * 20)
    with pytest.raises(StoreError, match="not a database"):
        open_to_read(f"sqlite:///{tmp_path}/a.db")
