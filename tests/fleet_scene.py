"""A simulated fleet on a hand-moved clock, and ways to look at what it wrote."""

from __future__ import annotations

import csv
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.sim.fleet.clock import StepClock
from bot.sim.fleet.fleet import Fleet

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

Row = dict[str, str]


@dataclass
class Scene:
    """`backlog` of calm history, then time as the test moves it."""

    fleet: Fleet
    clock: StepClock

    def live(self, span: timedelta) -> None:
        self.clock.advance(span)
        self.fleet.advance()

    def run(self, line: str, host: str = "mta1") -> str:
        """Run a `pmta` command that has to succeed; its stdout."""
        answer = self.fleet.pmta(host, shlex.split(line))
        assert (answer.status, answer.stderr) == (0, "")
        return answer.stdout

    def refused(self, line: str, host: str = "mta1") -> str:
        """Run a `pmta` command that has to fail; its stderr."""
        answer = self.fleet.pmta(host, shlex.split(line))
        assert answer.status != 0
        assert answer.stdout == ""
        return answer.stderr

    def files(self, host: str) -> list[Path]:
        globs = [Path(glob) for glob in self.fleet.accounting_globs(host)]
        return sorted(path for glob in globs for path in glob.parent.glob(glob.name))

    def rows(self, since: timedelta) -> Iterator[Row]:
        """Every complete accounting row of both hosts logged within the last `since`."""
        floor = (self.clock.now() - since).strftime("%Y-%m-%d %H:%M:%S")
        for host in self.fleet.hosts:
            for path in self.files(host):
                header, *lines = path.read_bytes().decode().rpartition("\r\n")[0].split("\r\n")
                # The time is field 2 and needs no quotes, so older lines can be passed over unparsed.
                recent = (line for line in lines if line[line.index(",") + 1 :][:19] > floor)
                yield from csv.DictReader(recent, fieldnames=header.split(","))

    def rate(self, isp: str, window: timedelta = HOUR) -> float:
        """Deferral rate t / (t + d) of one provider, told by its MX, as a bot would see it."""
        return self.rates(window).get(isp, 0.0)

    def rates(self, window: timedelta = HOUR) -> dict[str, float]:
        """`rate` of every provider with traffic."""
        counts = Counter((isp_of(row), row["type"]) for row in self.rows(window))
        isps = {isp for isp, _ in counts}
        return {isp: counts[isp, "t"] / max(1, counts[isp, "t"] + counts[isp, "d"]) for isp in isps}

    def attempts(self, queue: str, window: timedelta) -> int:
        return sum(1 for row in self.rows(window) if row["queue"] == queue and row["type"] in {"d", "t", "b", "tq"})


_MX = {
    "google.com": "gmail",
    "outlook.com": "microsoft",
    "yahoodns.net": "yahoo",
    "icloud.com": "apple",
    "comcast.net": "comcast",
}


def isp_of(row: Row) -> str:
    mx = row["dsnMta"].partition(" ")[0]
    return next((isp for suffix, isp in _MX.items() if mx.endswith(suffix)), "")


def scene(root: Path, *, start: datetime = NOON, backfill: timedelta = HOUR, seed: int = 1) -> Scene:
    clock = StepClock(start)
    fleet = Fleet(root, clock, seed=seed)
    if backfill:
        fleet.backfill(backfill)
    return Scene(fleet, clock)
