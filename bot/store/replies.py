"""Reply templates by number, with a bound: hostile reply texts must not grow the database without end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.core.templates import OTHER_TEMPLATE
from bot.store.tables import reply
from bot.store.upsert import placeholder

SAMPLE_CHARS = 1_000

NO_REPLY = 0
_PIECE = 400
DAY_S = 86_400

Named = tuple[str, str]
"""(isp, template)."""


class _Known(NamedTuple):
    id: int
    seen_day: int
    filed: str


def number(
    connection: Connection,
    days: Mapping[Named, int],
    samples: Mapping[Named, str],
    filed: Mapping[Named, str] | None = None,
    *,
    cap: int,
) -> dict[Named, int]:
    """The numbers of templates, new ones added up to `cap` an ISP. `days`: the newest day (since 1970) of each.
    `filed`: PMTA's category, where known; the first one stays.

    Over the cap a template gets the number of its ISP's `OTHER_TEMPLATE`.
    """
    known = _known(connection, days)
    _touch(connection, known, days)
    numbers = {name: row.id for name, row in known.items()}
    new = {name: days[name] for name in sorted(days.keys() - known.keys())}
    numbers |= _added(connection, new, samples, cap) if new else {}
    _file(connection, known, numbers, filed or {})
    return numbers


def _file(
    connection: Connection, known: Mapping[Named, _Known], numbers: Mapping[Named, int], filed: Mapping[Named, str]
) -> None:
    """Of new templates, and of those of which nothing was known; of what counts as other templates nothing is."""
    for name, word in filed.items():
        if name in numbers and not (name in known and known[name].filed):
            own = (reply.c.id == numbers[name]) & (reply.c.template == name[1])
            connection.execute(update(reply).where(own).values(filed=word))


def forget(connection: Connection, before_minute: int) -> int:
    """Delete templates whose newest tally is older than the day of `before_minute`; how many."""
    return connection.execute(delete(reply).where(reply.c.seen_day < before_minute // DAY_S)).rowcount


def _known(connection: Connection, names: Collection[Named]) -> dict[Named, _Known]:
    """(isp, template) -> those that are there."""
    wanted = sorted(names)
    known: dict[Named, _Known] = {}
    mark = placeholder(connection)
    for start in range(0, len(wanted), _PIECE):
        piece = wanted[start : start + _PIECE]
        # The driver's own words: SQLAlchemy takes longer to write the question than the database to answer it.
        pairs = ", ".join([f"({mark}, {mark})"] * len(piece))
        query = f"SELECT isp, template, id, seen_day, filed FROM reply WHERE (isp, template) IN (VALUES {pairs})"
        rows = connection.exec_driver_sql(query, tuple(text for name in piece for text in name))
        known |= {(isp, template): _Known(number, day, filed) for isp, template, number, day, filed in rows}
    return known


def _touch(connection: Connection, known: Mapping[Named, _Known], days: Mapping[Named, int]) -> None:
    """Move `seen_day` on; once a day and template, so it costs nothing in between."""
    later: dict[int, list[int]] = {}
    for name, row in known.items():
        if days[name] > row.seen_day:
            later.setdefault(days[name], []).append(row.id)
    for day, rows in later.items():
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            connection.execute(update(reply).where(reply.c.id.in_(piece)).values(seen_day=day))


def _added(
    connection: Connection, days: Mapping[Named, int], samples: Mapping[Named, str], cap: int
) -> dict[Named, int]:
    """The numbers of templates that are new, in order, each kept under its own name or its ISP's `OTHER_TEMPLATE`."""
    room = _room(connection, {isp for isp, _ in days}, cap)
    kept_as: dict[Named, Named] = {}
    rows: dict[Named, tuple[int, str]] = {}
    for name, day in days.items():
        isp, template = name
        kept = kept_as[name] = (isp, template if room[isp] > 0 else OTHER_TEMPLATE)
        room[isp] -= 1
        before = rows.get(kept, (0, samples.get(name, "")[:SAMPLE_CHARS]))
        rows[kept] = (max(before[0], day), before[1])
    there = _known(connection, [name for name in rows if name[1] == OTHER_TEMPLATE])
    _touch(connection, there, {name: rows[name][0] for name in there})
    values = [
        {"isp": name[0], "template": name[1], "sample": sample, "seen_day": day}
        for name, (day, sample) in rows.items()
        if name not in there
    ]
    if values:
        connection.execute(insert(reply), values)
    numbers = _known(connection, rows)
    return {name: numbers[kept].id for name, kept in kept_as.items()}


def _room(connection: Connection, isps: Collection[str], cap: int) -> dict[str, int]:
    """How many more templates each of `isps` may have."""
    room = dict.fromkeys(isps, cap)
    wanted = sorted(isps)
    for start in range(0, len(wanted), _PIECE):
        query = select(reply.c.isp, func.count()).group_by(reply.c.isp)
        query = query.where(reply.c.isp.in_(wanted[start : start + _PIECE]), reply.c.template != OTHER_TEMPLATE)
        room |= {isp: cap - count for isp, count in connection.execute(query)}
    return room
