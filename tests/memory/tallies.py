"""Tallies in dictionaries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from bot.core.model import Cell, Dim, FilePosition, JobCell, Tally, Window
from bot.ports import NewRecords
from bot.store.replies import OTHER_TEMPLATE, SAMPLE_CHARS, TEMPLATES_PER_ISP


class MemoryTallyStore:
    """`ports.TallyStore`."""

    def __init__(self, *, templates_per_isp: int = TEMPLATES_PER_ISP) -> None:
        self._cap = templates_per_isp
        self._lock = Lock()
        self._positions: dict[str, tuple[FilePosition, ...]] = {}
        self._cells: dict[Cell, Tally] = {}
        self._jobs: dict[JobCell, Tally] = {}
        self._samples: dict[str, dict[str, str]] = {}
        self._seen_day: dict[tuple[str, str], int] = {}

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
            self._positions[host] = records.positions

    def totals(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        if Dim.JOB in by and not set(by) <= {Dim.JOB, Dim.MINUTE, Dim.ISP}:
            raise ValueError(f"JOB goes together with MINUTE and ISP only, found {', '.join(by)}")
        first = math.ceil(window.start.timestamp() / 60) * 60
        end = math.floor(window.end.timestamp() / 60) * 60
        sums: dict[tuple[str, ...], Tally] = {}
        with self._lock:
            rows: Mapping[Cell, Tally] | Mapping[JobCell, Tally] = self._jobs if Dim.JOB in by else self._cells
            for cell, tally in rows.items():
                if first <= cell.minute < end and isp in (None, cell.isp):
                    key = tuple(str(getattr(cell, dim.value)) for dim in by)
                    sums[key] = sums.get(key, Tally()) + tally
        return sums

    def samples(self, isp: str) -> Mapping[str, str]:
        with self._lock:
            return dict(self._samples.get(isp, {}))

    def prune(self, before: datetime, step: int = 5_000) -> int:
        del step
        minute = math.floor(before.timestamp() / 60) * 60
        with self._lock:
            old_cells = [cell for cell in self._cells if cell.minute < minute]
            old_jobs = [job for job in self._jobs if job.minute < minute]
            for cell in old_cells:
                del self._cells[cell]
            for job in old_jobs:
                del self._jobs[job]
            unused = [name for name, day in self._seen_day.items() if day < minute // 86_400]
            for isp, template in unused:
                del self._samples[isp][template]
                del self._seen_day[isp, template]
        return len(old_cells) + len(old_jobs) + len(unused)

    def _template(self, cell: Cell, samples: Mapping[tuple[str, str], str]) -> str:
        known = self._samples.setdefault(cell.isp, {})
        template = cell.reply
        if template not in known:
            if len(known.keys() - {OTHER_TEMPLATE}) >= self._cap:
                template = OTHER_TEMPLATE
            known.setdefault(template, samples.get((cell.isp, cell.reply), "")[:SAMPLE_CHARS])
        name = (cell.isp, template)
        self._seen_day[name] = max(self._seen_day.get(name, 0), cell.minute // 86_400)
        return template
