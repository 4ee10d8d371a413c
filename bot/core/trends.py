"""What is rising and what is falling: rates over several spans, queues against earlier looks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from enum import StrEnum

from bot.core.diagnosis import QueueTrend, Span
from bot.core.model import QueueSizes, QueueState, Tally
from bot.core.wilson import of_tally

SHORT = timedelta(minutes=5)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
LEAST_ATTEMPTS = 20
"""A span with less mail has no trend."""
CLEAR_POINTS = 0.03
"""A difference of fewer points is no news, however sure it is."""
GROWN_TIMES, GROWN_BY = 2.0, 200
"""A queue has clearly grown where it holds so many times as many and so many more recipients."""
RISING_KEPT = 20
SMALL_QUEUE = 20
"""Queues with fewer recipients are not compared: the looks kept of earlier times leave the smallest out."""


class Trend(StrEnum):
    """Where a rate is going."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = ""


def trend(short: Tally, long: Tally) -> Trend:
    """The short span against the long one it lies in; steady unless the difference is sure and worth a word."""
    if min(short.attempts, long.attempts) < LEAST_ATTEMPTS or abs(short.rate - long.rate) < CLEAR_POINTS:
        return Trend.STEADY
    here, there = of_tally(short), of_tally(long)
    if here.above(there):
        return Trend.RISING
    return Trend.FALLING if there.above(here) else Trend.STEADY


def spans(*counted: Span) -> tuple[Span, ...]:
    """Shortest first, each length once. A longer span that holds less mail than a shorter one was counted earlier, so
    it is left out."""
    kept: list[Span] = []
    for span in sorted(counted, key=lambda span: span.length):
        last = kept[-1] if kept else None
        if last is None or (span.length > last.length and span.tally.attempts >= last.tally.attempts):
            kept.append(span)
    return tuple(kept)


def grown(now: int, then: int | None) -> bool:
    return then is not None and now - then >= GROWN_BY and now >= GROWN_TIMES * then


def clearly_grown(queue: QueueTrend) -> bool:
    """Against a quarter of an hour or an hour ago."""
    return grown(queue.now, queue.quarter) or grown(queue.now, queue.hour)


def queue_trends(
    queues: Iterable[QueueState], quarter: QueueSizes | None, hour: QueueSizes | None
) -> tuple[QueueTrend, ...]:
    """Each queue now and at the earlier looks."""
    return tuple(
        QueueTrend(queue.host, queue.name, queue.recipients, _then(quarter, queue), _then(hour, queue))
        for queue in queues
    )


def _then(sizes: QueueSizes | None, queue: QueueState) -> int | None:
    """None: its host was not looked at, or not in full; 0: it was empty, or too small to be kept."""
    if sizes is None:
        return None
    return sizes.sizes.get((queue.host, queue.name), 0 if queue.host in sizes.hosts else None)


def rising(queues: Iterable[QueueTrend]) -> tuple[QueueTrend, ...]:
    """Those that have clearly grown, most recipients gained first, at most `RISING_KEPT`."""
    found = [queue for queue in queues if clearly_grown(queue)]
    found.sort(key=lambda queue: (-_gained(queue), queue.host, queue.name))
    return tuple(found[:RISING_KEPT])


def _gained(queue: QueueTrend) -> int:
    return max(queue.now - then for then in (queue.quarter, queue.hour) if then is not None)


def together(
    queues: Iterable[QueueState], hosts: Collection[str], quarter: QueueSizes | None, hour: QueueSizes | None
) -> QueueTrend:
    """All queues of one ISP as one; `quarter` and `hour` hold that ISP's queues only. `hosts`: queues known now.

    Counted on the hosts that were looked at at every moment told, and without small queues, which no look keeps. A
    look that shares no host with the present is left out, an hour ago before a quarter.
    """
    common = frozenset(hosts)
    then: list[QueueSizes | None] = []
    for look in (quarter, hour):
        shared = common & look.hosts if look is not None else frozenset()
        then.append(look if shared else None)
        common = shared or common
    now = sum(queue.recipients for queue in queues if queue.host in common and queue.recipients >= SMALL_QUEUE)
    return QueueTrend("", "", now, *(_sum(look, common) for look in then))


def _sum(look: QueueSizes | None, hosts: Collection[str]) -> int | None:
    return None if look is None else sum(n for (host, _), n in look.sizes.items() if host in hosts and n >= SMALL_QUEUE)
