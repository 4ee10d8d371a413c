"""Rows counted per minute: the plain reference that every faster path must equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import compress
from typing import NamedTuple

from bot.core.accounting import TALLIED, Row, RowReader
from bot.core.counts import Counts
from bot.core.distinct import hashed, merged
from bot.core.isp import IspCatalog
from bot.core.model import JOB_REPLIES_EVERY_S, RECIPIENTS_EVERY_S, Cell, IspCell, JobCell, JobReplyCell, RollUp, Tally
from bot.core.reply import clean, mask_local_parts, template
from bot.core.templates import OTHER_TEMPLATE, TEMPLATES_PER_ISP, KeptTemplates

SAMPLE_LENGTH = 500
RAW_SAMPLE = 4 * SAMPLE_LENGTH
FILED_LENGTH = 40
"""PMTA's own categories are half as long; what stands in a file is not ours to trust."""
ONE = {kind: Tally(*(int(place == at) for at in range(4))) for kind, place in TALLIED.items()}


def roll_up(rows: Iterable[Row | str], *, host: str, isps: IspCatalog, templates: int = TEMPLATES_PER_ISP) -> RollUp:
    """Count rows per (minute, ISP, source IP, VMTA, reply template) and per (minute, ISP, campaign), what campaigns
    were answered, rows to hosted domains also per (minute, ISP), and whom deferred mail was for.

    A `RowReader` brings its samples of bad rows with it.

    The reply text does not help to find the ISP here, though it could: delivered rows are counted without
    looking at theirs, so a provider found by its refusals alone would have a rate of 100 %.

    Args:
        rows: Rows, and in place of each that is not counted the reason why (`RowReader`).
        templates: How many reply templates of an ISP are told apart.
    """
    counted = _Counting(host, isps, KeptTemplates(templates))
    read, newest, left_out = 0, 0, dict[str, int]()
    for row in rows:
        read += 1
        if isinstance(row, str):
            left_out[row] = left_out.get(row, 0) + 1
            continue
        newest = max(newest, row.at)
        counted.add(row)
    total = counted.total()
    total.rows, total.left_out = read, left_out
    total.newest = datetime.fromtimestamp(newest, UTC) if newest else None
    total.bad = dict(rows.bad) if isinstance(rows, RowReader) else {}
    return total


class _Counting:
    def __init__(self, host: str, isps: IspCatalog, templates: KeptTemplates) -> None:
        self._host = host
        self._isps = isps
        self._templates = templates
        self._cells: dict[Cell, Tally] = {}
        self._jobs: dict[JobCell, Tally] = {}
        self._job_replies: dict[JobReplyCell, Tally] = {}
        self._hosted: dict[IspCell, Tally] = {}
        self._samples: dict[tuple[str, str], str] = {}
        self._filed: dict[tuple[str, str], str] = {}
        self._deferred_to: dict[IspCell, set[int]] = {}

    def add(self, row: Row) -> None:
        one = ONE[row.kind]
        isp, hosted = self._isps.told((row.queue, row.mx, row.rcpt_domain))
        minute = row.at - row.at % 60
        reply = self._reply(isp, row)
        cell = Cell(minute, isp, self._host, row.source_ip, row.vmta, reply)
        self._cells[cell] = self._cells.get(cell, Tally()) + one
        if row.job:
            job = JobCell(minute, isp, self._host, row.job)
            self._jobs[job] = self._jobs.get(job, Tally()) + one
        if row.job and reply:
            answered = JobReplyCell(row.at - row.at % JOB_REPLIES_EVERY_S, isp, row.job, reply)
            self._job_replies[answered] = self._job_replies.get(answered, Tally()) + one
        if hosted:
            told = IspCell(minute, isp)
            self._hosted[told] = self._hosted.get(told, Tally()) + one
        if row.kind == "t" and row.rcpt:
            stretch = IspCell(row.at - row.at % RECIPIENTS_EVERY_S, isp)
            self._deferred_to.setdefault(stretch, set()).add(hashed(row.rcpt))

    def _reply(self, isp: str, row: Row) -> str:
        found = "" if row.kind == "d" else template(row.diag)
        if not found:
            return ""
        kept = self._templates.name(isp, found)
        self._samples.setdefault((isp, kept), row.diag[:RAW_SAMPLE])
        if row.filed and kept != OTHER_TEMPLATE:
            self._filed.setdefault((isp, kept), row.filed[:FILED_LENGTH])
        return kept

    def total(self) -> RollUp:
        deferred_to = {stretch: merged(seen) for stretch, seen in self._deferred_to.items()}
        return RollUp(
            cells=self._cells,
            jobs=self._jobs,
            samples=Samples(self._samples),
            filed=self._filed,
            hosted=self._hosted,
            job_replies=self._job_replies,
            deferred_to=deferred_to,
        )


class Samples(Mapping[tuple[str, str], str]):
    """(isp, reply template) -> one raw reply fit to be kept and shown: local parts masked. Few are ever looked at, so
    each is made when it is."""

    def __init__(self, diags: Mapping[tuple[str, str], str]) -> None:
        """Of `diags` the first `RAW_SAMPLE` characters are enough."""
        self._diags = diags

    @classmethod
    def joined(cls, parts: Iterable[Mapping[tuple[str, str], str]]) -> Samples:
        """Of two samples of one reply the earlier stays."""
        diags: dict[tuple[str, str], str] = {}
        for part in parts:
            for name, diag in (part._diags if isinstance(part, Samples) else part).items():
                diags.setdefault(name, diag)
        return cls(diags)

    def __getitem__(self, name: tuple[str, str]) -> str:
        return mask_local_parts(clean(self._diags[name][:RAW_SAMPLE]))[:SAMPLE_LENGTH]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._diags)

    def __len__(self) -> int:
        return len(self._diags)


def add_up(parts: Iterable[RollUp]) -> RollUp:
    """One roll-up of many."""
    parts = tuple(parts)
    if len(parts) == 1:
        return parts[0]  # one file is the rule
    total = RollUp(
        cells=Counts.joined(Cell, [part.cells for part in parts]),
        jobs=Counts.joined(JobCell, [part.jobs for part in parts]),
        samples=Samples.joined(part.samples for part in parts),
        filed={name: word for part in reversed(parts) for name, word in part.filed.items()},
        hosted=Counts.joined(IspCell, [part.hosted for part in parts]),
        job_replies=Counts.joined(JobReplyCell, [part.job_replies for part in parts]),
    )
    for part in parts:
        for stretch, recipients in part.deferred_to.items():
            total.deferred_to[stretch] = merged(total.deferred_to.get(stretch, ()), recipients)
        for reason, times in part.left_out.items():
            total.left_out[reason] = total.left_out.get(reason, 0) + times
        for reason, sample_of_it in part.bad.items():
            total.bad.setdefault(reason, sample_of_it)
        total.rows += part.rows
        total.newest = max(filter(None, (total.newest, part.newest)), default=None)
    return total


class Seen(NamedTuple):
    """What a roll-up shows of a host. Minutes are epoch seconds, None where there is none; `source_ip` and `vmta` tell
    whether any record names one."""

    delivered: int
    deferred: int
    first_delivery: int | None
    newest_deferral: int | None
    source_ip: bool
    vmta: bool


def seen(roll_up: RollUp) -> Seen:
    cells = Counts.of(Cell, roll_up.cells)
    minutes, _, _, source_ips, vmtas, _ = cells.fields
    delivered, deferred, *_ = cells.counts
    return Seen(
        sum(delivered),
        sum(deferred),
        min(compress(minutes, delivered), default=None),
        max(compress(minutes, deferred), default=None),
        any(source_ips),
        any(vmtas),
    )
