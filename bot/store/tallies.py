"""Minute tallies and file positions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, Table, delete, func, select

from bot.core.model import Dim, FilePosition, Tally, Window
from bot.ports import NewRecords
from bot.store import replies
from bot.store.commit import commit
from bot.store.tables import file_position, isp_tally, job_tally, reply, tally
from bot.store.totals import grouped, minute_floor
from bot.store.transactions import reading, writing


class SqlTallyStore:
    """`ports.TallyStore`. `templates_per_isp` bounds the reply templates kept apart for one ISP."""

    def __init__(self, engine: Engine, *, templates_per_isp: int = replies.TEMPLATES_PER_ISP) -> None:
        self._engine = engine
        self._cap = templates_per_isp

    def positions(self, host: str) -> tuple[FilePosition, ...]:
        query = (
            select(file_position)
            .where(file_position.c.host == host)
            .order_by(file_position.c.path, file_position.c.inode)
        )
        with reading(self._engine, f"read the file positions of {host}") as connection:
            return tuple(
                FilePosition(row.path, int(row.inode), row.offset, row.header, row.fingerprint, row.packed)
                for row in connection.execute(query)
            )

    def commit(self, host: str, records: NewRecords) -> None:
        """`records.positions` are all of the host's files: one that is not among them is forgotten."""
        with writing(self._engine, f"commit {records.roll_up.rows} records of {host}") as connection:
            commit(connection, host, records, cap=self._cap)

    def totals(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        query = grouped(window, by, isp=isp)
        with reading(self._engine, "sum tallies") as connection:
            rows = connection.execute(query).all()
        return {tuple(map(str, row[: len(by)])): Tally(*row[len(by) :]) for row in rows}

    def samples(self, isp: str) -> Mapping[str, str]:
        query = select(reply.c.template, reply.c.sample).where(reply.c.isp == isp)
        with reading(self._engine, f"read reply samples of {isp}") as connection:
            return {row.template: row.sample for row in connection.execute(query)}

    def prune(self, before: datetime, step: int = 5_000) -> int:
        """Delete whole minutes older than `before`, about `step` rows of each table, and templates no longer used.

        Returns:
            How many rows went. Call again until it is 0; in between others can write.
        """
        minute = minute_floor(before)
        with writing(self._engine, "delete old tallies") as connection:
            gone = sum(_prune(connection, table, minute, step) for table in (tally, isp_tally, job_tally))
            return gone if gone else replies.forget(connection, minute)


def _prune(connection: Connection, table: Table, before: int, step: int) -> int:
    oldest = select(table.c.minute).where(table.c.minute < before).order_by(table.c.minute).limit(step).subquery()
    upto = connection.execute(select(func.max(oldest.c.minute))).scalar()
    if upto is None:
        return 0
    return connection.execute(delete(table).where(table.c.minute <= upto)).rowcount
