"""kill -9 at any moment and a restart give the same tallies as no kill."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.model import Dim, FilePosition, RollUp, Tally, Window
from bot.pmta.files import FollowedFiles
from bot.ports import NewRecords
from bot.store.tallies import SqlTallyStore
from tests.accounting_rows import row
from tests.followed_host import HEAD, ISPS, NOW, FixedClock
from tests.local_shell import LocalShell
from tests.store_values import sqlite

ROOT = Path(__file__).parents[2]
WINDOW = Window(NOW - timedelta(hours=1), NOW)


class Scene:
    """A folder that grows and a store that follows it, in processes that do not live long."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.database = folder / "deferbot.db"
        self.written = 0
        self.file = 0
        self.log.mkdir()
        (self.log / "diag-0.csv").write_text(HEAD, newline="")
        self.rotate()

    def rotate(self) -> None:
        """A new file; the one before the last is packed."""
        self.file += 1
        (self.log / f"acct-{self.file}.csv").write_text(HEAD, newline="")
        old = self.log / f"acct-{self.file - 2}.csv"
        if old.exists():
            (self.log / f"{old.name}.gz").write_bytes(gzip.compress(old.read_bytes()))
            old.unlink()

    def write(self, rows: int) -> None:
        self.written += rows
        text = "".join(row("t", jobId=f"row {self.written - n}") for n in range(rows))
        with (self.log / f"acct-{self.file}.csv").open("a", newline="") as file:
            file.write(text[:-30])
            file.flush()
            file.write(text[-30:])

    def lived(self, seconds: float) -> None:
        """Follow for a while after the first poll, then die."""
        argv = [sys.executable, "-m", "tests.poll_child", str(self.database), str(self.log)]
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline()
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    self.write(40)
            finally:
                process.send_signal(signal.SIGKILL)
                process.communicate(timeout=30)

    def counted(self, store: SqlTallyStore) -> dict[str, Tally]:
        """Campaign -> counts, after a last poll without a kill; every row is a campaign of its own."""
        globs = {"mta1": (f"{self.log}/*.csv", f"{self.log}/*.gz")}
        files = FollowedFiles(LocalShell(), globs, ISPS, FixedClock())
        for _ in range(3):
            store.commit("mta1", files.read_new("mta1", store.positions("mta1")))
        return {job: tally for (job,), tally in store.totals(WINDOW, (Dim.JOB,)).items()}


def test_killed_at_any_moment(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    with sqlite(scene.database) as engine:
        store = SqlTallyStore(engine)
        # Followed already: a first start would leave out what is old.
        store.commit("mta1", NewRecords(RollUp(), (FilePosition(f"{scene.log}/acct-0.csv", 1, 0, ""),)))
        for moment in (0.0, 0.021, 0.043, 0.072, 0.11):
            scene.write(200)
            scene.lived(moment)
            scene.rotate()
        counted = scene.counted(store)
    assert len(counted) == scene.written
    assert set(counted.values()) == {Tally(deferred=1)}


@pytest.mark.parametrize("after", ["before the commit", "after it"])
def test_what_was_read_and_not_committed_is_read_again(tmp_path: Path, after: str) -> None:
    """The same without chance: a process dies with counts in its hands."""
    scene = Scene(tmp_path)
    scene.write(50)
    with sqlite(scene.database) as engine:
        store = SqlTallyStore(engine)
        globs = {"mta1": (f"{scene.log}/*.csv",)}
        records = FollowedFiles(LocalShell(), globs, ISPS, FixedClock()).read_new("mta1", store.positions("mta1"))
        assert records.roll_up.rows == 50
        if after == "after it":
            store.commit("mta1", records)
        assert len(scene.counted(store)) == 50
        assert set(scene.counted(store).values()) == {Tally(deferred=1)}
