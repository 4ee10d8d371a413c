"""Frames of accounting rows grouped and summed into one `RollUp`, by columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import polars as pl

from bot.core.accounting import TALLIED
from bot.core.counts import Counts, K
from bot.core.distinct import Distinct, all_hashed, merged
from bot.core.model import JOB_REPLIES_EVERY_S, RECIPIENTS_EVERY_S, Cell, IspCell, JobCell, JobReplyCell, RollUp
from bot.core.rollup import FILED_LENGTH, RAW_SAMPLE, Samples
from bot.core.templates import OTHER_TEMPLATE, TEMPLATES_PER_ISP, KeptTemplates
from bot.pmta.frame import Frame, bounded

_CELL = ("minute", "isp", "source_ip", "vmta", "reply")
_JOB = ("minute", "isp", "job")
_JOB_REPLY = ("start", "isp", "job", "reply")
_ISP = ("start", "isp")
_COUNTS = ("delivered", "deferred", "bounced", "queue_deferred")
"""In the order of `TALLIED` and of `Tally`."""
_MINUTE = (pl.col("at") - pl.col("at") % 60).alias("minute")
_STRETCH = (pl.col("at") - pl.col("at") % RECIPIENTS_EVERY_S).alias("stretch")
_ANSWERED = (pl.col("at") - pl.col("at") % JOB_REPLIES_EVERY_S).alias("start")
_COMPACT_AT = 32


class Fold:
    """Takes frames one after another and keeps only their grouped counts. `templates`: as in `core.rollup`."""

    def __init__(self, host: str, templates: int = TEMPLATES_PER_ISP) -> None:
        self._host = host
        self._templates = KeptTemplates(templates)
        self._cells = _Grouped(_CELL)
        self._jobs = _Grouped(_JOB)
        self._job_replies = _Grouped(_JOB_REPLY)
        self._hosted = _Grouped(_ISP)
        self._samples: dict[tuple[str, str], str] = {}
        self._filed: dict[tuple[str, str], str] = {}
        self._deferred_to: dict[IspCell, Distinct] = {}
        self._left_out: dict[str, int] = {}
        self._records = 0
        self._newest = 0

    def add(self, frame: Frame) -> None:
        """Count one frame."""
        self._records += frame.records
        for reason, times in frame.left_out.items():
            self._left_out[reason] = self._left_out.get(reason, 0) + times
        others, first = bounded(frame.others, self._templates)
        for isp, reply, diag, filed in first.iter_rows():
            self._samples.setdefault((isp, reply), diag[:RAW_SAMPLE])
            if filed and reply != OTHER_TEMPLATE:
                self._filed.setdefault((isp, reply), filed[:FILED_LENGTH])
        self._add_recipients(others)
        self._job_replies.add(others.filter((pl.col("job") != "") & (pl.col("reply") != "")).with_columns(_ANSWERED))
        for rows in (frame.delivered.with_columns(_MINUTE, reply=pl.lit("")), others.with_columns(_MINUTE)):
            if rows.height:
                self._newest = max(self._newest, cast(int, rows["at"].max()))
                self._cells.add(rows)
                self._jobs.add(rows.filter(pl.col("job") != ""))
                self._hosted.add(rows.filter(pl.col("hosted")).rename({"minute": "start"}))

    def total(self) -> RollUp:
        """Everything added so far."""
        return RollUp(
            cells=self._cells.counts(Cell, self._host),
            jobs=self._jobs.counts(JobCell, self._host),
            samples=Samples(self._samples),
            filed=dict(self._filed),
            hosted=self._hosted.counts(IspCell, self._host),
            job_replies=self._job_replies.counts(JobReplyCell, self._host),
            deferred_to=dict(self._deferred_to),
            left_out=dict(self._left_out),
            rows=self._records,
            newest=datetime.fromtimestamp(self._newest, UTC) if self._newest else None,
        )

    def _add_recipients(self, others: pl.DataFrame) -> None:
        deferred = others.filter((pl.col("kind") == TALLIED["t"]) & (pl.col("rcpt") != ""))
        for start, isp, recipients in deferred.group_by(_STRETCH, "isp").agg(pl.col("rcpt").unique()).iter_rows():
            stretch = IspCell(start, isp)
            self._deferred_to[stretch] = merged(self._deferred_to.get(stretch, ()), all_hashed(recipients))


class _Grouped:
    """How many rows of each kind there are to each key."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        self._parts: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        if not rows.height:
            return
        self._parts.append(rows.group_by(*self._keys, "kind").agg(n=pl.len().cast(pl.Int64)))
        if len(self._parts) > _COMPACT_AT:
            self._parts = [pl.concat(self._parts).group_by(*self._keys, "kind").agg(pl.col("n").sum())]

    def counts(self, key: type[K], host: str) -> Counts[K]:
        """The sums in the order of their keys (as a struct: a third of the price of as many columns)."""
        if not self._parts:
            return Counts.of(key, {})
        counts = [(pl.col("n") * (pl.col("kind") == kind)).alias(name) for kind, name in enumerate(_COUNTS)]
        table = pl.concat(self._parts).select(*self._keys, *counts)
        table = table.group_by(self._keys).agg(pl.col(_COUNTS).sum()).sort(pl.struct(self._keys))
        table = table.with_columns(host=pl.lit(host))
        return Counts(key, table.select(key._fields).get_columns(), table.select(_COUNTS).get_columns())
