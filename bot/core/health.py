"""How well one host is seen: from what its polls met to what people are told. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.diagnosis import HostLine
from bot.core.durations import duration_words
from bot.core.facts import oddities, unlogged
from bot.core.model import HostHealth, RollUp
from bot.core.rollup import seen

UNDEFERRED = 5_000
"""So many deliveries in a row without one deferral: then deferrals are hardly logged at all."""
AHEAD = timedelta(minutes=5)
"""A host whose records are newer than now by more than this has a wrong clock: they do not count yet."""
LONGEST_BACKLOG = timedelta(minutes=15)
"""So long one host's backlog may leave all rates unknown. Beyond it that host counts as one without data."""


def counted(before: HostHealth, roll_up: RollUp, now: datetime, *, files: bool) -> HostHealth:
    """Everything that had been written when the host was looked at is counted. `files`: there was a file to read."""
    return replace(
        before,
        polled_at=now,
        newest_record=_newest(before.newest_record, roll_up.newest, now),
        undeferred=_undeferred(before, roll_up),
        files=files,
        error="",
        failing_since=None,
        behind_at=None,
        behind_since=None,
    )


def behind(before: HostHealth, roll_up: RollUp, now: datetime, waiting: int) -> HostHealth:
    """`waiting` bytes are still to be read: what is counted so far may hold a minute's deferrals without its
    deliveries, so it is no rate."""
    goes_on = before.behind_at is not None and now - before.behind_at <= LONGEST_BACKLOG
    sentence = f"catching up, {max(1, waiting >> 20):,} MiB of accounting are still to be read"
    return replace(
        before,
        undeferred=_undeferred(before, roll_up),
        error=sentence,
        failing_since=before.failing_since or now,
        behind_at=now,
        behind_since=before.behind_since if goes_on else now,
    )


def failed(before: HostHealth, sentence: str, now: datetime) -> HostHealth:
    """Its accounting could not be read."""
    return replace(before, error=sentence, failing_since=before.failing_since or now)


def host_line(
    host: str, health: HostHealth | None, now: datetime, stale_after: timedelta, since: datetime | None = None
) -> HostLine:
    """What to tell of a host. `trouble`: its counts are missing; `warning`: they are there and something is odd.

    `since` is where the window of the rates begins.
    """
    if health is None:
        return HostLine(host, None, "not read yet")
    is_behind = half_counted(health, now, stale_after)
    if health.polled_at is None:
        return HostLine(host, None, health.error or "not read yet", behind=is_behind)
    age = now - health.polled_at
    if age > stale_after:
        why = f": {health.error}" if health.error else ""
        return HostLine(host, age.total_seconds(), f"no data for {duration_words(age)}{why}", behind=is_behind)
    gaps = health.facts.gaps
    return HostLine(
        host,
        age.total_seconds(),
        trouble=health.error if is_behind else "",
        behind=is_behind,
        warning="; ".join(gaps) or _warning(health, now, stale_after, since),
        queues_seen=_queues_seen(health, now, stale_after),
        partial=bool(gaps),
    )


def half_counted(health: HostHealth, now: datetime, stale_after: timedelta) -> bool:
    """Bounded: neither a host that dies in the middle of its backlog nor one that never reaches its end may make the
    whole fleet blind."""
    if health.behind_at is None or now - health.behind_at > stale_after:
        return False
    return health.behind_since is None or now - health.behind_since <= max(LONGEST_BACKLOG, stale_after)


def _newest(before: datetime | None, read: datetime | None, now: datetime) -> datetime | None:
    """A time ahead of ours holds until records are read that say otherwise: a wrong clock is set right some day."""
    if before is None or (read is not None and before > now):
        return read
    return before if read is None else max(before, read)


def _queues_seen(health: HostHealth, now: datetime, stale_after: timedelta) -> bool:
    return health.queues_at is not None and now - health.queues_at <= stale_after


def _undeferred(before: HostHealth, roll_up: RollUp) -> int:
    """Deliveries since the last deferral, the newest batch taken as one."""
    shown = seen(roll_up)
    return 0 if shown.newest_deferral is not None else before.undeferred + shown.delivered


def _warning(health: HostHealth, now: datetime, stale_after: timedelta, since: datetime | None) -> str:
    if not health.files:
        return "no accounting file matches the setting `accounting`, so nothing is counted"
    if since and unlogged(health, since):
        return (
            f"deferrals are not being logged: none among the last {health.undeferred:,} deliveries, so its rate is "
            "left out. Add `<acct-file /var/log/pmta/diag.csv>` `records t` `</acct-file>` to its configuration"
        )
    if health.undeferred >= UNDEFERRED:
        return (
            f"deferrals are not being logged: none among the last {health.undeferred:,} deliveries. "
            "Add `records t` to an accounting file; until then its rate reads 0 %"
        )
    if health.newest_record is not None and health.newest_record - now > AHEAD:
        ahead = duration_words(health.newest_record - now)
        return f"its clock is {ahead} ahead of ours, and its newest records are not in the rates yet"
    if health.queues_error and not _queues_seen(health, now, stale_after):
        return f"its queues cannot be read, so they are left out: {health.queues_error}"
    return "; ".join(oddities(health))
