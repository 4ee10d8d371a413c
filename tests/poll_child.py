"""A process that follows one folder into a real store until it is killed: `python -m tests.poll_child DATABASE FOLDER`.

Prints how many records every poll has counted, after it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bot.pmta.files import FollowedFiles
from bot.store.engine import open_engine
from bot.store.tallies import SqlTallyStore
from tests.followed_host import ISPS, FixedClock
from tests.local_shell import LocalShell


def follow(database: str, folder: Path) -> None:
    store = SqlTallyStore(open_engine(f"sqlite:///{database}"))
    globs = {"mta1": (f"{folder}/*.csv", f"{folder}/*.gz")}
    files = FollowedFiles(LocalShell(), globs, ISPS, FixedClock())
    while True:
        records = files.read_new("mta1", store.positions("mta1"))
        store.commit("mta1", records)
        sys.stdout.write(f"{records.roll_up.rows}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    follow(sys.argv[1], Path(sys.argv[2]))
