"""How much waited in every queue, kept for two hours so that growth can be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import nlargest
from operator import itemgetter

from sqlalchemy import Connection, func, select

from bot.core.model import HostSnapshot, QueueSizes
from bot.store.tables import queue_size
from bot.store.upsert import upsert

EVERY = timedelta(minutes=5)
LEAST_RECIPIENTS = 10
MOST_QUEUES = 2_000
"""Of one host the biggest; the limit holds the database bounded where every domain has a queue."""
KEPT_FOR = timedelta(hours=2) + EVERY
"""So that what was seen two hours ago is still there."""
_EVERY_S = int(EVERY.total_seconds())
_LOOK = ""
_WHOLE, _CUT = 1, 0


def keep_sizes(connection: Connection, snapshot: HostSnapshot) -> None:
    """Keep the sizes in `snapshot` where it is the first look at its host in its stretch of `EVERY`.

    A look that is not kept whole, by PMTA's own cap or by ours, is marked: then a queue that is not there may yet have
    been full.
    """
    start = stretch(snapshot.at)
    insert = upsert(connection, queue_size)
    sizes = {queue.name: queue.recipients for queue in snapshot.queues if queue.recipients >= LEAST_RECIPIENTS}
    whole = snapshot.complete and len(sizes) <= MOST_QUEUES
    if not connection.exec_driver_sql(insert, (start, snapshot.host, _LOOK, _WHOLE if whole else _CUT)).rowcount:
        return
    biggest = nlargest(MOST_QUEUES, sizes.items(), key=itemgetter(1))
    rows = sorted((start, snapshot.host, name, recipients) for name, recipients in biggest if name != _LOOK)
    if rows:
        connection.exec_driver_sql(insert, rows)


def nearest(connection: Connection, at: datetime) -> tuple[int, int] | None:
    """(start of the stretch nearest to `at`, rows in it), the earlier of two; None where it is over `EVERY` away."""
    moment = at.timestamp()
    close = (queue_size.c.start >= moment - _EVERY_S) & (queue_size.c.start <= moment + _EVERY_S)
    query = select(queue_size.c.start, func.count()).where(close).group_by(queue_size.c.start)
    found = [(start, rows) for start, rows in connection.execute(query)]
    return min(found, key=lambda each: (abs(each[0] - moment), each[0]), default=None)


def sizes_of(connection: Connection, start: int) -> QueueSizes:
    """What was kept of the stretch that begins at `start`."""
    query = select(queue_size.c.host, queue_size.c.queue, queue_size.c.recipients).where(queue_size.c.start == start)
    rows = connection.execute(query).all()
    return QueueSizes(
        datetime.fromtimestamp(start, UTC),
        frozenset(host for host, queue, recipients in rows if queue == _LOOK and recipients == _WHOLE),
        {(host, queue): recipients for host, queue, recipients in rows if queue != _LOOK},
    )


def stretch(at: datetime) -> int:
    """Epoch seconds of the start of the stretch of `EVERY` that `at` lies in."""
    moment = int(at.timestamp())
    return moment - moment % _EVERY_S
