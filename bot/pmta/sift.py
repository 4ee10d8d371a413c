"""Columns of accounting rows made into a frame: what counts, when, whose, and which reply."""

from __future__ import annotations

import polars as pl

from bot.core.accounting import BAD_TIME, MADE_BY_PMTA, NO_TIME_COLUMN, TALLIED, is_type_title, kind_of
from bot.core.isp import IspCatalog
from bot.core.record_time import TimeStyle, parse_time
from bot.core.reply import MASK, RAW_LENGTH, RUST_VARIABLE, settle
from bot.pmta.frame import SHAPE, Frame

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
}
"""Our name of a column -> its title in the file."""


def sift(table: pl.DataFrame, isps: IspCatalog, style: TimeStyle, *, timed: bool) -> Frame | None:
    """The rows that count, with what they are about; None where a header line or JSON is among them."""
    types = table["type"].value_counts().rows()
    if any(is_type_title(name) or name.lstrip("\ufeff").startswith("{") for name, _ in types):
        return None
    left_out: dict[str, int] = {}
    kinds: dict[str, int] = {}
    for name, times in types:
        kind, reason = kind_of(name)
        kinds[name] = TALLIED[kind] if kind else -1
        if reason:
            left_out[reason] = left_out.get(reason, 0) + times
    rows = table.with_columns(kind=_mapped("type", kinds, pl.Int8))
    rows = rows.filter(pl.col("kind") >= 0) if -1 in kinds.values() else rows
    rows = _without(rows, (pl.col("kind") > 0) & pl.col("diag").str.starts_with("x-pmta;"), MADE_BY_PMTA, left_out)
    at = {text: parse_time(text, style) for text in rows["time"].unique().to_list()}
    rows = rows.with_columns(_isp(rows, isps), at=_mapped("time", at, pl.Int64))
    rows = _without(rows, pl.col("at").is_null(), BAD_TIME if timed else NO_TIME_COLUMN, left_out)
    rows = rows.select(*SHAPE, "job", "diag")
    others = _with_reply(rows.filter(pl.col("kind") > 0)).select(*SHAPE, "job", "reply", "diag")
    return Frame(rows.drop("diag").filter(pl.col("kind") == 0), others, left_out, table.height)


def _mapped(
    column: str, values: dict[str, int | None] | dict[str, int], to: pl.DataType | type[pl.DataType]
) -> pl.Expr:
    return pl.col(column).replace_strict(list(values), list(values.values()), return_dtype=to)


def _without(rows: pl.DataFrame, mask: pl.Expr, reason: str, left_out: dict[str, int]) -> pl.DataFrame:
    gone = rows.select(mask).to_series()
    times = int(gone.sum())
    if not times:
        return rows
    left_out[reason] = left_out.get(reason, 0) + times
    return rows.filter(~gone)


def _isp(rows: pl.DataFrame, isps: IspCatalog) -> pl.Series:
    """The provider of every row: each distinct (queue, MX, domain) is looked up once."""
    keys = rows.select(_before("/", "queue"), _before(" (", "mx"), _behind("@", "rcpt"))
    asked = keys.unique()
    queues, mxs, domains = ([text.decode() for text in asked[name].to_list()] for name in asked.columns)
    found = isps.of_records(zip(queues, mxs, (domain.rpartition("@")[2] for domain in domains), strict=True))
    asked = asked.with_columns(pl.Series("isp", found, pl.String))
    return keys.join(asked, on=keys.columns, how="left", maintain_order="left")["isp"]


def _before(sign: str, column: str) -> pl.Expr:
    """What stands in front of the first `sign`, or everything. As bytes: nothing is copied or counted."""
    return pl.col(column).cast(pl.Binary).bin.slice(0, pl.col(column).str.find(sign, literal=True))


def _behind(sign: str, column: str) -> pl.Expr:
    """What stands behind the first `sign`, or nothing."""
    behind = pl.col(column).cast(pl.Binary).bin.slice(pl.col(column).str.find(sign, literal=True) + len(sign))
    return behind.fill_null(b"")


def _with_reply(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `reply`: the masking is done by polars, each distinct result is settled once."""
    rows = rows.with_columns(reply=pl.col("diag").str.slice(0, RAW_LENGTH).str.replace_all(RUST_VARIABLE, MASK))
    half_done = rows["reply"].unique().to_list()
    return rows.with_columns(reply=pl.col("reply").replace_strict(half_done, [settle(text) for text in half_done]))
