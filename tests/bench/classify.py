"""What it costs to know what replies mean, as a share of counting the rows they stand in."""

from __future__ import annotations

import time
from pathlib import Path

from bot.core.classify import Classifier
from bot.knowledge import shipped_playbooks
from bot.playbook.load import load_rules
from tests.bench.table import Measured, print_table
from tests.bench.worker import polled

ALLOWED = 0.10
"""Share of a row's whole cost that knowing its reply may take."""


def run(path: Path, runs: int) -> None:
    counting = Measured("rows counted by minute", [], 0)
    first = Measured("each distinct reply classified once", [], 0)
    again = Measured("the same replies asked again", [], 0)
    for _ in range(runs):
        began = time.perf_counter()
        parts = [records.roll_up for records in polled(path)]
        counting.seconds.append(time.perf_counter() - began)
        rows = sum(part.rows for part in parts)
        replies = {key: sample for part in parts for key, sample in part.samples.items()}
        classifier = load_rules(shipped_playbooks() / "replies")
        asked = [(sample, isp) for (isp, _), sample in replies.items()]
        first.seconds.append(_seconds(classifier, asked))
        again.seconds.append(_seconds(classifier, asked))
    lines = [
        [
            each.name,
            f"{count:,}",
            f"{each.median:.3f}",
            f"{each.median / count * 1e6:.1f}",
            f"{each.median / counting.median:.1%}",
        ]
        for each, count in ((counting, rows), (first, len(asked)), (again, len(asked)))
    ]
    print_table(
        f"What replies mean (at most {ALLOWED:.0%} of a row's cost)",
        [f"{path.stat().st_size / 1e6:,.0f} MB", "how many", "s", "us each", "x counting"],
        lines,
    )


def _seconds(classifier: Classifier, asked: list[tuple[str, str]]) -> float:
    began = time.perf_counter()
    for reply, isp in asked:
        classifier.classify(reply, isp)
    return time.perf_counter() - began
