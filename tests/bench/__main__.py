"""`python -m tests.bench`: what reading accounting files costs, every way in one run, as ratios."""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from pathlib import Path

from bot.cli import COLLECT_AFTER
from tests.bench import bulk, classify, diagnoses, gil, hosts, policy, poll, questions
from tests.bench.rows import write_file
from tests.bench.table import print_line

TALLY_ROWS = 2
"""So many in the store for each row of the file: 10 million for the 2 GB."""
PARTS = ("bulk", "poll", "hosts", "gil", "questions", "diagnoses", "classify", "policy")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all where none is named")
    parser.add_argument("--rows", type=int, default=300_000, help="rows of the made file; 5000000 are 2 GB")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"{', '.join(PARTS)} expected, found {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="deferbot-bench-") as folder:
        path = Path(folder) / "acct.csv"
        write_file(path, asked.rows)
        print_line(f"{asked.rows:,} rows, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {asked.runs} runs")
        parts = asked.parts or PARTS
        if "bulk" in parts:
            bulk.run(path, asked.rows, asked.runs)
        if "poll" in parts:
            poll.run(path, asked.runs)
        if "hosts" in parts:
            hosts.run(path)
        if "gil" in parts:
            gil.run(path)
        if "questions" in parts:
            questions.run(Path(folder), asked.rows * TALLY_ROWS)
        if "diagnoses" in parts:
            diagnoses.run(Path(folder))
        if "classify" in parts:
            classify.run(path, asked.runs)
        if "policy" in parts:
            policy.run(path, asked.rows, asked.runs)


if __name__ == "__main__":
    gc.set_threshold(COLLECT_AFTER)  # as the command line does
    main()
