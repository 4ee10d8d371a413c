"""`ports.AuditLog`: what every implementation does, and what the database itself refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from bot.core.change import ChangeState
from bot.errors import StoreError
from bot.store.audit import FIRST, AuditEntry, SqlAuditLog, canonical
from bot.store.tables import audit
from bot.store.transactions import writing
from tests.fakes import MemoryAuditLog
from tests.store_values import NOON, plan, sqlite

Log = MemoryAuditLog | SqlAuditLog


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    if request.param == "memory":
        yield MemoryAuditLog()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlAuditLog(engine)


def append(log: Log, action: str = "apply", **detail: object) -> None:
    log.append(at=NOON, actor="U1", action=action, subject="CHG-17", detail=detail)


def chained(entries: tuple[AuditEntry, ...]) -> bool:
    """Each hash covers its entry and the hash before it, from the very first on."""
    previous = FIRST
    for place, e in enumerate(entries, start=1):
        digest = hashlib.sha256(canonical(e.seq, e.at, e.actor, e.action, e.subject, e.detail, e.previous)).hexdigest()
        if (e.seq, e.previous, e.hash) != (place, previous, digest):
            return False
        previous = e.hash
    return True


def test_entries_are_numbered_from_1_and_chained(log: Log) -> None:
    for action in ("apply", "applied", "undo"):
        append(log, action, argv=["pmta", "pause"], é="ü", nested={"b": 1, "a": None})
    entries = log.entries()
    assert [(e.seq, e.action) for e in entries] == [(1, "apply"), (2, "applied"), (3, "undo")]
    assert entries[0].detail == {"argv": ["pmta", "pause"], "é": "ü", "nested": {"b": 1, "a": None}}
    assert entries[0].at == NOON
    assert chained(entries)


def test_the_newest_entries_come_oldest_first(log: Log) -> None:
    for place in range(5):
        append(log, str(place))
    assert [entry.action for entry in log.entries(2)] == ["3", "4"]
    assert [entry.action for entry in log.entries(99)] == list("01234")
    assert log.entries(0) == ()


def test_detail_may_hold_values_of_ours(log: Log) -> None:
    append(log, plan=plan(), at=NOON, lasts=timedelta(hours=4), state=ChangeState.APPLIED, share=0.44)
    (entry,) = log.entries()
    assert entry.detail["lasts"] == 14_400.0
    assert entry.detail["state"] == "applied"
    assert entry.detail["at"] == "2026-11-20T12:00:00.123456Z"
    assert chained(log.entries())


def test_detail_that_json_cannot_say_is_an_error(log: Log) -> None:
    with pytest.raises(StoreError, match="audit apply"):
        append(log, odd=object())
    assert log.entries() == ()


def test_the_hash_does_not_depend_on_the_zone_of_the_time(log: Log) -> None:
    east = datetime(2026, 11, 20, 14, tzinfo=timezone(timedelta(hours=2)))
    log.append(at=east, actor="U1", action="apply", subject="CHG-1", detail={})
    (entry,) = log.entries()
    assert entry.at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert chained((entry,))


def test_entries_written_at_the_same_time_are_one_chain(log: Log) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: append(log, str(place)), range(40)))
    entries = log.entries()
    assert sorted(int(entry.action) for entry in entries) == list(range(40))
    assert chained(entries)


@pytest.mark.parametrize(
    "statement",
    [
        update(audit).values(actor="U2"),
        update(audit).where(audit.c.seq == 2).values(hash="0"),
        delete(audit),
        delete(audit).where(audit.c.seq == 2),
        text("REPLACE INTO audit SELECT seq, at, 'U2', action, subject, detail, previous, hash FROM audit"),
    ],
    ids=str,
)
def test_the_database_refuses_to_change_or_delete_an_entry(statement: object, tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        log = SqlAuditLog(engine)
        append(log, "apply")
        append(log, "undo")
        before = log.entries()
        with pytest.raises(StoreError, match="append-only"), writing(engine, "forge") as connection:
            connection.execute(statement)  # type: ignore[call-overload]
        assert log.entries() == before
