"""Tallies in dictionaries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock

from bot.core import distinct
from bot.core.model import (
    JOB_REPLIES_EVERY_S,
    RECIPIENTS_EVERY_S,
    Cell,
    Dim,
    FilePosition,
    IspCell,
    JobCell,
    JobReplyCell,
    Recipients,
    Tally,
    Window,
)
from bot.core.templates import OTHER_TEMPLATE, TEMPLATES_PER_ISP
from bot.ports import NewRecords
from bot.store.replies import SAMPLE_CHARS


class MemoryTallyStore:
    """`ports.TallyStore`."""

    def __init__(self, *, templates_per_isp: int = TEMPLATES_PER_ISP) -> None:
        self._cap = templates_per_isp
        self._lock = Lock()
        self._positions: dict[str, tuple[FilePosition, ...]] = {}
        self._cells: dict[Cell, Tally] = {}
        self._jobs: dict[JobCell, Tally] = {}
        self._samples: dict[str, dict[str, str]] = {}
        self._filed: dict[str, dict[str, str]] = {}
        self._hosted: dict[IspCell, Tally] = {}
        self._job_replies: dict[JobReplyCell, Tally] = {}
        self._deferred_to: dict[IspCell, distinct.Distinct] = {}

    def positions(self, host: str) -> tuple[FilePosition, ...]:
        with self._lock:
            return tuple(sorted(self._positions.get(host, ()), key=lambda at: at.path))

    def commit(self, host: str, records: NewRecords) -> None:
        roll_up = records.roll_up
        with self._lock:
            for cell in sorted(roll_up.cells, key=lambda cell: (cell.isp, cell.reply)):
                reply = self._template(cell, roll_up.samples) if cell.reply else ""
                kept = Cell(cell.minute, cell.isp, cell.host, cell.source_ip, cell.vmta, reply)
                self._cells[kept] = self._cells.get(kept, Tally()) + roll_up.cells[cell]
            for job, tally in roll_up.jobs.items():
                self._jobs[job] = self._jobs.get(job, Tally()) + tally
            for (isp, template), word in roll_up.filed.items():
                if template in self._samples.get(isp, {}):
                    self._filed.setdefault(isp, {}).setdefault(template, word)
            for answered, tally in roll_up.job_replies.items():
                template = answered.reply if answered.reply in self._samples[answered.isp] else OTHER_TEMPLATE
                name = answered._replace(reply=template)
                self._job_replies[name] = self._job_replies.get(name, Tally()) + tally
            for hosted, tally in roll_up.hosted.items():
                self._hosted[hosted] = self._hosted.get(hosted, Tally()) + tally
            for stretch, seen in roll_up.deferred_to.items():
                self._deferred_to[stretch] = distinct.merged(self._deferred_to.get(stretch, ()), seen)
            self._positions[host] = records.positions

    def totals(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        if Dim.JOB in by and not set(by) <= {Dim.JOB, Dim.MINUTE, Dim.ISP, Dim.HOST}:
            raise ValueError(f"JOB goes together with MINUTE, ISP and HOST only, found {', '.join(by)}")
        return self._sums(*_inside(window, 60), by, isp, 60)

    def hours(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        if len(set(by) - {Dim.MINUTE, Dim.ISP}) > 1 or {Dim.HOST, Dim.VMTA} & set(by):
            raise ValueError(f"hours are kept by ISP and one of SOURCE_IP, REPLY and JOB, found {', '.join(by)}")
        return self._sums(*_touched(window, 3_600), by, isp, 3_600)

    def hosted(self, window: Window, isp: str) -> Tally:
        first, end = _inside(window, 60)
        with self._lock:
            parts = [tally for cell, tally in self._hosted.items() if cell.isp == isp and first <= cell.start < end]
        return sum(parts, Tally())

    def job_replies(self, window: Window, isp: str, job: str | None = None) -> dict[tuple[int, str, str], Tally]:
        first, end = _touched(window, JOB_REPLIES_EVERY_S)
        with self._lock:
            return {
                (cell.start, cell.job, cell.reply): tally
                for cell, tally in self._job_replies.items()
                if cell.isp == isp and first <= cell.start < end and job in (None, cell.job)
            }

    def recipients(self, window: Window, isp: str) -> Recipients | None:
        first, end = _touched(window, RECIPIENTS_EVERY_S)
        seen: set[int] = set()
        whole = Tally()
        with self._lock:
            for cell, tally in self._cells.items():
                if cell.isp != isp or not first <= cell.minute < end:
                    continue
                stretch = IspCell(cell.minute - cell.minute % RECIPIENTS_EVERY_S, isp)
                if tally.deferred and stretch not in self._deferred_to:
                    return None
                seen.update(self._deferred_to.get(stretch, ()))
                whole += tally
        kept = tuple(sorted(seen)[: distinct.KEPT])
        span = Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(end, UTC))
        return Recipients(span, distinct.count(kept), whole)

    def filed(self, isp: str) -> Mapping[str, str]:
        with self._lock:
            return dict(self._filed.get(isp, {}))

    def samples(self, isp: str) -> Mapping[str, str]:
        with self._lock:
            return dict(self._samples.get(isp, {}))

    def _sums(
        self, first: int, end: int, by: tuple[Dim, ...], isp: str | None, step_s: int
    ) -> dict[tuple[str, ...], Tally]:
        sums: dict[tuple[str, ...], Tally] = {}
        with self._lock:
            rows: Mapping[Cell, Tally] | Mapping[JobCell, Tally] = self._jobs if Dim.JOB in by else self._cells
            for cell, tally in rows.items():
                if first <= cell.minute < end and isp in (None, cell.isp):
                    at = cell._replace(minute=cell.minute - cell.minute % step_s)
                    key = tuple(str(getattr(at, dim.value)) for dim in by)
                    sums[key] = sums.get(key, Tally()) + tally
        return sums

    def _template(self, cell: Cell, samples: Mapping[tuple[str, str], str]) -> str:
        known = self._samples.setdefault(cell.isp, {})
        template = cell.reply
        if template not in known:
            if len(known.keys() - {OTHER_TEMPLATE}) >= self._cap:
                template = OTHER_TEMPLATE
            known.setdefault(template, samples.get((cell.isp, cell.reply), "")[:SAMPLE_CHARS])
        return template


def _inside(window: Window, step_s: int) -> tuple[int, int]:
    """The whole steps inside `window`: start of the first, end of the last."""
    return math.ceil(window.start.timestamp() / step_s) * step_s, math.floor(window.end.timestamp() / step_s) * step_s


def _touched(window: Window, step_s: int) -> tuple[int, int]:
    """The whole steps that `window` touches."""
    return math.floor(window.start.timestamp() / step_s) * step_s, math.ceil(window.end.timestamp() / step_s) * step_s
