from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bot.progress import BIG, progress_bar, speed


def shown(size: int, folder: Path, *, terminal: bool) -> str:
    path = folder / "acct.csv"
    with path.open("wb") as file:
        file.truncate(size)
    text = io.StringIO()
    with progress_bar([path, "-"], Console(file=text, force_terminal=terminal, width=120)) as done:
        done(size)
    return text.getvalue()


@pytest.mark.parametrize(
    ("size", "terminal", "bar"),
    [
        (BIG + 1, True, True),
        (BIG, True, False),  # read before it could be looked at
        (BIG + 1, False, False),  # in a pipe nobody looks
    ],
)
def test_a_bar_is_for_big_files_on_a_terminal(size: int, terminal: bool, bar: bool, tmp_path: Path) -> None:
    assert ("Reading" in shown(size, tmp_path, terminal=terminal)) is bar


def test_speed_is_told_in_rows() -> None:
    assert speed(5_000_000, 4.0) == "5,000,000 records in 4.0 s, 1,250,000 a second."
