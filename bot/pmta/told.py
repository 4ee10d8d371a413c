"""The providers of many rows at once: what was told before is a table to join with, so little is left to Python."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import polars as pl

from bot.core.isp import IspCatalog

ASKED = ("queue", "mx", "rcpt")
_KNOWN_LIMIT = 20_000
"""Rows of a table, some 4 MB; to join with a larger one costs a small batch more than to ask again."""

_BEFORE: WeakKeyDictionary[IspCatalog, pl.DataFrame] = WeakKeyDictionary()
"""What was told, kept as long as its catalogue. Threads share it: a table is never changed, only replaced."""


def told(isps: IspCatalog, asked: pl.DataFrame) -> pl.DataFrame:
    """Columns `isp` and `hosted` (`core.isp.Told`) for rows of `ASKED`: queue, MX and recipient's domain as bytes."""
    before = _BEFORE.get(isps)
    if before is None:
        before = _answers(isps, asked.clear())
    found = _joined(asked, before)
    new = found.filter(pl.col("isp").is_null()).select(ASKED).unique()
    if new.height:
        answers = _answers(isps, new)
        both = pl.concat([before, answers], rechunk=True)
        _BEFORE[isps] = both if both.height <= _KNOWN_LIMIT else answers
        found = _joined(asked, both)
    return found.select("isp", "hosted")


def _joined(asked: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    return asked.join(before, on=ASKED, how="left", maintain_order="left")


def _answers(isps: IspCatalog, asked: pl.DataFrame) -> pl.DataFrame:
    """With texts of their own: those of `asked` would keep the whole piece of a file that they stand in."""
    texts = [column.cast(pl.String).to_list() for column in asked.get_columns()]
    found = isps.told_all((queue, mx, rcpt.rpartition("@")[2]) for queue, mx, rcpt in zip(*texts, strict=True))
    own = [pl.Series(name, text, pl.String).cast(pl.Binary) for name, text in zip(ASKED, texts, strict=True)]
    isp = pl.Series("isp", [one.key for one in found], pl.String)
    return pl.DataFrame([*own, isp, pl.Series("hosted", [one.hosted for one in found], pl.Boolean)])
