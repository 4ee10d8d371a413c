"""A store as after a week of a big fleet, filled with SQL: 20 ISPs (Zipf) and a tail of small domains, 50 source IPs,
30 reply templates, about 1,000 rows a minute, and 35 days of hours."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from bot.core.counts import Counts
from bot.core.model import Cell, JobCell, RollUp, Tally
from bot.ports import NewRecords
from bot.store.hours import HOUR_S, MINUTE_S
from bot.store.tables import isp_hour, job_hour, reply_hour, source_hour
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import writing

MINUTES = 7 * 24 * 60
BUSY_MINUTES = 60
GROUPS = 10_000
"""Of a poll, and of each minute of a busy hour."""
JOBS = 100
END = int(datetime(2026, 11, 20, 14, tzinfo=UTC).timestamp())
_KINDS = 14_000
_SLOTS = 400
_PIECE = 240
_WEEK_S = 7 * 24 * HOUR_S
_WEEKS_OF_HOURS = 5
ISPS = tuple(f"isp{n}" for n in range(20))
_TAIL = tuple(f"c{n}.example" for n in range(500))


def poll(minute: int, seed: int) -> NewRecords:
    """What a poll of a busy fleet has read of one minute: `GROUPS` cells."""
    cells = {Cell(minute, *names): tally for names, tally in _kinds(GROUPS, seed)}
    samples = {(cell.isp, cell.reply): cell.reply for cell in cells if cell.reply}
    jobs = {JobCell(minute, ISPS[n % 20], f"mta{n % 4}", f"campaign-{n}"): Tally(40, 4) for n in range(JOBS)}
    # In columns, as the reader hands them over.
    columns = Counts.of(Cell, cells)
    return NewRecords(RollUp(cells=columns, jobs=jobs, samples=samples, rows=8 * GROUPS), ())


def fill(engine: Engine, rows: int) -> None:
    """About `rows` rows of `tally` in the seven days before `END`, as many in every minute."""
    SqlTallyStore(engine).commit("mta0", poll(END - MINUTES * MINUTE_S, 1))
    with writing(engine, "make up kinds") as connection:
        _make_kinds(connection)
    SqlTallyStore(engine).commit("mta1", poll(END, 2))
    first = END - (MINUTES - 1) * MINUTE_S
    for start in range(first, END, _PIECE * MINUTE_S):
        with writing(engine, "fill") as connection:
            _add(connection, start, min(start + _PIECE * MINUTE_S, END), rows // MINUTES)


def make_busy(engine: Engine) -> None:
    """Give each of the last minutes ten times its rows."""
    busy = END - BUSY_MINUTES * MINUTE_S
    with writing(engine, "make room") as connection:
        for table in ("tally", "isp_tally", "job_tally"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE minute >= {busy}")
        _add(connection, busy, END, GROUPS)


def repeat_hours(engine: Engine) -> None:
    """Give the four weeks before the filled one the same hours."""
    with writing(engine, "repeat the hours") as connection:
        for table in (isp_hour, source_hour, reply_hour, job_hour):
            names = ", ".join(column.name for column in table.columns if column.name != "hour")
            for week in range(1, _WEEKS_OF_HOURS):
                connection.exec_driver_sql(
                    f"INSERT OR IGNORE INTO {table.name} (hour, {names}) SELECT hour - {week * _WEEK_S}, {names} "
                    f"FROM {table.name} WHERE hour >= {END - _WEEK_S}"
                )


def _kinds(count: int, seed: int) -> Iterator[tuple[tuple[str, str, str, str, str], Tally]]:
    """(ISP, host, source IP, VMTA, reply) and counts, each once."""
    chance = random.Random(seed)
    names, weights = (*ISPS, *_TAIL), [*(1 / (n + 1) for n in range(len(ISPS))), *[0.5 / len(_TAIL)] * len(_TAIL)]
    seen: set[tuple[str, str, str, str, str]] = set()
    while len(seen) < count:
        isp = chance.choices(names, weights)[0]
        ip = chance.randrange(50)
        vmta = chance.choice((f"vmta-{ip}", f"pool-{ip % 5}"))
        reply = "" if chance.random() < 0.4 else f"421 4.7.{chance.randrange(30)} [*] unusual rate of mail from <ip> *"
        kind = (isp, f"mta{ip % 4}", f"192.0.2.{ip}", vmta, reply)
        if kind not in seen:
            seen.add(kind)
            yield kind, Tally(0, 3) if reply else Tally(5)


def _make_kinds(connection: Connection) -> None:
    """A table of different cells, each in a slot at random: a minute takes some slots."""
    numbers = {
        (isp, template): number
        for isp, template, number in connection.exec_driver_sql("SELECT isp, template, id FROM reply")
    }
    rows = [
        (isp, host, ip, vmta, numbers[isp, reply] if reply else 0, tally.delivered, tally.deferred)
        for (isp, host, ip, vmta, reply), tally in _kinds(_KINDS, 2)
        if not reply or (isp, reply) in numbers
    ]
    slots = random.Random(3).choices(range(_SLOTS), k=len(rows))
    connection.exec_driver_sql(
        "CREATE TABLE kind (slot, isp, host, ip, vmta, reply, delivered, deferred, "
        "PRIMARY KEY (slot, isp, host, ip, vmta, reply)) WITHOUT ROWID"
    )
    connection.exec_driver_sql(
        "INSERT INTO kind VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(slot, *row) for slot, row in zip(slots, rows, strict=True)],
    )


def _add(connection: Connection, start: int, end: int, a_minute: int) -> None:
    """About `a_minute` rows to each minute, each minute another part of the kinds."""
    kinds: int = connection.exec_driver_sql("SELECT count(*) FROM kind").scalar_one()
    connection.exec_driver_sql(
        "INSERT INTO tally WITH RECURSIVE m (minute) AS (SELECT ? UNION ALL SELECT minute + 60 FROM m "
        "WHERE minute + 60 < ?), s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < ?) "
        "SELECT minute, isp, host, ip, vmta, reply, delivered, deferred, 0, 0 "
        "FROM m CROSS JOIN s CROSS JOIN kind ON slot = (minute / 60 * 7 + n) % ?",
        (start, end, max(1, round(a_minute * _SLOTS / kinds)), _SLOTS),
    )
    sums = "sum(delivered), sum(deferred), sum(bounced), sum(queue_deferred)"
    inside = "FROM tally WHERE minute >= ? AND minute < ? GROUP BY 1, 2"
    connection.exec_driver_sql(f"INSERT INTO isp_tally SELECT minute, isp, {sums} {inside}", (start, end))
    campaign = f"'campaign-' || (minute / 60 + length(isp)) % {JOBS}"
    connection.exec_driver_sql(
        f"INSERT INTO job_tally SELECT minute, isp, 'mta0', {campaign}, {sums} {inside}, 3, 4", (start, end)
    )
