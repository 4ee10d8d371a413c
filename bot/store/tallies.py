"""Minute tallies and file positions."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, select

from bot.core.model import Dim, FilePosition, Recipients, Tally, Window
from bot.core.templates import TEMPLATES_PER_ISP
from bot.ports import NewRecords
from bot.store.answers import answer
from bot.store.commit import commit
from bot.store.hours import rolled_to
from bot.store.recipients import recipients
from bot.store.tables import COUNTS, file_position, reply
from bot.store.totals import answered, grouped, hosted, hourly
from bot.store.transactions import reading, writing


class SqlTallyStore:
    """`ports.TallyStore`. `templates_per_isp` bounds the reply templates kept apart for one ISP."""

    def __init__(self, engine: Engine, *, templates_per_isp: int = TEMPLATES_PER_ISP) -> None:
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
            return answer(connection, query, by)

    def hours(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        with reading(self._engine, "sum hours") as connection:
            query = hourly(window, by, isp=isp, rolled_to=rolled_to(connection))
            return answer(connection, query, by)

    def hosted(self, window: Window, isp: str) -> Tally:
        with reading(self._engine, f"sum the hosted mail of {isp}") as connection:
            return answer(connection, hosted(window, isp), ()).get((), Tally())

    def recipients(self, window: Window, isp: str) -> Recipients | None:
        with reading(self._engine, f"count the deferred recipients of {isp}") as connection:
            return recipients(connection, window, isp)

    def job_replies(self, window: Window, isp: str, job: str | None = None) -> dict[tuple[int, str, str], Tally]:
        with reading(self._engine, f"read what campaigns were answered by {isp}") as connection:
            return {
                (row.start, row.job, row.template): Tally(*(getattr(row, name) for name in COUNTS))
                for row in connection.execute(answered(window, isp, job))
            }

    def filed(self, isp: str) -> Mapping[str, str]:
        query = select(reply.c.template, reply.c.filed).where(reply.c.isp == isp, reply.c.filed != "")
        with reading(self._engine, f"read PMTA's categories of the replies of {isp}") as connection:
            return {row.template: row.filed for row in connection.execute(query)}

    def samples(self, isp: str) -> Mapping[str, str]:
        query = select(reply.c.template, reply.c.sample).where(reply.c.isp == isp)
        with reading(self._engine, f"read reply samples of {isp}") as connection:
            return {row.template: row.sample for row in connection.execute(query)}
