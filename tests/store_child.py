"""A process that writes tallies until it is killed: `python -m tests.store_child DATABASE [stop-in-the-middle]`.

Prints a line after every commit. With a second argument it stops inside the next transaction, between counts and
positions, says "in the middle" and waits to be killed.
"""

from __future__ import annotations

import sys

from sqlalchemy import Connection, event

from bot.core.model import Cell, FilePosition, RollUp, Tally
from bot.ports import NewRecords
from bot.store.engine import open_engine
from bot.store.tallies import SqlTallyStore

MINUTE = 1_795_000_020
PATH = "/var/log/pmta/acct.csv"


def records(offset: int) -> NewRecords:
    """One more byte read and one more delivery counted in each of 500 cells."""
    cells = {Cell(MINUTE, "gmail", "mta1", f"ip{n}", "v", ""): Tally(1) for n in range(500)}
    return NewRecords(RollUp(cells=cells, rows=500), (FilePosition(PATH, 1, offset, "type"),))


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main(database: str, stop: bool) -> None:
    engine = open_engine(f"sqlite:///{database}")
    store = SqlTallyStore(engine)
    offset = next((at.offset for at in store.positions("mta1")), 0)

    def wait_to_be_killed(_c: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "INTO file_position" in statement:
            say("in the middle")
            sys.stdin.read()

    if stop:
        event.listen(engine, "before_cursor_execute", wait_to_be_killed)
    while True:
        offset += 1
        store.commit("mta1", records(offset))
        say(str(offset))


if __name__ == "__main__":
    main(sys.argv[1], len(sys.argv) > 2)
