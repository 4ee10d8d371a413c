"""Minutes added up to hours: once each, whatever comes late and whenever the process ends.

The mark "hours" says how far: minutes before it are in the hour tables. Rolling a slice and moving the mark is one
transaction. A record of a minute before the mark goes into the hour tables in the transaction that counts it; as
writers come one after the other, no slice is rolled in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, func, select

from bot.store.tables import COUNTS, isp_hour, isp_tally, job_hour, job_tally, mark, reply_hour, source_hour, tally
from bot.store.upsert import add_from, placeholder, upsert

HOUR_S = 3_600
MINUTE_S = 60
SLICE_S = 300
SLICE_ROWS = 20_000
"""A slice ends after the minute in which it passes this: others wait while it is written."""
_NAME = "hours"
_MINUTES_OF = {isp_hour: isp_tally, source_hour: tally, reply_hour: tally, job_hour: job_tally}
"""Hour table -> the minutes it is added up from."""

Row = Sequence[int | str]


def rolled_to(connection: Connection) -> int | None:
    """Minutes before this one (epoch seconds) are in the hour tables; None before the first slice."""
    # The driver's own words: every poll asks.
    found: int | None = connection.exec_driver_sql(f"SELECT minute FROM mark WHERE name = '{_NAME}'").scalar()
    return found


def roll(connection: Connection, upto: int, *, step: int = SLICE_S, rows: int = SLICE_ROWS) -> bool:
    """Add the next slice of minutes to the hours: at most `step` seconds, about `rows` rows, none from `upto` on.

    Minutes without a record are passed over. Returns: False where no minute was left to add.
    """
    upto -= upto % MINUTE_S
    first = _first_minute(connection, rolled_to(connection), upto)
    if first is None:
        return False
    end = _end(connection, first, min(first + step, upto), rows)
    _add_up(connection, first, end)
    connection.exec_driver_sql(upsert(connection, mark, replace=("minute",)), (_NAME, end))
    return True


def add_late(connection: Connection, cells: Iterable[Row], jobs: Iterable[Row]) -> None:
    """Add what is of a minute that was rolled already to the hours too; nothing in the usual case.

    To be called in the transaction that adds the same rows to the minutes.

    Args:
        cells: Rows of `tally`, all its columns in their order.
        jobs: Rows of `job_tally`.
    """
    end = rolled_to(connection)
    if end is None:
        return
    late = {tally: [row for row in cells if int(row[0]) < end], job_tally: [row for row in jobs if int(row[0]) < end]}
    late[isp_tally] = late[tally]
    for hours, minutes in _MINUTES_OF.items():
        if late[minutes]:
            source = tally if minutes is isp_tally else minutes
            rows = _by_hour(hours, source, late[minutes])
            connection.exec_driver_sql(upsert(connection, hours, add=COUNTS), rows)


def _first_minute(connection: Connection, since: int | None, upto: int) -> int | None:
    """The oldest minute with a record that is not rolled yet."""
    firsts = []
    for table in (tally, job_tally):
        query = select(func.min(table.c.minute)).where(table.c.minute < upto)
        firsts.append(connection.execute(query if since is None else query.where(table.c.minute >= since)).scalar())
    return min((first for first in firsts if first is not None), default=None)


def _end(connection: Connection, first: int, latest: int, rows: int) -> int:
    """Where a slice from `first` on ends: at `latest`, or after the minute of its last row that is not too many."""
    inside = (tally.c.minute >= first) & (tally.c.minute < latest)
    last = select(tally.c.minute).where(inside).order_by(tally.c.minute).limit(1).offset(rows)
    minute = connection.execute(last).scalar()
    return latest if minute is None else max(first + MINUTE_S, minute)


def _add_up(connection: Connection, first: int, end: int) -> None:
    sign = placeholder(connection)
    for hours, minutes in _MINUTES_OF.items():
        keys = ", ".join([f"minute - minute % {HOUR_S}", *_keys(hours)])
        sums = ", ".join(f"sum({name})" for name in COUNTS)
        places = ", ".join(str(place) for place in range(1, len(_keys(hours)) + 2))
        query = (
            f"SELECT {keys}, {sums} FROM {minutes.name} WHERE minute >= {sign} AND minute < {sign} GROUP BY {places}"
        )
        connection.exec_driver_sql(add_from(hours, query, add=COUNTS), (first, end))


def _by_hour(hours: Table, source: Table, rows: Iterable[Row]) -> list[tuple[int | str, ...]]:
    """Rows of `source` as rows of `hours`, added up."""
    names = [column.name for column in source.columns]
    places = [names.index(name) for name in _keys(hours)]
    sums: dict[tuple[int | str, ...], list[int]] = {}
    for row in rows:
        minute, delivered, deferred, bounced, queue_deferred = map(int, (row[0], *row[-4:]))
        kept = sums.setdefault((minute - minute % HOUR_S, *[row[place] for place in places]), [0, 0, 0, 0])
        kept[0] += delivered
        kept[1] += deferred
        kept[2] += bounced
        kept[3] += queue_deferred
    return sorted((*key, *counts) for key, counts in sums.items())


def _keys(hours: Table) -> list[str]:
    """What an hour table tells apart besides the hour."""
    return [column.name for column in hours.primary_key.columns][1:]
