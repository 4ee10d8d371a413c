"""A process that counts, on time and late, and rolls minutes up until it is killed.

`python -m tests.hours_child DATABASE [STATEMENT]` prints a line after every piece of work. With a second argument it
stops just before a statement that holds those words, says "in the middle" and waits to be killed.
"""

from __future__ import annotations

import sys

from sqlalchemy import Connection, event

from bot.core.model import Cell, FilePosition, JobCell, RollUp, Tally
from bot.ports import NewRecords
from bot.store import hours
from bot.store.engine import open_engine
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import writing

MINUTE = 1_795_000_020
PATH = "/var/log/pmta/acct.csv"
MINUTES = 10
CELLS = 30


def records(offset: int) -> NewRecords:
    """One more byte read and one more deferral in each of `CELLS` cells, in ten minutes by turns."""
    minute = MINUTE + 60 * (offset % MINUTES)
    cells = {Cell(minute, "gmail", "mta1", f"ip{n}", "v", f"r{n}"): Tally(0, 1) for n in range(CELLS)}
    jobs = {JobCell(minute, "gmail", "mta1", "c1"): Tally(0, CELLS)}
    return NewRecords(RollUp(cells, jobs, rows=CELLS), (FilePosition(PATH, 1, offset, "type"),))


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main(database: str, stop_before: str) -> None:
    engine = open_engine(f"sqlite:///{database}")
    store = SqlTallyStore(engine)
    offset = next((at.offset for at in store.positions("mta1")), 0)

    def wait_to_be_killed(_c: Connection, _cursor: object, statement: str, *_: object) -> None:
        if stop_before in statement:
            say("in the middle")
            sys.stdin.read()

    if stop_before:
        event.listen(engine, "before_cursor_execute", wait_to_be_killed)
    while True:
        offset += 1
        store.commit("mta1", records(offset))
        with writing(engine, "roll") as connection:
            hours.roll(connection, MINUTE + 60 * (offset // 3 % (MINUTES + 1)), step=60)
        say(str(offset))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
