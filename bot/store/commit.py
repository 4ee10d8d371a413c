"""What one poll read, written: counts and positions, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from sqlalchemy import Connection, Table

from bot.core import distinct
from bot.core.counts import Counts
from bot.core.distinct import Distinct
from bot.core.model import Cell, FilePosition, IspCell, JobCell, JobReplyCell
from bot.ports import NewRecords
from bot.store import hours, replies
from bot.store.numbered import Columns, numbered
from bot.store.replies import Named
from bot.store.tables import (
    COUNTS,
    file_position,
    hosted_tally,
    isp_tally,
    job_reply,
    job_tally,
    recipient_sketch,
    tally,
)
from bot.store.upsert import placeholder, upsert

_AT_ONCE = 50
"""Rows of one statement: two thirds of the price of as many statements, and far below SQLite's bound of values."""
_ASKED_AT_ONCE = 400
_POSITION_KEY = len(file_position.primary_key.columns)
_POSITION_VALUES = tuple(column.name for column in file_position.columns)[_POSITION_KEY:]
_POSITIONS = f"SELECT {', '.join(column.name for column in file_position.columns)} FROM file_position WHERE host"


def commit(connection: Connection, host: str, records: NewRecords, *, cap: int) -> None:
    """Add `records` inside the transaction of `connection`; `cap` bounds the reply templates of one ISP.

    `records.positions` are all of the host's files: one that is not among them is forgotten.
    """
    roll_up = records.roll_up
    number = partial(replies.number, connection, samples=roll_up.samples, filed=roll_up.filed, cap=cap)
    cells, isps, replies_by_name = numbered(Counts.of(Cell, roll_up.cells), number)
    jobs = _columns(Counts.of(JobCell, roll_up.jobs))
    _add(connection, tally, cells)
    _add(connection, isp_tally, isps)
    _add(connection, job_tally, jobs)
    _add(connection, job_reply, _answered(Counts.of(JobReplyCell, roll_up.job_replies), replies_by_name))
    _add(connection, hosted_tally, _columns(Counts.of(IspCell, roll_up.hosted)))
    _add_recipients(connection, roll_up.deferred_to)
    _add_late(connection, cells, jobs)
    _set_positions(connection, host, records.positions)


def _answered(counts: Counts[JobReplyCell], numbers: Mapping[Named, int]) -> Columns:
    """With the number of each reply: every one stands in a cell, so it has one."""
    starts, isps, jobs, texts = map(list, counts.fields)
    ids = [numbers[name] for name in zip(isps, texts, strict=True)]
    return [starts, isps, jobs, ids, *map(list, counts.counts)]


def _columns(counts: Counts[JobCell] | Counts[IspCell]) -> Columns:
    return [list(column) for column in (*counts.fields, *counts.counts)]


def _add(connection: Connection, table: Table, columns: Columns) -> None:
    """Roll-ups come in the order of the key, so neighbours land on the same page of the clustered table."""
    width = len(columns)
    values: list[int | str] = [0] * (len(columns[0]) * width)
    for place, column in enumerate(columns):
        values[place::width] = column
    at_once = width * _AT_ONCE
    whole = len(values) - len(values) % at_once
    for start, end, step in ((0, whole, at_once), (whole, len(values), width)):
        many = [tuple(values[at : at + step]) for at in range(start, end, step)]
        if many:
            connection.exec_driver_sql(upsert(connection, table, add=COUNTS, rows=step // width), many)


def _add_late(connection: Connection, cells: Columns, jobs: Columns) -> None:
    """Of minutes that are in the hours already, to the hours too."""
    oldest = min((min(minutes) for minutes, *_ in (cells, jobs) if minutes), default=None)
    end = hours.rolled_to(connection) if oldest is not None else None
    if oldest is not None and end is not None and oldest < end:
        hours.add_late(connection, zip(*cells, strict=True), zip(*jobs, strict=True))


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
    """Only what has changed is written: nothing where a poll found nothing new."""
    rows = {(host, at.path, str(at.inode), at.offset, at.header, at.fingerprint, at.packed) for at in positions}
    mark = placeholder(connection)
    kept = {tuple(row) for row in connection.exec_driver_sql(f"{_POSITIONS} = {mark}", (host,))}
    gone = {row[:_POSITION_KEY] for row in kept} - {row[:_POSITION_KEY] for row in rows}
    if gone:
        inside = " AND ".join(f"{column.name} = {mark}" for column in file_position.primary_key.columns)
        connection.exec_driver_sql(f"DELETE FROM file_position WHERE {inside}", sorted(gone))
    if changed := sorted(rows - kept):
        connection.exec_driver_sql(upsert(connection, file_position, replace=_POSITION_VALUES), changed)
