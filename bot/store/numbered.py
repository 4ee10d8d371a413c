"""The cells of a roll-up as rows to be written: replies by their numbers, and the sums per minute and ISP beside them.

Many cells are taken by columns, which leaves the interpreter lock free; for few that costs five times what a loop does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import polars as pl

from bot.core.counts import Counts
from bot.core.model import Cell
from bot.store.replies import DAY_S, NO_REPLY, Named
from bot.store.tables import COUNTS, isp_tally, tally

FEW = 1_000
"""Cells up to which the loop is the cheaper one."""

Columns = list[list[Any]]
"""The columns of a table in their order, all of one length."""
Number = Callable[[Mapping[Named, int]], Mapping[Named, int]]
"""(isp, template) with the newest day of each -> its number."""

_CELL = [column.name for column in tally.columns]
_ISP = [column.name for column in isp_tally.columns]
_SCHEMA = {name: pl.Int64 if name in COUNTS or name == "minute" else pl.String for name in _CELL}


class Numbered(NamedTuple):
    """Columns of `tally` and of `isp_tally`, and the numbers of all replies in them."""

    cells: Columns
    isps: Columns
    replies: Mapping[Named, int]


def numbered(cells: Counts[Cell], number: Number, *, few: int = FEW) -> Numbered:
    """Raises: OverflowError for a number of more than 64 bits where cells are taken by columns."""
    return _one_by_one(cells, number) if cells.rows <= few else _by_columns(cells, number)


def _one_by_one(cells: Counts[Cell], number: Number) -> Numbered:
    days: dict[Named, int] = {}
    sums: dict[tuple[int, str], list[int]] = {}
    minutes, isps, *_, replies = map(list, cells.fields)
    counted = zip(minutes, isps, replies, *cells.counts, strict=True)
    for minute, isp, reply, delivered, deferred, bounced, queue_deferred in counted:
        if reply:
            days[isp, reply] = max(days.get((isp, reply), 0), minute // DAY_S)
        kept = sums.setdefault((minute, isp), [0, 0, 0, 0])
        kept[0] += delivered
        kept[1] += deferred
        kept[2] += bounced
        kept[3] += queue_deferred
    numbers = number(days)
    ids = [numbers[name] if name[1] else NO_REPLY for name in zip(isps, replies, strict=True)]
    rows = sorted((*key, *counts) for key, counts in sums.items())
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _ISP]
    return Numbered([*map(list, cells.fields[:-1]), ids, *map(list, cells.counts)], columns, numbers)


def _by_columns(cells: Counts[Cell], number: Number) -> Numbered:
    table = _table(cells)
    template = pl.col("reply_id")
    named = table.filter(template != "").group_by("isp", template).agg(day=pl.col("minute").max() // DAY_S)
    isps, templates, newest = (column.to_list() for column in named.get_columns())
    names = list(zip(isps, templates, strict=True))
    numbers = number(dict(zip(names, newest, strict=True)))
    known = named.with_columns(number=pl.Series([numbers[name] for name in names], dtype=pl.Int64)).drop("day")
    joined = table.join(known, on=("isp", "reply_id"), how="left", maintain_order="left")
    joined = joined.with_columns(reply_id=pl.col("number").fill_null(NO_REPLY))
    sums = joined.group_by("minute", "isp").agg(pl.col(COUNTS).sum()).sort("minute", "isp")
    return Numbered(_lists(joined.select(_CELL)), _lists(sums.select(_ISP)), numbers)


def _table(cells: Counts[Cell]) -> pl.DataFrame:
    """The columns of `tally`, in place of the number of a template the template itself."""
    columns = dict(zip(_CELL, (*cells.fields, *cells.counts), strict=True))
    try:
        return pl.DataFrame(columns, schema=_SCHEMA)
    except TypeError as e:  # what it says of a whole number of more than 64 bits
        raise OverflowError(str(e)) from e


def _lists(table: pl.DataFrame) -> Columns:
    return [column.to_list() for column in table.get_columns()]
