"""The question "sum over a window, grouped by these" as one SQL statement, written so that it stays quick.

`tally` is clustered by minute and ISP, so a window is one stretch of the file. The two questions that are asked
all the time (per ISP, per minute) have a table of their own sums. Sorting on one short column was measured to be
quicker than a first sum by a prefix of the key.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Label, Select, Table, func, select, union_all

from bot.core.model import JOB_REPLIES_EVERY_S, Dim, Window
from bot.store.hours import HOUR_S, MINUTE_S
from bot.store.tables import (
    COUNTS,
    hosted_tally,
    isp_hour,
    isp_tally,
    job_hour,
    job_reply,
    job_tally,
    reply,
    reply_hour,
    source_hour,
    tally,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_NAMED = 1_440
_BESIDE_JOB = {Dim.JOB, Dim.MINUTE, Dim.ISP, Dim.HOST}
_HOURS = {None: isp_hour, Dim.SOURCE_IP: source_hour, Dim.REPLY: reply_hour, Dim.JOB: job_hour}
_COLUMN = {dim: dim.value for dim in Dim} | {Dim.REPLY: "reply_id"}


def minute_floor(at: datetime) -> int:
    """Epoch seconds of the start of the minute that `at` lies in."""
    return (at - _EPOCH) // _MINUTE * MINUTE_S


def whole_minutes(window: Window) -> range:
    """Starts of the minutes that lie wholly inside `window`."""
    first = -((_EPOCH - window.start) // _MINUTE) * MINUTE_S
    return range(first, minute_floor(window.end), MINUTE_S)


def source(by: tuple[Dim, ...]) -> Table:
    """The smallest table that can answer.

    Raises: ValueError where `Dim.JOB` is asked for together with a source IP, VMTA or reply.
    """
    if Dim.JOB in by:
        if not set(by) <= _BESIDE_JOB:
            raise ValueError(f"JOB goes together with MINUTE, ISP and HOST only, found {', '.join(by)}")
        return job_tally
    return isp_tally if set(by) <= {Dim.MINUTE, Dim.ISP} else tally


def grouped(window: Window, by: tuple[Dim, ...], *, isp: str | None) -> Select[Any]:
    """Columns: `by` in order (a reply by its number), then the four counts. No row where nothing was counted."""
    table = source(by)
    return _summed(table, _inside(table, window, isp is not None), by, isp)


def hosted(window: Window, isp: str) -> Select[Any]:
    """Columns: the four counts of one ISP's hosted domains."""
    return _summed(hosted_tally, _inside(hosted_tally, window, one_isp=True), (), isp)


def answered(window: Window, isp: str, job: str | None) -> Select[Any]:
    """Columns: `start`, `job`, `template`, then the four counts, of all stretches that touch the window."""
    end = -((_EPOCH - window.end) // timedelta(seconds=JOB_REPLIES_EVERY_S)) * JOB_REPLIES_EVERY_S
    first = (window.start - _EPOCH) // timedelta(seconds=JOB_REPLIES_EVERY_S) * JOB_REPLIES_EVERY_S
    table = job_reply
    inside = _among(table.c.start, range(first, end, JOB_REPLIES_EVERY_S), one_isp=True)
    columns = (table.c.start, table.c.job, reply.c.template, *(table.c[name] for name in COUNTS))
    query = select(*columns).join(reply, reply.c.id == table.c.reply_id).where(inside, table.c.isp == isp)
    return query if job is None else query.where(table.c.job == job)


def hourly(window: Window, by: tuple[Dim, ...], *, isp: str | None, rolled_to: int | None) -> Select[Any]:
    """As `grouped`, per hour: what is rolled from the hours, what is not from the minutes.

    `rolled_to` is to be read in the transaction the query runs in.

    Raises: ValueError where `by` holds what is not kept per hour.
    """
    first, end = whole_hours(window)
    since = first if rolled_to is None else max(first, rolled_to)
    hours, minutes = _hours(by), source(by)
    whole, rest = range(first, end, HOUR_S), range(since, end, MINUTE_S)
    rolled = _summed(hours, _among(hours.c.hour, whole, isp is not None), by, isp)
    live = _summed(minutes, _among(minutes.c.minute, rest, isp is not None), by, isp, step_s=HOUR_S)
    return _together(union_all(rolled, live), by)


def whole_hours(window: Window) -> tuple[int, int]:
    """Start of the first and end of the last hour that `window` touches."""
    first = (window.start - _EPOCH) // _MINUTE * MINUTE_S
    end = -((_EPOCH - window.end) // timedelta(hours=1)) * HOUR_S
    return first - first % HOUR_S, end


def _hours(by: tuple[Dim, ...]) -> Table:
    others = set(by) - {Dim.MINUTE, Dim.ISP}
    only = next(iter(others), None)
    if len(others) > 1 or only not in _HOURS:
        raise ValueError(f"hours are kept by ISP and one of SOURCE_IP, REPLY and JOB, found {', '.join(by)}")
    return _HOURS[only]


def _summed(
    table: Table, inside: ColumnElement[bool], by: tuple[Dim, ...], isp: str | None, *, step_s: int = MINUTE_S
) -> Select[Any]:
    """The counts of the rows `inside`, grouped; minutes of `step_s` together where they are of a longer stretch."""
    columns = [_column(table, dim, step_s).label(_COLUMN[dim]) for dim in by]
    query = select(*columns, *(_sum(table.c[name]) for name in COUNTS)).where(inside)
    if isp is not None:
        query = query.where(table.c.isp == isp)
    return query.group_by(*columns) if columns else query.having(func.count() > 0)


def _column(table: Table, dim: Dim, step_s: int) -> ColumnElement[Any]:
    if dim is not Dim.MINUTE:
        return table.c[_COLUMN[dim]]
    if "hour" in table.c:
        return table.c.hour
    return table.c.minute if step_s == MINUTE_S else table.c.minute - table.c.minute % step_s


def _together(parts: CompoundSelect[Any], by: tuple[Dim, ...]) -> Select[Any]:
    rows = parts.subquery()
    columns = [rows.c[_COLUMN[dim]] for dim in by]
    query = select(*columns, *(_sum(rows.c[name]) for name in COUNTS))
    return query.group_by(*columns) if columns else query.having(func.count() > 0)


def _inside(table: Table, window: Window, one_isp: bool) -> ColumnElement[bool]:
    return _among(table.c.minute, whole_minutes(window), one_isp)


def _among(time: ColumnElement[int], times: range, one_isp: bool) -> ColumnElement[bool]:
    if one_isp and len(times) <= _NAMED:
        # Each time named: the database jumps to (time, ISP) instead of reading the other ISPs in between.
        return time.in_(list(times))
    return (time >= times.start) & (time < times.stop)


def _sum(column: ColumnElement[Any]) -> Label[Any]:
    return func.sum(column).label(column.name)
