"""What is kept for how long. The file stays bounded: SQLite uses freed pages again, and no table grows for ever.

- Minutes: `keep_tallies`, and never before they are in the hours.
- Whom deferrals were for: 25 h. Queue sizes: 2 h.
- Hours: `keep_hours`. Thousands of small domains would make them large, so they are thinned, and the sums per hour stay
  exact: rows per source IP, reply and campaign of fewer than `FEW_RECORDS` records go after `DETAIL_FOR`; after
  `keep_tallies` ISPs of fewer than `FEW_ATTEMPTS` attempts in an hour become one, `OTHER_ISP`.
- Reply templates: as long as a minute may use them. Hours that outlive one show "other replies" (`totals`).

Incidents, changes and the audit log are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, tuple_

from bot.store import hours, queue_sizes, replies, tables
from bot.store.hours import HOUR_S
from bot.store.tables import COUNTS
from bot.store.transactions import writing
from bot.store.upsert import upsert

ROLLED_AFTER = timedelta(minutes=10)
"""Most records of a minute have come by then; what comes later is added one by one."""
SKETCHES_FOR = timedelta(hours=25)
DETAIL_FOR = timedelta(hours=48)
FEW_RECORDS = 20
FEW_ATTEMPTS = 50
OTHER_ISP = "other"
STEP_ROWS = 5_000
_DAY_S = 86_400
_MINUTES = (tables.tally, tables.isp_tally, tables.job_tally, tables.hosted_tally, tables.job_reply)
_DETAILS = (tables.source_hour, tables.reply_hour, tables.job_hour)
_HOURS = (tables.isp_hour, *_DETAILS)

Piece = Callable[[Connection], int]


@dataclass(frozen=True, slots=True)
class Retention:
    """Rolls minutes up to hours and deletes what is old, each piece a short transaction of about `step` rows."""

    engine: Engine
    keep_tallies: timedelta
    keep_hours: timedelta
    step: int = STEP_ROWS

    def clean_up(self, now: datetime) -> int:
        """Do a piece of everything there is to do.

        Returns:
            How many pieces and rows; call again until it is 0. In between others can write.
        """
        return self._run("add up hours", partial(_roll, upto=_seconds(now - ROLLED_AFTER))) + sum(
            self._run(f"clean up {what}", piece) for what, piece in self._pieces(now).items()
        )

    def _pieces(self, now: datetime) -> dict[str, Piece]:
        minutes, every_hour = _seconds(now - self.keep_tallies), _seconds(now - self.keep_hours)
        sketches, sizes = _seconds(now - SKETCHES_FOR), _seconds(now - queue_sizes.KEPT_FOR)
        step = self.step
        return {
            "minutes": partial(_prune_minutes, before=minutes, step=step),
            "recipients": partial(_prune, table=tables.recipient_sketch, before=sketches, step=step),
            "queue sizes": partial(_prune, table=tables.queue_size, before=sizes, step=step),
            **{f"{table.name}s": partial(_prune, table=table, before=every_hour, step=step) for table in _HOURS},
            **{
                f"small {table.name}s": partial(_thin, table=table, before=_seconds(now - DETAIL_FOR), step=step)
                for table in _DETAILS
            },
            "small ISPs": partial(_fold, before=minutes, step=step),
            "templates": partial(_forget, before=minutes),
        }

    def _run(self, doing: str, piece: Piece) -> int:
        with writing(self.engine, doing) as connection:
            return piece(connection)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _roll(connection: Connection, upto: int) -> int:
    return int(hours.roll(connection, upto))


def _prune_minutes(connection: Connection, before: int, step: int) -> int:
    limit = min(before, hours.rolled_to(connection) or 0)
    return sum(_prune(connection, table, limit, step) for table in _MINUTES)


def _prune(connection: Connection, table: Table, before: int, step: int) -> int:
    """Delete the oldest rows, `step` at the most, of those whose time (the first part of the key) is over."""
    keys = list(table.primary_key.columns)
    old = keys[0] < before
    last = connection.execute(select(*keys).where(old).order_by(*keys).limit(1).offset(step - 1)).first()
    which = old if last is None else tuple_(*keys) <= tuple_(*last)
    return connection.execute(delete(table).where(which)).rowcount


def _thin(connection: Connection, table: Table, before: int, step: int) -> int:
    """Delete the small rows of one hour that is over."""
    name = f"thinned {table.name}"
    hour = _next_hour(connection, table, name, before)
    if hour is None:
        return 0
    few = table.c.delivered + table.c.deferred + table.c.bounced + table.c.queue_deferred < FEW_RECORDS
    gone = connection.execute(delete(table).where(_first_few(table, hour, few, step))).rowcount
    return _on(connection, name, hour, gone, step)


def _fold(connection: Connection, before: int, step: int) -> int:
    """Make the small ISPs of one hour that is over one ISP."""
    table, name = tables.isp_hour, "folded ISPs"
    hour = _next_hour(connection, table, name, before)
    if hour is None:
        return 0
    few = (table.c.delivered + table.c.deferred < FEW_ATTEMPTS) & (table.c.isp != OTHER_ISP)
    which = _first_few(table, hour, few, step)
    sums = connection.execute(select(*(func.sum(table.c[count]) for count in COUNTS)).where(which)).one()
    gone = connection.execute(delete(table).where(which)).rowcount
    if gone:
        connection.exec_driver_sql(upsert(connection, table, add=COUNTS), (hour, OTHER_ISP, *sums))
    return _on(connection, name, hour, gone, step)


def _first_few(table: Table, hour: int, few: ColumnElement[bool], step: int) -> ColumnElement[bool]:
    """The first `step` rows of `hour` that are `few`."""
    keys = list(table.primary_key.columns)
    return tuple_(*keys).in_(select(*keys).where(table.c.hour == hour, few).order_by(*keys).limit(step))


def _next_hour(connection: Connection, table: Table, name: str, before: int) -> int | None:
    """The oldest hour with a row that the mark `name` has not passed and that ended `before`."""
    since = _marked(connection, name)
    query = select(func.min(table.c.hour)).where(table.c.hour >= since, table.c.hour <= before - HOUR_S)
    hour: int | None = connection.execute(query).scalar()
    return hour


def _on(connection: Connection, name: str, hour: int, gone: int, step: int) -> int:
    """Move the mark past `hour` where nothing of it is left; at least 1, since there may be another hour."""
    if gone < step:
        _mark(connection, name, hour + HOUR_S)
    return max(gone, 1)


def _forget(connection: Connection, before: int) -> int:
    """Delete templates that no minute uses any more; looked for once a day, as it reads them all."""
    name, today = "templates", before - before % _DAY_S
    if _marked(connection, name) >= today:
        return 0
    _mark(connection, name, today)
    return replies.forget(connection, today)


def _marked(connection: Connection, name: str) -> int:
    kept = tables.mark
    return connection.execute(select(kept.c.minute).where(kept.c.name == name)).scalar() or 0


def _mark(connection: Connection, name: str, minute: int) -> None:
    connection.exec_driver_sql(upsert(connection, tables.mark, replace=("minute",)), (name, minute))
