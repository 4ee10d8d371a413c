"""What one poll read, written: counts and positions, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, delete, select

from bot.core.model import Cell, FilePosition, JobCell, RollUp, Tally
from bot.ports import NewRecords
from bot.store import replies
from bot.store.tables import COUNTS, file_position, isp_tally, job_tally, tally
from bot.store.upsert import upsert

Row = tuple[int | str, ...]


def commit(connection: Connection, host: str, records: NewRecords, *, cap: int) -> None:
    """Add `records` inside the transaction of `connection`; `cap` bounds the reply templates of one ISP.

    `records.positions` are all of the host's files: one that is not among them is forgotten.
    """
    _add_cells(connection, records.roll_up, cap)
    _add(connection, job_tally, _job_rows(records.roll_up.jobs))
    _set_positions(connection, host, records.positions)


def _add_cells(connection: Connection, roll_up: RollUp, cap: int) -> None:
    numbers = replies.number(connection, roll_up.cells, roll_up.samples, cap=cap)
    _add(connection, tally, _cell_rows(roll_up.cells, numbers))
    _add(connection, isp_tally, _isp_rows(roll_up.cells))


def _cell_rows(cells: Mapping[Cell, Tally], numbers: Mapping[replies.Named, int]) -> Iterable[Row]:
    for (minute, isp, host, source_ip, vmta, template), t in cells.items():
        number = numbers[isp, template] if template else replies.NO_REPLY
        yield minute, isp, host, source_ip, vmta, number, t.delivered, t.deferred, t.bounced, t.queue_deferred


def _isp_rows(cells: Mapping[Cell, Tally]) -> Iterable[Row]:
    sums: dict[tuple[int, str], list[int]] = {}
    for (minute, isp, *_), t in cells.items():
        kept = sums.setdefault((minute, isp), [0, 0, 0, 0])
        kept[0] += t.delivered
        kept[1] += t.deferred
        kept[2] += t.bounced
        kept[3] += t.queue_deferred
    return ((*key, *counts) for key, counts in sums.items())


def _job_rows(jobs: Mapping[JobCell, Tally]) -> Iterable[Row]:
    for key, t in jobs.items():
        yield (*key, t.delivered, t.deferred, t.bounced, t.queue_deferred)


def _add(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    # In the order of the key: neighbours land on the same page of the clustered table.
    ordered = sorted(rows)
    if ordered:
        connection.exec_driver_sql(upsert(connection, table, add=COUNTS), ordered)


def _set_positions(connection: Connection, host: str, positions: Iterable[FilePosition]) -> None:
    rows = {(host, at.path, str(at.inode), at.offset, at.header, at.fingerprint, at.packed) for at in positions}
    kept = {tuple(row) for row in connection.execute(select(file_position).where(file_position.c.host == host))}
    if rows == kept:
        return  # a poll that found nothing new writes nothing
    connection.execute(delete(file_position).where(file_position.c.host == host))
    if rows:
        connection.exec_driver_sql(
            upsert(connection, file_position, replace=("offset", "header", "fingerprint", "packed")), sorted(rows)
        )
