"""Columns of accounting rows made into a frame: what counts, when, whose, and which reply."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from bot.core.accounting import BAD_TIME, MADE_BY_PMTA, NO_TIME_COLUMN, TALLIED, is_type_title, kind_of
from bot.core.isp import IspCatalog
from bot.core.record_time import TimeStyle, parse_time
from bot.core.reply import MASK, RAW_LENGTH, RUST_VARIABLE, settle
from bot.pmta.frame import SHAPE, Details, Frame
from bot.pmta.told import told

WANTED = {
    "type": "type",
    "time": "timeLogged",
    "queue": "queue",
    "mx": "dsnMta",
    "rcpt": "rcpt",
    "source_ip": "dlvSourceIp",
    "vmta": "vmta",
    "job": "jobId",
    "diag": "dsnDiag",
    "filed": "bounceCat",
}
"""Our name of a column -> its title in the file."""
_MASKED = pl.col("diag").str.slice(0, RAW_LENGTH).str.replace_all(RUST_VARIABLE, MASK)
"""First stage of a template (`reply.masked`); each distinct result is settled once."""


def sift(table: pl.DataFrame, isps: IspCatalog, style: TimeStyle, details: Details, *, timed: bool) -> Frame | None:
    """The rows that count, with what they are about; None where a header line or JSON is among them."""
    types = table["type"].value_counts().rows()
    if any(is_type_title(name) or name.lstrip("\ufeff").startswith("{") for name, _ in types):
        return None
    left_out: dict[str, int] = {}
    kinds: dict[str, int | None] = {}
    for name, times in types:
        kind, reason = kind_of(name)
        kinds[name] = TALLIED[kind] if kind else -1
        if reason:
            left_out[reason] = left_out.get(reason, 0) + times
    at = {text: parse_time(text, style) for text in table["time"].unique().to_list()}
    rows = table.select(
        "source_ip",
        "vmta",
        "job",
        "rcpt",
        "diag",
        "filed",
        *told(isps, table.select(_before("/", "queue"), _before(" (", "mx"), _behind("@", "rcpt"))),
        at=_mapped("time", at, pl.Int64),
        kind=_mapped("type", kinds, pl.Int8),
    )
    rows = rows.filter(pl.col("kind") >= 0) if -1 in kinds.values() else rows
    by_pmta = (pl.col("kind") > 0) & pl.col("diag").str.starts_with("x-pmta;")
    rows = _without(rows, by_pmta, MADE_BY_PMTA, left_out)
    rows = _without(rows, pl.col("at").is_null(), BAD_TIME if timed else NO_TIME_COLUMN, left_out)
    others = rows.filter(pl.col("kind") > 0)
    reply = _templates(others) if "reply" in details else pl.lit("").alias("reply")
    delivered = rows.filter(pl.col("kind") == 0).select(*SHAPE)
    return Frame(delivered, others.select(*SHAPE, "rcpt", "diag", "filed", reply), left_out, table.height)


def _templates(others: pl.DataFrame) -> pl.Series:
    """The reply template of every row."""
    masked = others.select(_MASKED.alias("reply"))["reply"]
    half_done = masked.unique().to_list()
    return masked.replace_strict(half_done, [settle(text) for text in half_done], return_dtype=pl.String)


def _mapped(column: str, values: Mapping[str, int | None], to: type[pl.DataType]) -> pl.Expr:
    return pl.col(column).replace_strict(list(values), list(values.values()), return_dtype=to)


def _without(rows: pl.DataFrame, flag: pl.Expr, reason: str, left_out: dict[str, int]) -> pl.DataFrame:
    flags = rows.select(flag.alias("flag"))["flag"]
    times = int(flags.sum())
    if not times:
        return rows
    left_out[reason] = left_out.get(reason, 0) + times
    return rows.filter(~flags)


def _before(sign: str, column: str) -> pl.Expr:
    """What stands in front of the first `sign`, or everything. As bytes: nothing is copied or counted."""
    return pl.col(column).cast(pl.Binary).bin.slice(0, pl.col(column).str.find(sign, literal=True))


def _behind(sign: str, column: str) -> pl.Expr:
    """What stands behind the first `sign`, or nothing."""
    behind = pl.col(column).cast(pl.Binary).bin.slice(pl.col(column).str.find(sign, literal=True) + len(sign))
    return behind.fill_null(b"")
