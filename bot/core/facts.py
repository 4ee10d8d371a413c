"""What a host's accounting and clock show of themselves: so that views can say why something is missing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.accounting import Header
from bot.core.model import BadRows, FilePosition, HostFacts, HostHealth, RollUp
from bot.core.record_time import parse_time
from bot.core.rollup import Seen, seen
from bot.errors import ParseError

VIEWS = {"dlvSourceIp": "source IP", "vmta": "VMTA"}
"""Column -> what is told apart by it, and missing from every view without it."""
_TIME = "timeLogged"
UNLOGGED_FROM = 200
"""Fewer deliveries without a deferral prove nothing."""
REMEMBERED = timedelta(hours=24)
"""A host that logged a deferral so lately does log them."""
SKEW_SAID_FROM_S = 60
CORRECTED_FROM_S = 5
"""A smaller error of a clock may be the way to the host and back, and moves next to nothing between minutes."""
_QUARTER_S = 900
_ZONES_S = tuple(
    round(hours * 3600)
    for hours in (
        *range(-12, 15),
        *(-9.5, -3.5, -2.5, 3.5, 4.5, 5.5, 6.5, 9.5, 10.5),
        *(5.75, 8.75, 12.75, 13.75),
    )
)
"""Every offset from UTC that is in use (IANA time zone database)."""
_WORST_CLOCK_S = 1800


def learn(
    before: HostFacts, roll_up: RollUp, positions: Sequence[FilePosition], gaps: tuple[str, ...], now: datetime
) -> HostFacts:
    """What is known after one more batch of records. A record of the future counts as one of `now`: it must not stand
    for deferrals that are logged until then."""
    shown = seen(roll_up)
    since, deferral_at = before.undeferred_since, before.deferral_at
    if shown.newest_deferral is not None:
        newest = min(datetime.fromtimestamp(shown.newest_deferral, UTC), now)
        since, deferral_at = None, max(deferral_at or newest, newest)
    elif shown.first_delivery is not None and since is None:
        since = datetime.fromtimestamp(shown.first_delivery, UTC)
    delivers = before.delivers or shown.first_delivery is not None
    return replace(
        before,
        columns=_columns(before, shown, positions),
        gaps=gaps,
        delivers=delivers,
        undelivered=0 if delivers else before.undelivered + shown.deferred,
        undeferred_since=since,
        deferral_at=deferral_at,
        bad=_bad(before.bad, roll_up),
    )


def _columns(before: HostFacts, shown: Seen, positions: Sequence[FilePosition]) -> tuple[str, ...]:
    """Columns of `VIEWS` that any file has. A file in JSON has no header: there what was seen once stays known.

    `timeLogged` is among them where any header tells it: what is missing then is known to be missing.
    """
    heads = [names for names in map(_names, positions) if _TIME.lower() in names]
    found = {column for column in (_TIME, *VIEWS) if any(column.lower() in names for names in heads)}
    found |= {"dlvSourceIp"} if shown.source_ip else set()
    found |= {"vmta"} if shown.vmta else set()
    if any(position.offset and not position.header for position in positions):
        found |= set(before.columns)
    return tuple(sorted(found))


def _names(position: FilePosition) -> tuple[str, ...]:
    try:
        return Header.parse(position.header).names if position.header else ()
    except ParseError:
        return ()


def _bad(before: tuple[BadRows, ...], roll_up: RollUp) -> tuple[BadRows, ...]:
    found = {rows.reason: rows for rows in before}
    for reason, sample in roll_up.bad.items():
        known = found.get(reason, BadRows(reason, 0, sample))
        found[reason] = replace(known, count=known.count + roll_up.left_out.get(reason, 0))
    return tuple(rows for _, rows in sorted(found.items()))


def unlogged(health: HostHealth, since: datetime) -> bool:
    """True where the host has delivered mail ever since `since` and logged no deferral: it writes no `t` records, and
    its deliveries would only make everybody's rate look better."""
    facts = health.facts
    return (
        health.undeferred >= UNLOGGED_FROM
        and facts.undeferred_since is not None
        and facts.undeferred_since <= since
        and (facts.deferral_at is None or facts.deferral_at < since - REMEMBERED)
    )


def undelivered(health: HostHealth) -> bool:
    """True where the host has logged deferrals and never a delivery: its `d` records are in a file that is not read,
    and it would make everybody's rate look worse."""
    return health.facts.undelivered >= UNLOGGED_FROM


def clock_due(facts: HostFacts, now: datetime, every: timedelta) -> bool:
    """True where the host was last asked for its clock `every` ago, or before this quarter of an hour: summer time
    begins and ends with one, and until it is known times without an offset are an hour wrong."""
    last = facts.clock_at
    return last is None or now - last >= every or last.timestamp() // _QUARTER_S != now.timestamp() // _QUARTER_S


def told_time(before: HostFacts, time_now: str, asked: datetime, answered: datetime) -> HostFacts:
    """Zone and clock of a host that said `time_now` (`show status`, local time) between `asked` and `answered`.

    The zone is the one in use that is nearest to the difference to our clock, what is left over is the error of the
    clock; so an error of more than half an hour is taken for a zone (sooner where zones lie closer together). What
    cannot be read leaves everything as it was.
    """
    told = parse_time(time_now)
    if told is None:
        return replace(before, clock_at=answered)
    middle = (asked.timestamp() + answered.timestamp()) / 2
    offset_s = min(_ZONES_S, key=lambda zone: abs(told - middle - zone))
    utc = told - offset_s
    if abs(utc - middle) > _WORST_CLOCK_S:
        return replace(before, clock_at=answered)
    exact = asked.timestamp() - 1 <= utc <= answered.timestamp() + 1
    skew_s = 0 if exact else round(utc - middle)
    # Believed when it is seen again: one answer may just have been held up on its way.
    twice = min(skew_s, before.skew_once_s, key=abs) if skew_s * before.skew_once_s > 0 else 0
    # A second up or down is rounding: what is taken off the times stays the same as long as it can.
    kept = before.skew_s if twice and abs(twice - before.skew_s) <= 1 else twice
    return replace(before, utc_offset_s=offset_s, skew_s=kept, skew_once_s=skew_s, clock_at=answered)


def in_doubt(facts: HostFacts) -> bool:
    """True where the newest answer makes the clock worse than is believed: it is to be asked once more, now."""
    return abs(facts.skew_once_s - facts.skew_s) >= CORRECTED_FROM_S


def correction(facts: HostFacts) -> timedelta:
    """How far the host's clock is ahead of ours, as far as it is to be taken off its times."""
    return timedelta(seconds=facts.skew_s if abs(facts.skew_s) >= CORRECTED_FROM_S else 0)


def oddities(health: HostHealth) -> list[str]:
    """What people should know about the host's files and clock, one sentence each."""
    facts, found = health.facts, []
    if undelivered(health):
        found.append(
            f"no delivery was ever read beside {facts.undelivered:,} deferrals, so its rate is left out. "
            "Add the file with its `d` records (often acct-*.csv) to the setting `accounting`"
        )
    if facts.clock_at is not None and facts.utc_offset_s is None:
        found.append("its zone is not known (`pmta show status`, `date`), so times without an offset are taken for UTC")
    if abs(facts.skew_s) > SKEW_SAID_FROM_S:
        way = "ahead of" if facts.skew_s > 0 else "behind"
        found.append(f"its clock is {abs(facts.skew_s)} s {way} ours; times are corrected")
    missing = [column for column in VIEWS if column not in facts.columns] if _TIME in facts.columns else []
    if missing:
        views = " or ".join(VIEWS[column] for column in missing)
        found.append(f"no accounting file has {' or '.join(missing)}, so nothing there is told apart by {views}")
    return found
