"""Rows counted per minute: the plain reference that every faster path must equal."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from bot.core.accounting import TALLIED, Row, RowReader
from bot.core.isp import IspCatalog
from bot.core.model import Cell, JobCell, RollUp, Tally
from bot.core.reply import clean, mask_local_parts, template

K = TypeVar("K", bound=Hashable)
SAMPLE_LENGTH = 500
ONE = {kind: Tally(*(int(place == at) for at in range(4))) for kind, place in TALLIED.items()}


def roll_up(rows: Iterable[Row | str], *, host: str, isps: IspCatalog) -> RollUp:
    """Count rows per (minute, ISP, source IP, VMTA, reply template) and per (minute, ISP, campaign).

    A `RowReader` brings its samples of bad rows with it.

    The reply text does not help to find the ISP here, though it could: delivered rows are counted without
    looking at theirs, so a provider found by its refusals alone would have a rate of 100 %.

    Args:
        rows: Rows, and in place of each that is not counted the reason why (`RowReader`).
    """
    total = RollUp()
    newest = 0
    for row in rows:
        total.rows += 1
        if isinstance(row, str):
            total.left_out[row] = total.left_out.get(row, 0) + 1
            continue
        newest = max(newest, row.at)
        _count(total, row, host, isps.of_record(queue=row.queue, mx=row.mx, rcpt_domain=row.rcpt_domain))
    total.newest = datetime.fromtimestamp(newest, UTC) if newest else None
    total.bad = dict(rows.bad) if isinstance(rows, RowReader) else {}
    return total


def _count(total: RollUp, row: Row, host: str, isp: str) -> None:
    minute = row.at - row.at % 60
    reply = "" if row.kind == "d" else template(row.diag)
    cell = Cell(minute, isp, host, row.source_ip, row.vmta, reply)
    total.cells[cell] = total.cells.get(cell, Tally()) + ONE[row.kind]
    if row.job:
        job = JobCell(minute, isp, host, row.job)
        total.jobs[job] = total.jobs.get(job, Tally()) + ONE[row.kind]
    if reply and (isp, reply) not in total.samples:
        total.samples[isp, reply] = sample(row.diag)


def sample(diag: str) -> str:
    """A raw reply fit to be kept and shown."""
    return mask_local_parts(clean(diag[: 4 * SAMPLE_LENGTH]))[:SAMPLE_LENGTH]


def add_up(parts: Iterable[RollUp]) -> RollUp:
    """One roll-up of many; of two samples of one reply the earlier stays."""
    total = RollUp()
    for part in parts:
        _add_into(total.cells, part.cells)
        _add_into(total.jobs, part.jobs)
        for seen, raw in part.samples.items():
            total.samples.setdefault(seen, raw)
        for reason, times in part.left_out.items():
            total.left_out[reason] = total.left_out.get(reason, 0) + times
        for reason, sample_of_it in part.bad.items():
            total.bad.setdefault(reason, sample_of_it)
        total.rows += part.rows
        total.newest = max(filter(None, (total.newest, part.newest)), default=None)
    return total


def _add_into(total: dict[K, Tally], part: Mapping[K, Tally]) -> None:
    if not total:
        total.update(part)  # one file is the rule
        return
    for key, tally in part.items():
        total[key] = total[key] + tally if key in total else tally
