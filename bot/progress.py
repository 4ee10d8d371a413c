"""What `deferbot rates` shows on a terminal while it reads big files, and how fast that was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

BIG = 100_000_000
"""Bytes; less is read before a bar could be looked at."""


@contextmanager
def progress_bar(paths: Sequence[Path | str], console: Console) -> Iterator[Callable[[int], object]]:
    """A bar over the bytes of `paths` while open, on a terminal and where they are big; else nothing.

    Yields: what to call with the number of bytes that are done.
    """
    size = sum(Path(path).stat().st_size for path in paths if Path(path).is_file())
    if size <= BIG or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("Reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Reading", total=size)
        yield lambda done: bar.advance(task, done)


def speed(records: int, seconds: float) -> str:
    """`5,000,000 records in 4.1 s, 1,219,512 a second.`"""
    return f"{records:,} records in {seconds:.1f} s, {records / max(seconds, 1e-9):,.0f} a second."
