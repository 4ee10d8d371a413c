"""Whatever happens to the files between polls, and whenever polls come: every row is counted exactly once."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.accounting_rows import row
from tests.followed_host import HEAD, Host


class Log:
    """PMTA's side: writes rows, each with a number of its own, and does to its files what administrators do."""

    def __init__(self, folder: Path) -> None:
        self.host = Host(folder)
        self.rows = 0
        self.files = 0
        self.copies = 0
        self.half = ""
        self.host.write("diag-0.csv", HEAD)
        self.new_file()
        self.host.poll()

    @property
    def path(self) -> Path:
        return self.host.folder / f"acct-{self.files}.csv"

    def rotated(self) -> list[Path]:
        plain = [*self.host.folder.glob("acct-*.csv"), *self.host.folder.glob("old dir/*.csv")]
        return sorted(path for path in plain if path != self.path)

    def new_file(self) -> None:
        """Midnight, or the file is full."""
        self.end_line()
        self.files += 1
        self.host.write(self.path.name, HEAD)

    def write(self) -> None:
        self.end_line()
        self.host.write(self.path.name, self.next_row())

    def write_half(self) -> None:
        self.end_line()
        text = self.next_row()
        self.host.write(self.path.name, text[:50])
        self.half = text[50:]

    def end_line(self) -> None:
        if self.half:
            self.host.write(self.path.name, self.half)
            self.half = ""

    def next_row(self) -> str:
        self.rows += 1
        return row("t", jobId=f"row {self.rows}", dsnDiag='smtp;421 4.7.0 "one"\r\n421 4.7.0 two, later')

    def move(self) -> None:
        (self.host.folder / "old dir").mkdir(exist_ok=True)
        for path in self.rotated()[:1]:
            path.rename(self.host.folder / "old dir" / path.name)

    def pack(self) -> None:
        for path in self.rotated()[:1]:
            (self.host.folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()

    def copy_and_cut(self) -> None:
        self.end_line()
        self.copies += 1
        shutil.copyfile(self.path, self.host.folder / f"acct-{self.files}-{self.copies}.csv")
        self.path.write_text(HEAD, newline="")

    def delete_what_was_read(self) -> None:
        self.poll()
        for path in self.rotated()[:1]:
            path.unlink()

    def poll(self) -> None:
        self.host.poll()


DEEDS: dict[str, Callable[[Log], None]] = {
    deed.__name__: deed
    for deed in (
        Log.write,
        Log.write_half,
        Log.new_file,
        Log.move,
        Log.pack,
        Log.copy_and_cut,
        Log.delete_what_was_read,
        Log.poll,
    )
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(DEEDS)), max_size=14))
@example(["write", "copy_and_cut", "write", "write", "delete_what_was_read", "copy_and_cut"])  # a copy on an old inode
def test_every_row_is_counted_once(tmp_path_factory: pytest.TempPathFactory, deeds: list[str]) -> None:
    log = Log(tmp_path_factory.mktemp("host"))
    for deed in deeds:
        DEEDS[deed](log)
    log.end_line()
    for _ in range(2):
        log.poll()
    counted = {cell.job: tally.deferred for cell, tally in log.host.total.jobs.items()}
    assert counted == {f"row {n}": 1 for n in range(1, log.rows + 1)}
