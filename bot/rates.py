"""Deferral rates of local accounting files: what `deferbot rates` prints.

The files are read in pieces and only grouped counts are kept, so their size does not matter. Counts are kept
per second until the end is known, so the window is exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from bot.core.isp import IspCatalog
from bot.core.model import Tally, Window
from bot.errors import DeferbotError
from bot.pmta.local import Oddities, read_local
from bot.pmta.seconds import Seconds

MIN_ATTEMPTS = 50
"""Fewer say nothing about a rate."""
LONGEST = timedelta(days=3660)
By = Literal["isp", "ip", "vmta", "reply", "job"]
NO_DEFERRALS = (
    "No `t` record was read: deferrals are not being logged there. Add `records t` to an accounting file of PMTA "
    "(`records d,b,t,tq`), or name that file here too. Until then every rate reads 0 %."
)

NO_DELIVERIES = (
    "No `d` record was read: deliveries are in another file (often acct-*.csv). Name it here too. Until then every "
    "rate reads 100 %."
)

_COUNTED: tuple[tuple[str, JustifyMethod], ...] = (
    ("deferred", "right"),
    ("bounced", "right"),
    ("tq", "right"),
)
_HEADINGS: dict[str, tuple[tuple[str, JustifyMethod], ...]] = {
    "rate": (("ISP", "left"), ("rate", "right"), ("attempts", "right"), ("delivered", "right"), *_COUNTED),
    "reply": (("ISP", "left"), *_COUNTED, ("reply", "left")),
}
_COLUMN = {"ip": "source_ip", "vmta": "vmta", "reply": "reply", "job": "job"}
_NAMED: dict[str, str] = {
    "ip": "source IP (dlvSourceIp): counted as –",
    "vmta": "VMTA (vmta): counted as –",
    "reply": "reply (dsnDiag): counted as –",
    "job": "campaign (jobId): not shown",
}
_SAMPLE = 120


@dataclass(frozen=True, slots=True)
class RateRow:
    """One line: an ISP, or one source IP, VMTA, reply or campaign (`key`) of it."""

    isp: str
    title: str
    key: str
    tally: Tally

    @property
    def weight(self) -> int:
        """Records that say something about it; a reply that only bounces has no attempts."""
        return self.tally.attempts + self.tally.bounced


class RateRows(list[RateRow]):
    """Rows, worst first, with what else the input said."""

    def __init__(
        self, rows: Sequence[RateRow], by: By, window: Window | None, source: Seconds, oddities: Oddities
    ) -> None:
        super().__init__(row for row in rows if row.key or by != "job")
        self.by = by
        self.window = window
        self.records = source.records
        self.left_out = source.left_out
        self.deferrals_seen = source.deferrals_seen
        self.deliveries_seen = source.deliveries_seen
        self.span_read = source.span_read()
        self.bad = oddities.bad
        self.zoneless = oddities.zoneless
        self.nameless = sum(_nameless(row, by) for row in rows if not row.key)
        """Records that do not have what is grouped by."""


def rate_rows(
    paths: Sequence[Path | str],
    *,
    isps: IspCatalog,
    by: By = "isp",
    isp: str | None = None,
    window: timedelta = timedelta(minutes=60),
    until: datetime | None = None,
    told: Callable[[int], object] = lambda _: None,
) -> RateRows:
    """Count the records of `paths` (`-` is standard input; `.gz` and `.zst` are unpacked) in the last `window`.

    Without `until` the window ends with the newest record. A rate is deferred / (delivered + deferred).
    Grouped by reply, rows are deferred and bounced records only, most deferred first. `told` is called with how
    many more bytes of the files have been counted.

    Raises: DeferbotError where a file cannot be read or has no header, or `isp` is unknown.
    """
    known = isps.resolve(isp) if isp else None
    column = _COLUMN.get(by)
    source = Seconds(column, (known or isp.strip().lower()) if isp else None, min(window, LONGEST), until)
    oddities = Oddities()
    for path in paths:
        for frame in read_local(path, isps, frozenset({column} if column else ()), told, oddities):
            source.add(frame)
    if not source.records:
        raise DeferbotError(f"{_named(paths)}: accounting records expected, found none.")
    if isp and not known and source.isp not in source.isps_seen:
        near = isps.nearest(isp, source.isps_seen)
        raise DeferbotError(f"No ISP called {isp}." + (f" Did you mean {near}?" if near else ""))
    rows = [RateRow(isp, isps.title(isp), key, tally) for (isp, key), tally in source.tallies().items()]
    order = _worst_by_count if by == "reply" else _worst_by_rate
    return RateRows(sorted(rows, key=order), by, source.span(), source, oddities)


def _worst_by_rate(row: RateRow) -> tuple[float, int, str, str]:
    return -row.tally.rate, -row.tally.attempts, row.isp, row.key


def _worst_by_count(row: RateRow) -> tuple[int, int, str, str]:
    return -row.tally.deferred, -row.tally.bounced, row.isp, row.key


def _nameless(row: RateRow, by: By) -> int:
    """How many records of a row without a key to tell of: bounces need not have been sent from anywhere."""
    if by == "isp":
        return 0
    return row.tally.attempts if by in ("ip", "vmta") else row.weight


def to_json(rows: Sequence[RateRow], by: By = "isp") -> str:
    """Every row as a JSON list; `rate` in [0, 1]."""
    grouping = rows.by if isinstance(rows, RateRows) else by
    return json.dumps([_as_json(row, grouping) for row in rows], indent=2, ensure_ascii=False)


def _as_json(row: RateRow, by: By) -> dict[str, object]:
    tally = row.tally
    key: dict[str, object] = {} if by == "isp" else {by: row.key}
    return {
        "isp": row.isp,
        **key,
        "attempts": tally.attempts,
        "delivered": tally.delivered,
        "deferred": tally.deferred,
        "bounced": tally.bounced,
        "queue_deferred": tally.queue_deferred,
        "rate": tally.rate,
    }


def render_table(rows: RateRows) -> RenderableType:
    """The rows with enough attempts as a table, and below it what has to be known to read it."""
    shown = [row for row in rows if _weight(row, rows.by) >= MIN_ATTEMPTS]
    table = Table(box=None, pad_edge=False)
    for name, justify in _HEADINGS["reply" if rows.by == "reply" else "rate"]:
        table.add_column(name, justify=justify, no_wrap=justify == "right", overflow="fold")
    if rows.by not in ("isp", "reply"):
        # an address cut in two cannot be searched for; campaigns may be long
        table.add_column(rows.by, overflow="fold", no_wrap=rows.by != "job")
    for row in shown:
        table.add_row(*_cells(row, rows.by))
    # not the table's own title, which would be folded to its width
    return Group(Text(_title(rows), style="table.title"), table, *(Text(note) for note in notes(rows)))


def notes(rows: RateRows) -> list[str]:
    """What is not in the table, one sentence each."""
    found = []
    few = sum(_weight(row, rows.by) < MIN_ATTEMPTS for row in rows)
    what = "ISP" if rows.by == "isp" else "row"
    if few:
        found.append(f"{few} {what}{'s' if few > 1 else ''} with under {MIN_ATTEMPTS} attempts not shown.")
    if not rows and not rows.nameless:
        found.append(_nothing(rows))
    return found + quality(rows)


def quality(rows: RateRows) -> list[str]:
    """What makes the numbers themselves doubtful, one sentence each."""
    found = []
    if rows.nameless:
        found.append(f"{rows.nameless:,} records in the window name no {_NAMED[rows.by]}.")
    for reason, times in sorted(rows.left_out.items(), key=lambda item: -item[1]):
        sample = f" The first: {rows.bad[reason][:_SAMPLE]}" if reason in rows.bad else ""
        found.append(f"{times:,} of {rows.records:,} records left out: {reason}.{sample}")
    if rows.zoneless:
        found.append("Times without an offset from UTC are taken for UTC.")
    if rows.span_read and not rows.deferrals_seen:
        found.append(NO_DEFERRALS)
    if rows.deferrals_seen and not rows.deliveries_seen:
        found.append(NO_DELIVERIES)
    return found


def _nothing(rows: RateRows) -> str:
    if rows.span_read is None:
        return f"None of {rows.records:,} records could be counted."
    first, last = (f"{at:%Y-%m-%d %H:%M:%S}" for at in rows.span_read)
    return f"No record in the window; the {rows.records:,} read are from {first} to {last} UTC."


def _weight(row: RateRow, by: By) -> int:
    return row.weight if by == "reply" else row.tally.attempts


def _title(rows: RateRows) -> str:
    if rows.window is None:
        return "No records"
    start, end = (f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for at in (rows.window.start, rows.window.end))
    return f"Deferral rate, {start} to {end} UTC"


def _cells(row: RateRow, by: By) -> list[Text]:
    tally = row.tally
    counts = (tally.attempts, tally.delivered, tally.deferred, tally.bounced, tally.queue_deferred)
    rate = f"{tally.rate * 100:.1f} %" if tally.rate < 0.1 else f"{tally.rate * 100:.0f} %"
    cells = (
        [row.title, *(f"{n:,}" for n in counts[2:])]
        if by == "reply"
        else [row.title, rate, *(f"{n:,}" for n in counts)]
    )
    # Text, not str: a reply may hold what rich would take for markup.
    return [Text(cell) for cell in (*cells, *([] if by == "isp" else [row.key or "–"]))]


def _named(paths: Sequence[Path | str]) -> str:
    return str(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "") if paths else "No file"
