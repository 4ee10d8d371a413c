"""Silences, those that are over too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from bot.core.silence import About, Silence
from bot.store.tables import silence as table
from bot.store.transactions import reading, writing


class SqlSilenceStore:
    """`ports.SilenceStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, silence: Silence) -> Silence:
        row = {
            "about": silence.about.value,
            "name": silence.name,
            "author": silence.author,
            "reason": silence.reason,
            "began_at": silence.began_at,
            "until": silence.until,
            "ended_by": "",
        }
        with writing(self._engine, f"silence {silence.name}") as connection:
            key = connection.execute(insert(table).values(row)).inserted_primary_key
            assert key is not None
            return replace(silence, id=key[0])

    def get(self, silence: int) -> Silence | None:
        with reading(self._engine, f"read SIL-{silence}") as connection:
            row = connection.execute(select(table).where(table.c.id == silence)).one_or_none()
        return None if row is None else _silence_of(row)

    def standing(self, now: datetime) -> tuple[Silence, ...]:
        query = select(table).where(table.c.ended_at.is_(None), table.c.until > now).order_by(table.c.id)
        with reading(self._engine, "read the silences") as connection:
            return tuple(map(_silence_of, connection.execute(query)))

    def active(self, now: datetime) -> tuple[Silence, ...]:
        return tuple(one for one in self.standing(now) if one.active(now))

    def end(self, silence: int, *, by: str, at: datetime) -> Silence | None:
        here = (table.c.id == silence, table.c.ended_at.is_(None), table.c.until > at)
        with writing(self._engine, f"end SIL-{silence}") as connection:
            won = connection.execute(update(table).where(*here).values(ended_at=at, ended_by=by)).rowcount == 1
            row = connection.execute(select(table).where(table.c.id == silence)).one_or_none()
        return _silence_of(row) if won and row is not None else None


def _silence_of(row: Row[Any]) -> Silence:
    return Silence(
        id=row.id,
        about=About(row.about),
        name=row.name,
        author=row.author,
        reason=row.reason,
        began_at=row.began_at,
        until=row.until,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
