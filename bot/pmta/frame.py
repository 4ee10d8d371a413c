"""Accounting rows that count, as two tables: what a piece of a file becomes on its way to counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from bot.core.accounting import TALLIED, Row
from bot.core.isp import IspCatalog
from bot.core.reply import template
from bot.core.templates import KeptTemplates

SHAPE: dict[str, type[pl.DataType]] = {
    "at": pl.Int64,
    "kind": pl.Int8,
    "isp": pl.String,
    "hosted": pl.Boolean,
    "source_ip": pl.String,
    "vmta": pl.String,
    "job": pl.String,
}
"""Columns of every row."""
_TEXTS: dict[str, type[pl.DataType]] = {
    "rcpt": pl.String,
    "diag": pl.String,
    "filed": pl.String,
    "reply": pl.String,
}

_FIRST = (pl.col("diag").first(), pl.col("filed").filter(pl.col("filed") != "").first().fill_null(""))

Details = frozenset[str]
ALL_DETAILS: Details = frozenset({"source_ip", "vmta", "job", "reply", "filed"})
"""Columns of a frame that can be left empty to be quicker."""


@dataclass(slots=True)
class Frame:
    """Rows of one piece, in order: `at` (epoch seconds), `kind` (place in `TALLIED`), `isp`, `hosted` (see
    `core.isp.Told`), `source_ip`, `vmta`, `job`; those in `others` (all but type `d`) also `rcpt`, `diag` (raw),
    `filed` (PMTA's `bounceCat`) and `reply` (template)."""

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
            (row.at, TALLIED[row.kind], *isps.told((row.queue, row.mx, row.rcpt_domain))),
            (row.source_ip, row.vmta, row.job, row.rcpt),
            ("", "", "") if row.kind == "d" else (row.diag, row.filed, template(row.diag)),
        )
        for row in found
        if isinstance(row, Row)
    ]
    table = pl.DataFrame([[*what, *where, *text] for what, where, text in rows], schema=SHAPE | _TEXTS, orient="row")
    delivered = table.filter(pl.col("kind") == 0).select(*SHAPE)
    return Frame(delivered, table.filter(pl.col("kind") > 0), left_out, len(found))


def bounded(others: pl.DataFrame, templates: KeptTemplates) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`others` with the templates that are told apart, and of each `isp`, `reply`, the first `diag` and the first
    `filed` that is not empty."""
    names = ("isp", "reply")
    met = others.filter(pl.col("reply") != "").group_by(names, maintain_order=True).agg(_FIRST)
    kept = [templates.name(isp, reply) for isp, reply in met.select(names).iter_rows()]
    named = met.with_columns(kept=pl.Series(kept, dtype=pl.String))
    if not named["reply"].equals(named["kept"]):
        others = others.join(named.drop("diag", "filed"), on=names, how="left", maintain_order="left")
        others = others.with_columns(reply=pl.col("kept").fill_null("")).drop("kept")
    return others, named.select("isp", "kept", "diag", "filed")
