"""`python -m tests.bench`: what reading accounting files costs, every way in one run, as ratios."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rows import write_file

_AWK = 'NR>1{split($5,a,"@");n[a[2]]++;if($1=="t")t[a[2]]++}END{for(d in n)if(n[d]>=50)print t[d]/n[d],n[d],d}'
"""The usual one-liner: splits at commas and groups by the recipient's domain."""
_OURS = """
import json, resource, sys, time
from pathlib import Path
from tests.accounting_rows import shipped_isps
isps = shipped_isps()
data = Path(sys.argv[2]).read_bytes()
began = time.perf_counter()
if sys.argv[1] == "columns":
    from bot.pmta.columns import roll_up_columns
    began = time.perf_counter()
    rolled = roll_up_columns(data, "", host="mta1", isps=isps)
else:
    from bot.core.accounting import RowReader
    from bot.core.rollup import roll_up
    rolled = roll_up(RowReader(data, None, final=True), host="mta1", isps=isps)
spent = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - len(data) // 2**20
print(json.dumps([spent, rolled.rows, peak, len(rolled.cells)]))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    seconds: list[float]
    megabytes: int | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=200_000, help="rows of the made file (default 200000; 1000000 = 400 MB)"
    )
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acct.csv"
        write_file(path, asked.rows)
        size = path.stat().st_size
        print_line(f"{asked.rows:,} rows, {size / 1e6:.0f} MB, {os.cpu_count()} cores, {asked.runs} runs")
        measured = [*_ours(path, asked.runs), *_awks(path, asked.runs)]
    _print(measured, asked.rows)


def _ours(path: Path, runs: int) -> list[Measured]:
    found = []
    for name, way in (("roll_up_columns", "columns"), ("csv reference", "csv")):
        answers = [_python(way, path) for _ in range(runs)]
        found.append(Measured(name, [seconds for seconds, *_ in answers], max(int(answer[2]) for answer in answers)))
    return found


def _python(way: str, path: Path) -> Sequence[float]:
    done = subprocess.run([sys.executable, "-c", _OURS, way, str(path)], capture_output=True, text=True, check=True)
    answer: list[float] = json.loads(done.stdout)
    return answer


def _awks(path: Path, runs: int) -> list[Measured]:
    """The awk variants that are installed; gawk also in UTF-8, which is what a login shell gives it."""
    ways = {"mawk": ("mawk", "C"), "gawk, LC_ALL=C": ("gawk", "C"), "gawk, UTF-8": ("gawk", "C.UTF-8")}
    return [
        Measured(f"awk one-liner: {name}", [_timed(_awk(tool, locale, path)) for _ in range(runs)])
        for name, (tool, locale) in ways.items()
        if shutil.which(tool)
    ]


def _awk(tool: str, locale: str, path: Path) -> Callable[[], object]:
    env = {"PATH": os.environ["PATH"], "LC_ALL": locale}
    return lambda: subprocess.run([tool, "-F,", _AWK, str(path)], env=env, stdout=subprocess.DEVNULL, check=True)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _print(measured: Sequence[Measured], rows: int) -> None:
    base = measured[0].median
    print_line(f"{'':24} {'s (median)':>11} {'rows/s':>12} {'ours is':>10} {'MB beside the data':>19}")
    for each in measured:
        memory = "" if each.megabytes is None else str(each.megabytes)
        ratio = f"{each.median / base:.2f} x"
        print_line(f"{each.name:24} {each.median:11.2f} {rows / each.median:12,.0f} {ratio:>10} {memory:>19}")


def print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
