"""The question "sum over a window, grouped by these" as one SQL statement, written so that it stays quick.

`tally` is clustered by minute and ISP, so a window is one stretch of the file. The two questions that are asked
all the time (per ISP, per minute) have a table of their own sums. Sorting on one short column was measured to be
quicker than a first sum by a prefix of the key.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, Subquery, Table, func, select

from bot.core.model import Dim, Window
from bot.store.tables import COUNTS, isp_tally, job_tally, reply, tally

MINUTE_S = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_NAMED_MINUTES = 1_440
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

    Raises: ValueError where `Dim.JOB` is asked for together with something else than MINUTE and ISP.
    """
    if Dim.JOB in by:
        if not set(by) <= {Dim.JOB, Dim.MINUTE, Dim.ISP}:
            raise ValueError(f"JOB goes together with MINUTE and ISP only, found {', '.join(by)}")
        return job_tally
    return isp_tally if set(by) <= {Dim.MINUTE, Dim.ISP} else tally


def grouped(window: Window, by: tuple[Dim, ...], *, isp: str | None) -> Select[Any]:
    """Columns: `by` in order, then the four counts. No row where nothing was counted."""
    table = source(by)
    columns = [table.c[_COLUMN[dim]] for dim in by]
    query = select(*columns, *(_sum(table.c[name]) for name in COUNTS)).where(_inside(table, window, isp is not None))
    if isp is not None:
        query = query.where(table.c.isp == isp)
    query = query.group_by(*columns) if columns else query.having(func.count() > 0)
    return _with_templates(query.subquery(), by) if Dim.REPLY in by else query


def _with_templates(sums: Subquery, by: tuple[Dim, ...]) -> Select[Any]:
    """Sums by number become sums by text: one template has a number for every ISP."""
    template = func.coalesce(reply.c.template, "")
    dims = [template if dim is Dim.REPLY else sums.c[_COLUMN[dim]] for dim in by]
    query = select(*dims, *(_sum(sums.c[name]) for name in COUNTS))
    return query.select_from(sums.outerjoin(reply, reply.c.id == sums.c.reply_id)).group_by(*dims)


def _inside(table: Table, window: Window, one_isp: bool) -> ColumnElement[bool]:
    minutes = whole_minutes(window)
    if one_isp and len(minutes) <= _NAMED_MINUTES:
        # Each minute named: the database jumps to (minute, isp) instead of reading the other ISPs in between.
        return table.c.minute.in_(list(minutes))
    return (table.c.minute >= minutes.start) & (table.c.minute < minutes.stop)


def _sum(column: ColumnElement[Any]) -> Label[Any]:
    return func.sum(column).label(column.name)
