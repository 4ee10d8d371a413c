"""Many threads and processes at one database: who waits for whom, and who for nobody."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import update

from bot.core.model import HostHealth
from bot.errors import StoreError
from bot.store.audit import SqlAuditLog
from bot.store.engine import migrate, open_engine
from bot.store.fleet import SqlFleetStore
from bot.store.incidents import SqlIncidentStore
from bot.store.tables import health
from bot.store.transactions import writing
from tests.store_values import NOON, sqlite


def test_two_processes_may_migrate_at_the_same_time(tmp_path: Path) -> None:
    engines = [open_engine(f"sqlite:///{tmp_path}/deferbot.db") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))
    for engine in engines:
        assert SqlIncidentStore(engine).unresolved() == ()
        engine.dispose()


def test_threads_share_one_database_in_memory() -> None:
    with sqlite() as engine:
        log = SqlAuditLog(engine)
        with ThreadPoolExecutor(8) as pool:
            for place in range(40):
                pool.submit(log.append, at=NOON, actor="", action=str(place), subject="", detail={})
        assert len(log.entries()) == 40


def test_readers_are_not_held_up_by_a_writer(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlFleetStore(engine)
        store.put_health(HostHealth("mta1", NOON))
        with writing(engine, "hold the lock") as connection:
            connection.execute(update(health).values(document="{}"))
            assert store.health() == (HostHealth("mta1", NOON),)


def test_many_who_wait_to_write_do_not_hold_up_who_reads(tmp_path: Path) -> None:
    """More than there are connections: they wait in turn, without one."""
    with sqlite(tmp_path / "deferbot.db") as engine, ThreadPoolExecutor(40) as pool:
        store = SqlFleetStore(engine)
        with writing(engine, "hold the lock"):
            started = Barrier(41)

            def put(host: int) -> None:
                started.wait()
                store.put_health(HostHealth(f"mta{host}", NOON))

            for host in range(40):
                pool.submit(put, host)
            started.wait()
            assert [store.health() for _ in range(50)] == [()] * 50
        pool.shutdown()
        assert len(store.health()) == 40


def test_a_write_that_waited_too_long_says_who_to_look_for(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        other = sqlite3.connect(tmp_path / "deferbot.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        with pytest.raises(StoreError, match="database is locked; another process holds it"):
            SqlFleetStore(engine).put_health(HostHealth("mta1", NOON))
        other.close()
