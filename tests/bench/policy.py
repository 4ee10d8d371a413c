"""What it costs to try a policy on a file, beside `deferbot rates` on the same one.

Run as `python -m tests.bench.policy WAY FILE` it is one run in a process of its own, and prints JSON.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.cli import COLLECT_AFTER
from bot.core.policy import Policies, Volume
from bot.knowledge import shipped_playbooks
from bot.playbook.policies import load_policies
from bot.policy_simulation import simulate
from bot.rates import rate_rows
from tests.accounting_rows import shipped_isps
from tests.bench.table import Measured, print_line, print_table

ROWS, SECONDS, MEGABYTES = 1_000_000, 10, 500
"""The aim: so many rows in so many seconds and less memory than this."""
_OURS = {
    "rates": "`deferbot rates`",
    "simulated": "`deferbot policy simulate`",
    "volume": "the same with a volume rule everywhere",
}
_ISPS = shipped_isps()


def run(path: Path, rows: int, runs: int) -> None:
    found = {way: Measured(name, [], rows) for way, name in _OURS.items()}
    peaks = dict.fromkeys(_OURS, 0)
    for _ in range(runs):  # in turns, so that other work on the machine meets all of them
        for way in _OURS:
            command = [sys.executable, "-m", "tests.bench.policy", way, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, peak = json.loads(done.stdout)
            found[way].seconds.append(seconds)
            peaks[way] = max(peaks[way], peak)
    plain = found["rates"].median
    lines = [
        [
            each.name,
            f"{each.median:.2f}",
            f"{each.speed:,.0f}",
            f"{each.median / plain:.2f}",
            _met(each),
            str(peaks[way]),
        ]
        for way, each in found.items()
    ]
    columns = [f"{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB", "s", "rows/s", "x rates", "x aim", "MB"]
    print_table(f"A policy tried (aim: {ROWS:,} rows in {SECONDS} s, under {MEGABYTES} MB)", columns, lines)


def _met(each: Measured) -> str:
    """Rows a second against the aim's; 1 or more is met."""
    return f"{each.speed / (ROWS / SECONDS):.1f}"


def _policies(*, volume: bool) -> Policies:
    shipped = load_policies(shipped_playbooks() / "policies.yaml", _ISPS)
    if not volume:
        return shipped
    rule = Volume(600, 400, (1800, 3600))
    by_name = {name: replace(each, volume=rule) for name, each in shipped.by_name.items()}
    return Policies(replace(shipped.default, volume=rule), by_name, shipped.by_isp)


_WAYS: dict[str, Callable[[Path], object]] = {
    "rates": lambda path: rate_rows([path], isps=_ISPS),
    "simulated": lambda path: simulate([path], _policies(volume=False), isps=_ISPS),
    "volume": lambda path: simulate([path], _policies(volume=True), isps=_ISPS),
}

if __name__ == "__main__":
    gc.set_threshold(COLLECT_AFTER)  # as the command line does
    began = time.perf_counter()
    _WAYS[sys.argv[1]](Path(sys.argv[2]))
    spent = time.perf_counter() - began
    print_line(json.dumps([spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))
