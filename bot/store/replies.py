"""Reply templates by number, with a bound: hostile reply texts must not grow the database without end."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from bot.core.model import Cell
from bot.store.tables import reply

TEMPLATES_PER_ISP = 2_000
OTHER_TEMPLATE = "other replies"
"""What a template counts as once its ISP has `TEMPLATES_PER_ISP` of them."""
SAMPLE_CHARS = 1_000

NO_REPLY = 0
_PIECE = 400
_DAY_S = 86_400

Named = tuple[str, str]
"""(isp, template)."""


def number(
    connection: Connection, cells: Collection[Cell], samples: Mapping[Named, str], *, cap: int
) -> dict[Named, int]:
    """The number of every (isp, template) in `cells`, new ones added up to `cap` an ISP. "" is not in it.

    Over the cap a template gets the number of its ISP's `OTHER_TEMPLATE`.
    """
    days: dict[Named, int] = {}
    for cell in cells:
        if cell.reply:
            name = (cell.isp, cell.reply)
            days[name] = max(days.get(name, 0), cell.minute // _DAY_S)
    known = _known(connection, days)
    _touch(connection, known, days)
    numbers = {name: row[0] for name, row in known.items()}
    room: dict[str, int] = {}
    for name in sorted(days.keys() - known.keys()):
        numbers[name] = _add(connection, name, days[name], samples.get(name, ""), room, cap)
    return numbers


def forget(connection: Connection, before_minute: int) -> int:
    """Delete templates whose newest tally is older than the day of `before_minute`; how many."""
    return connection.execute(delete(reply).where(reply.c.seen_day < before_minute // _DAY_S)).rowcount


def _known(connection: Connection, names: Collection[Named]) -> dict[Named, tuple[int, int]]:
    """(isp, template) -> (id, seen_day) of those that are there."""
    wanted = sorted(names)
    known: dict[Named, tuple[int, int]] = {}
    for start in range(0, len(wanted), _PIECE):
        piece = wanted[start : start + _PIECE]
        query = select(reply.c.isp, reply.c.template, reply.c.id, reply.c.seen_day).where(
            tuple_(reply.c.isp, reply.c.template).in_(piece)
        )
        known |= {(isp, template): (number, day) for isp, template, number, day in connection.execute(query)}
    return known


def _touch(connection: Connection, known: Mapping[Named, tuple[int, int]], days: Mapping[Named, int]) -> None:
    """Move `seen_day` on; once a day and template, so it costs nothing in between."""
    later: dict[int, list[int]] = {}
    for name, (row, seen_day) in known.items():
        if days[name] > seen_day:
            later.setdefault(days[name], []).append(row)
    for day, rows in later.items():
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            connection.execute(update(reply).where(reply.c.id.in_(piece)).values(seen_day=day))


def _add(connection: Connection, name: Named, day: int, sample: str, room: dict[str, int], cap: int) -> int:
    isp, template = name
    if isp not in room:
        count = select(func.count()).where(reply.c.isp == isp, reply.c.template != OTHER_TEMPLATE)
        room[isp] = cap - connection.execute(count).scalar_one()
    if room[isp] <= 0:
        return _other(connection, isp, day, sample)
    room[isp] -= 1
    return _insert(connection, isp, template, day, sample)


def _other(connection: Connection, isp: str, day: int, sample: str) -> int:
    found = connection.execute(
        select(reply.c.id).where(reply.c.isp == isp, reply.c.template == OTHER_TEMPLATE)
    ).scalar_one_or_none()
    if found is None:
        return _insert(connection, isp, OTHER_TEMPLATE, day, sample)
    connection.execute(update(reply).where(reply.c.id == found, reply.c.seen_day < day).values(seen_day=day))
    return int(found)


def _insert(connection: Connection, isp: str, template: str, day: int, sample: str) -> int:
    row = {"isp": isp, "template": template, "sample": sample[:SAMPLE_CHARS], "seen_day": day}
    key = connection.execute(insert(reply).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])
