"""Accounting rows that count, as two tables: what a piece of a file becomes on its way to counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from bot.core.accounting import TALLIED, Row
from bot.core.isp import IspCatalog
from bot.core.reply import template

SHAPE = {"at": pl.Int64, "kind": pl.Int8, "isp": pl.String, "source_ip": pl.String, "vmta": pl.String}

Details = frozenset[str]
ALL_DETAILS: Details = frozenset({"source_ip", "vmta", "job", "reply"})
"""Columns of a frame that can be left empty to be quicker."""


@dataclass(slots=True)
class Frame:
    """Rows of one piece, in order: `at` (epoch seconds), `kind` (place in `TALLIED`), `isp`, `source_ip`, `vmta`,
    `job`; those in `others` (all but type `d`) also `reply` (template) and `diag` (raw)."""

    delivered: pl.DataFrame
    others: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)
    records: int = 0


def frame_of(found: list[Row | str], isps: IspCatalog) -> Frame:
    """The same from the reference's rows."""
    left_out: dict[str, int] = {}
    for reason in (row for row in found if isinstance(row, str)):
        left_out[reason] = left_out.get(reason, 0) + 1
    rows = [
        (
            (row.at, TALLIED[row.kind], isps.of_record(queue=row.queue, mx=row.mx, rcpt_domain=row.rcpt_domain)),
            (row.source_ip, row.vmta, row.job),
            ("", "") if row.kind == "d" else (template(row.diag), row.diag),
        )
        for row in found
        if isinstance(row, Row)
    ]
    shape = {**SHAPE, "job": pl.String, "reply": pl.String, "diag": pl.String}
    table = pl.DataFrame([[*what, *where, *text] for what, where, text in rows], schema=shape, orient="row")
    delivered = table.filter(pl.col("kind") == 0).drop("reply", "diag")
    return Frame(delivered, table.filter(pl.col("kind") > 0), left_out, len(found))
