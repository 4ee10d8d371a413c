"""The latest snapshot and health of every host."""

from __future__ import annotations

from sqlalchemy import Engine, Table, select

from bot.core.model import HostHealth, HostSnapshot
from bot.store import tables
from bot.store.documents import HEALTH, SNAPSHOT
from bot.store.transactions import reading, writing
from bot.store.upsert import upsert


class SqlFleetStore:
    """`ports.FleetStore`. Hosts come back in the order of their names.

    A snapshot that has not changed comes back as the same object: reading tens of thousands of queues out of
    their document for every question would cost a second.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read: dict[str, HostSnapshot] = {}

    def put_snapshot(self, snapshot: HostSnapshot) -> None:
        self._put(tables.snapshot, snapshot.host, SNAPSHOT.text(snapshot))

    def put_health(self, health: HostHealth) -> None:
        self._put(tables.health, health.host, HEALTH.text(health))

    def snapshots(self) -> tuple[HostSnapshot, ...]:
        known = self._read
        read = {text: known.get(text) or SNAPSHOT.value(text) for text in self._documents(tables.snapshot)}
        self._read = read
        return tuple(read.values())

    def health(self) -> tuple[HostHealth, ...]:
        return tuple(map(HEALTH.value, self._documents(tables.health)))

    def _put(self, table: Table, host: str, document: str) -> None:
        with writing(self._engine, f"keep the {table.name} of {host}") as connection:
            connection.exec_driver_sql(upsert(connection, table, replace=("document",)), (host, document))

    def _documents(self, table: Table) -> list[str]:
        with reading(self._engine, f"read the {table.name} of all hosts") as connection:
            return list(connection.execute(select(table.c.document).order_by(table.c.host)).scalars())
