"""A whole file, every way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench import awk
from tests.bench.table import Measured, print_table

REFERENCE_ROWS = 100_000
"""The csv reference takes these only: its speed does not depend on the length of a file."""
_OURS = {
    "rates": "`deferbot rates`",
    "counted": "counted by minute",
    "committed": "counted and committed",
    "reference": "csv reference",
}


def run(path: Path, rows: int, runs: int) -> None:
    ways = awk.installed()
    found: dict[str, Measured] = {name: Measured(name, [], rows) for name in [*_OURS.values(), *ways]}
    peaks = dict.fromkeys(found, "")
    for _ in range(runs):  # in turns, so that other work on the machine meets all of them
        for way, name in _OURS.items():
            seconds, done, peak = _worker(way, path)
            found[name] = Measured(name, [*found[name].seconds, seconds], done)
            peaks[name] = str(max(peak, int(peaks[name] or 0)))
        for name, (tool, locale) in ways.items():
            found[name].seconds.append(awk.seconds(tool, locale, path))
    versus = [name for name in ("csv reference", *ways) if name in found]
    lines = [
        [each.name, f"{each.median:.2f}", f"{each.speed:,.0f}", *(_ratio(each, found[n]) for n in versus), peaks[name]]
        for name, each in found.items()
    ]
    columns = [f"{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB", "s", "rows/s", *(f"x {n}" for n in versus), "MB"]
    print_table("A whole file", columns, lines)


def _worker(way: str, path: Path) -> tuple[float, int, int]:
    command = [sys.executable, "-m", "tests.bench.worker", way, str(path), str(REFERENCE_ROWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, rows, peak = json.loads(done.stdout)
    return seconds, rows, peak


def _ratio(one: Measured, other: Measured) -> str:
    return f"{one.speed / other.speed:.2f}"
