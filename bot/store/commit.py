"""What one poll read, written: counts and positions, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import polars as pl
from sqlalchemy import Connection, Table, delete, select

from bot.core import distinct
from bot.core.counts import Counts
from bot.core.distinct import Distinct
from bot.core.model import Cell, FilePosition, IspCell, JobCell
from bot.ports import NewRecords
from bot.store import hours, replies
from bot.store.replies import DAY_S, Named
from bot.store.tables import COUNTS, file_position, hosted_tally, isp_tally, job_tally, recipient_sketch, tally
from bot.store.upsert import placeholder, upsert

_AT_ONCE = 50
"""Rows of one statement: two thirds of the price of as many statements, and far below SQLite's bound of values."""
_ASKED_AT_ONCE = 400


def commit(connection: Connection, host: str, records: NewRecords, *, cap: int) -> None:
    """Add `records` inside the transaction of `connection`; `cap` bounds the reply templates of one ISP.

    `records.positions` are all of the host's files: one that is not among them is forgotten.
    """
    roll_up = records.roll_up
    cells = _numbered(connection, _columns(Counts.of(Cell, roll_up.cells), tally), roll_up.samples, cap)
    jobs = _columns(Counts.of(JobCell, roll_up.jobs), job_tally)
    _add(connection, tally, cells)
    _add(connection, isp_tally, cells.group_by("minute", "isp").agg(pl.col(COUNTS).sum()).sort("minute", "isp"))
    _add(connection, job_tally, jobs)
    _add(connection, hosted_tally, _columns(Counts.of(IspCell, roll_up.hosted), hosted_tally))
    _add_recipients(connection, roll_up.deferred_to)
    _add_late(connection, cells, jobs)
    _set_positions(connection, host, records.positions)


def _columns(counts: Counts[Cell] | Counts[JobCell] | Counts[IspCell], table: Table) -> pl.DataFrame:
    """The columns of `table`, in place of the number of a template the template itself."""
    names = [column.name for column in table.columns]
    kinds = [pl.Int64 if name in COUNTS or name == names[0] else pl.String for name in names]
    columns = dict(zip(names, (*counts.fields, *counts.counts), strict=True))
    try:
        return pl.DataFrame(columns, schema=dict(zip(names, kinds, strict=True)))
    except TypeError as e:  # what it says of a whole number of more than 64 bits
        raise OverflowError(str(e)) from e


def _numbered(connection: Connection, cells: pl.DataFrame, samples: Mapping[Named, str], cap: int) -> pl.DataFrame:
    """`cells` with the number of every template."""
    template = pl.col("reply_id")
    named = cells.filter(template != "").group_by("isp", template).agg(day=pl.col("minute").max() // DAY_S)
    isps, templates, newest = (column.to_list() for column in named.get_columns())
    names = list(zip(isps, templates, strict=True))
    numbers = replies.number(connection, dict(zip(names, newest, strict=True)), samples, cap=cap)
    known = named.with_columns(number=pl.Series([numbers[name] for name in names], dtype=pl.Int64)).drop("day")
    numbered = cells.join(known, on=("isp", "reply_id"), how="left", maintain_order="left")
    return numbered.with_columns(reply_id=pl.col("number").fill_null(replies.NO_REPLY)).drop("number")


def _add(connection: Connection, table: Table, rows: pl.DataFrame) -> None:
    """Roll-ups come in the order of the key, so neighbours land on the same page of the clustered table."""
    width = rows.width
    values: list[int | str] = [0] * (rows.height * width)
    for place, column in enumerate(rows.get_columns()):
        values[place::width] = column.to_list()
    at_once = width * _AT_ONCE
    whole = len(values) - len(values) % at_once
    for start, end, step in ((0, whole, at_once), (whole, len(values), width)):
        many = [tuple(values[at : at + step]) for at in range(start, end, step)]
        if many:
            connection.exec_driver_sql(upsert(connection, table, add=COUNTS, rows=step // width), many)


def _add_late(connection: Connection, *tables: pl.DataFrame) -> None:
    """Of minutes that are in the hours already, to the hours too."""
    end = hours.rolled_to(connection)
    late = [rows.filter(pl.col("minute") < end) for rows in tables] if end is not None else []
    if any(rows.height for rows in late):
        hours.add_late(connection, *(rows.rows() for rows in late))


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
