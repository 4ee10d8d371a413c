"""What was measured, as rows of a Markdown table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of every run of one way; `rows` is how many rows one run took. `note` goes into the last column."""

    name: str
    seconds: list[float]
    rows: int
    note: str = ""
    more: dict[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def speed(self) -> float:
        return self.rows / self.median


def print_line(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_table(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """The first column is text, the others are figures."""
    widths = [max(len(line[at]) for line in [columns, *lines]) for at in range(len(columns))]
    pads: list[Callable[[str, int], str]] = [str.ljust, *[str.rjust] * (len(columns) - 1)]
    print_line(f"\n{title}\n")
    for line in [columns, ["-" * width for width in widths], *lines]:
        print_line(f"| {' | '.join(pad(text, width) for pad, text, width in zip(pads, line, widths, strict=True))} |")
