"""Frames of accounting rows counted per second: for a window whose end is known only at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import polars as pl

from bot.core.model import Tally, Window
from bot.core.templates import KeptTemplates
from bot.pmta.frame import Frame, bounded

_FIRST = datetime.min.replace(tzinfo=UTC)
_KEYS = ("at", "isp", "key", "kind")
_COMPACT_AT = 16


@dataclass(slots=True)
class Seconds:
    """Everything read so far, of one ISP or all, per second and value of the column `by` (None: no such column).

    By reply only what is not delivered counts, and no more replies than `core.templates` has room for.
    """

    by: str | None
    isp: str | None
    window: timedelta
    until: datetime | None
    parts: list[pl.DataFrame] = field(default_factory=list)
    isps_seen: set[str] = field(default_factory=set)
    left_out: dict[str, int] = field(default_factory=dict)
    records: int = 0
    newest: int = 0
    oldest: int = 0
    deferrals_seen: bool = False
    deliveries_seen: bool = False
    _templates: KeptTemplates = field(default_factory=KeptTemplates)

    def add(self, frame: Frame) -> None:
        self.records += frame.records
        for reason, times in frame.left_out.items():
            self.left_out[reason] = self.left_out.get(reason, 0) + times
        self.deliveries_seen = self.deliveries_seen or bool(frame.delivered.height)
        others = bounded(frame.others, self._templates)[0] if self.by == "reply" else frame.others
        for rows in (frame.delivered, others):
            if rows.height:
                self._met(rows)
        for rows in (others,) if self.by == "reply" else (frame.delivered, others):
            self._keep(rows.with_columns(key=pl.col(self.by) if self.by else pl.lit("")))
        if len(self.parts) > _COMPACT_AT:
            self.parts = [self._within(pl.concat(self.parts)).group_by(_KEYS).agg(pl.col("n").sum())]

    def _met(self, rows: pl.DataFrame) -> None:
        first, last = (cast(int, at) for at in (rows["at"].min(), rows["at"].max()))
        self.newest = max(self.newest, last)
        self.oldest = min(self.oldest, first) if self.oldest else first

    def _keep(self, rows: pl.DataFrame) -> None:
        counted = rows.group_by(_KEYS).agg(n=pl.len().cast(pl.Int64))
        self.isps_seen.update(counted["isp"].unique().to_list())
        self.deferrals_seen = self.deferrals_seen or bool((counted["kind"] == 1).any())
        if self.isp is not None:
            counted = counted.filter(pl.col("isp") == self.isp)
        self.parts.append(self._within(counted) if self.until else counted)

    def span(self) -> Window | None:
        """The window: up to `until`, else up to and including the second of the newest record."""
        if self.until:
            # the first day of the calendar has no day before it
            return Window.ending(max(self.until, _FIRST + self.window), self.window)
        if not self.newest:
            return None
        return Window.ending(datetime.fromtimestamp(self.newest + 1, UTC), self.window)

    def span_read(self) -> tuple[datetime, datetime] | None:
        """When the oldest and the newest counted record were logged."""
        if not self.newest:
            return None
        return datetime.fromtimestamp(self.oldest, UTC), datetime.fromtimestamp(self.newest, UTC)

    def _within(self, rows: pl.DataFrame) -> pl.DataFrame:
        span = self.span()
        if span is None:
            return rows
        start, end = int(span.start.timestamp()), span.end.timestamp()
        return rows.filter((pl.col("at") >= start) & (pl.col("at") < end))

    def tallies(self) -> dict[tuple[str, str], Tally]:
        """(isp, key) -> counts inside the window."""
        total: dict[tuple[str, str], Tally] = {}
        if not self.parts:
            return total
        rows = self._within(pl.concat(self.parts)).group_by("isp", "key", "kind").agg(pl.col("n").sum())
        for isp, key, kind, n in rows.iter_rows():
            one = Tally(*(n if kind == place else 0 for place in range(4)))
            total[isp, key] = total.get((isp, key), Tally()) + one
        return total
