"""What one poll read, written: counts and positions, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, delete, select

from bot.core import distinct
from bot.core.counts import Counts
from bot.core.distinct import Distinct
from bot.core.model import Cell, FilePosition, IspCell, JobCell, RollUp
from bot.ports import NewRecords
from bot.store import hours, replies
from bot.store.tables import COUNTS, file_position, hosted_tally, isp_tally, job_tally, recipient_sketch, tally
from bot.store.upsert import placeholder, upsert

Row = tuple[Any, ...]
_AT_ONCE = 50
"""Rows of one statement: two thirds of the price of as many statements, and far below SQLite's bound of values."""
_ASKED_AT_ONCE = 400


def commit(connection: Connection, host: str, records: NewRecords, *, cap: int) -> None:
    """Add `records` inside the transaction of `connection`; `cap` bounds the reply templates of one ISP.

    `records.positions` are all of the host's files: one that is not among them is forgotten.
    """
    roll_up = records.roll_up
    cells = _cell_rows(connection, roll_up, cap)
    jobs = _rows(Counts.of(JobCell, roll_up.jobs))
    _add(connection, tally, cells)
    _add(connection, isp_tally, _isp_rows(roll_up))
    _add(connection, job_tally, jobs)
    _add(connection, hosted_tally, _rows(Counts.of(IspCell, roll_up.hosted)))
    _add_recipients(connection, roll_up.deferred_to)
    hours.add_late(connection, cells, jobs)
    _set_positions(connection, host, records.positions)


def _cell_rows(connection: Connection, roll_up: RollUp, cap: int) -> list[Row]:
    """The cells with the number of their template in place of it."""
    cells = Counts.of(Cell, roll_up.cells)
    minutes, isps, hosts, source_ips, vmtas, templates = cells.fields
    names = list(zip(isps, templates, strict=True))
    numbers = replies.number(connection, minutes, names, roll_up.samples, cap=cap)
    reply_ids = map(numbers.__getitem__, names)
    return list(zip(minutes, isps, hosts, source_ips, vmtas, reply_ids, *cells.counts, strict=True))


def _rows(counts: Counts[JobCell] | Counts[IspCell]) -> list[Row]:
    return list(zip(*counts.fields, *counts.counts, strict=True))


def _isp_rows(roll_up: RollUp) -> list[Row]:
    """The cells added up per minute and ISP."""
    cells = Counts.of(Cell, roll_up.cells)
    minutes, isps, *_ = cells.fields
    columns = dict(zip(COUNTS, cells.counts, strict=True))
    schema = {"minute": pl.Int64, "isp": pl.String, **dict.fromkeys(COUNTS, pl.Int64)}
    table = pl.DataFrame({"minute": minutes, "isp": isps, **columns}, schema=schema)
    return table.group_by("minute", "isp").agg(pl.col(COUNTS).sum()).sort("minute", "isp").rows()


def _add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Roll-ups come in the order of the key, so neighbours land on the same page of the clustered table."""
    whole = len(rows) - len(rows) % _AT_ONCE
    if whole:
        width = len(table.columns) * _AT_ONCE
        values = list(chain.from_iterable(rows[:whole]))
        many = [tuple(values[start : start + width]) for start in range(0, len(values), width)]
        connection.exec_driver_sql(upsert(connection, table, add=COUNTS, rows=_AT_ONCE), many)
    if rows[whole:]:
        connection.exec_driver_sql(upsert(connection, table, add=COUNTS), rows[whole:])


def _add_recipients(connection: Connection, deferred_to: Mapping[IspCell, Distinct]) -> None:
    """Sketches merge: those that are there are read, and only those that somebody was added to are written."""
    known = _sketches(connection, sorted(deferred_to))
    rows = [
        (*stretch, distinct.to_bytes(merged))
        for stretch, seen in sorted(deferred_to.items())
        if (merged := distinct.merged(known.get(stretch, ()), seen)) != known.get(stretch)
    ]
    if rows:
        connection.exec_driver_sql(upsert(connection, recipient_sketch, replace=("sketch",)), rows)


def _sketches(connection: Connection, stretches: Sequence[IspCell]) -> dict[IspCell, Distinct]:
    found: dict[IspCell, Distinct] = {}
    mark = placeholder(connection)
    for start in range(0, len(stretches), _ASKED_AT_ONCE):
        piece = stretches[start : start + _ASKED_AT_ONCE]
        pairs = ", ".join([f"({mark}, {mark})"] * len(piece))
        query = f"SELECT start, isp, sketch FROM recipient_sketch WHERE (start, isp) IN (VALUES {pairs})"
        for at, isp, sketch in connection.exec_driver_sql(query, tuple(chain.from_iterable(piece))):
            found[IspCell(at, isp)] = distinct.from_bytes(sketch)
    return found


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
