"""Outages of hosts and their timelines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from bot.core.incident import Note, nothing
from bot.core.outage import Outage, OutageState
from bot.store.documents import OUTAGE
from bot.store.tables import outage as table
from bot.store.tables import outage_note
from bot.store.transactions import Conflict, reading, writing

Lines = Callable[[Outage], Sequence[Note]]


class SqlOutageStore:
    """`ports.OutageStore`. The schema itself holds "one open outage"."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, outage: Outage, *, lines: Lines = nothing) -> Outage | None:
        row = {
            "state": outage.state.value,
            "opened_at": outage.opened_at,
            "revision": 1,
            "document": OUTAGE.text(outage),
        }
        try:
            with writing(self._engine, "open an outage") as connection:
                key = connection.execute(insert(table).values(row)).inserted_primary_key
                return None if key is None else _told(connection, replace(outage, id=key[0], revision=1), lines)
        except Conflict:
            return None

    def newest(self) -> Outage | None:
        query = select(table).order_by(table.c.id.desc()).limit(1)
        with reading(self._engine, "read the newest outage") as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else outage_of(row)

    def move(self, before: Outage, after: Outage, *, lines: Lines = nothing) -> Outage | None:
        here = (table.c.id == before.id, table.c.revision == before.revision)
        revision = before.revision + 1
        values = {"state": after.state.value, "revision": revision, "document": OUTAGE.text(after)}
        try:
            with writing(self._engine, f"change OUT-{before.id}") as connection:
                won = connection.execute(update(table).where(*here).values(values)).rowcount == 1
                kept = replace(after, id=before.id, revision=revision, opened_at=before.opened_at)
                return _told(connection, kept, lines) if won else None
        except Conflict:
            return None


def _told(connection: Connection, outage: Outage, lines: Lines) -> Outage:
    """The outage, with its lines beside it."""
    for note in lines(outage):
        row = {"outage": note.subject, "at": note.at, "text": note.text, "broadcast": note.broadcast}
        connection.execute(insert(outage_note).values(row))
    return outage


def outage_of(row: Row[Any]) -> Outage:
    """An outage from a row that has all columns of the table."""
    told = OUTAGE.value(row.document)
    state = OutageState(row.state)
    return replace(told, id=row.id, state=state, opened_at=row.opened_at, revision=row.revision)
