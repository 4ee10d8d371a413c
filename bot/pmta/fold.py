"""Frames of accounting rows grouped and summed into one `RollUp`, by columns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import polars as pl

from bot.core.model import Cell, JobCell, RollUp, Tally
from bot.core.rollup import sample

_CELL = ("minute", "isp", "source_ip", "vmta", "reply")
_JOB = ("minute", "isp", "job")
_SAMPLE = ("isp", "reply")
_COUNTS = ("delivered", "deferred", "bounced", "queue_deferred")
"""In the order of `TALLIED` and of `Tally`."""
_MINUTE = (pl.col("at") - pl.col("at") % 60).alias("minute")
_COMPACT_AT = 32


class Fold:
    """Takes frames one after another and keeps only their grouped counts."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._cells: list[pl.DataFrame] = []
        self._jobs: list[pl.DataFrame] = []
        self._samples: dict[tuple[str, str], str] = {}
        self._left_out: dict[str, int] = {}
        self._records = 0
        self._newest = 0

    def add(self, delivered: pl.DataFrame, others: pl.DataFrame, left_out: dict[str, int], records: int) -> None:
        """Count one frame (see `columns.Frame`)."""
        self._records += records
        for reason, times in left_out.items():
            self._left_out[reason] = self._left_out.get(reason, 0) + times
        both = (delivered.lazy().with_columns(_MINUTE, reply=pl.lit("")), others.lazy().with_columns(_MINUTE))
        questions = [_grouped(rows, _CELL) for rows in both]
        questions += [_grouped(rows.filter(pl.col("job") != ""), _JOB) for rows in both]
        *answers, newest = pl.collect_all([*questions, pl.concat([rows.select("at") for rows in both]).max()])
        self._cells += answers[:2]
        self._jobs += answers[2:]
        self._newest = max(self._newest, newest.item() or 0)
        self._keep_samples(others)
        if len(self._cells) > _COMPACT_AT:
            self._cells, self._jobs = [_summed(self._cells, _CELL)], [_summed(self._jobs, _JOB)]

    def total(self) -> RollUp:
        """Everything added so far."""
        (minutes, isps, *cells), cell_tallies = _counted(self._cells, _CELL)
        (job_minutes, job_isps, jobs), job_tallies = _counted(self._jobs, _JOB)
        hosts = repeat(self._host)
        return RollUp(
            cells=dict(zip(map(Cell, minutes, isps, hosts, *cells), cell_tallies, strict=True)),
            jobs=dict(zip(map(JobCell, job_minutes, job_isps, hosts, jobs), job_tallies, strict=True)),
            samples=dict(self._samples),
            left_out=dict(self._left_out),
            rows=self._records,
            newest=datetime.fromtimestamp(self._newest, UTC) if self._newest else None,
        )

    def _keep_samples(self, others: pl.DataFrame) -> None:
        first = others.filter(pl.col("reply") != "").group_by(_SAMPLE, maintain_order=True).agg(pl.col("diag").first())
        for isp, reply, diag in first.iter_rows():
            if (isp, reply) not in self._samples:
                self._samples[isp, reply] = sample(diag)


class _Tallies(dict[tuple[int, ...], Tally]):
    """Counts -> `Tally`. Most cells hold one of a few counts, and making an object for each is what costs."""

    def __missing__(self, counts: tuple[int, ...]) -> Tally:
        made = self[counts] = Tally(*counts)
        return made


def _grouped(rows: pl.LazyFrame, keys: tuple[str, ...]) -> pl.LazyFrame:
    return rows.group_by(*keys, "kind").agg(n=pl.len().cast(pl.Int64))


def _summed(parts: list[pl.DataFrame], keys: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat(parts).group_by(*keys, "kind").agg(pl.col("n").sum())


def _counted(parts: list[pl.DataFrame], keys: tuple[str, ...]) -> tuple[list[Iterable[Any]], Iterable[Tally]]:
    """Columns of the keys, sorted by them, and the tally of each row."""
    if not parts:
        return [[]] * len(keys), []
    counts = [(pl.col("n") * (pl.col("kind") == kind)).alias(name) for kind, name in enumerate(_COUNTS)]
    table = pl.concat(parts).select(*keys, *counts).group_by(keys).agg(pl.col(_COUNTS).sum()).sort(keys)
    tallies = map(_Tallies().__getitem__, zip(*(table[name].to_list() for name in _COUNTS), strict=True))
    return [table[name].to_list() for name in keys], tallies
