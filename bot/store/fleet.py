"""The latest snapshot and health of every host, and what waited in its queues lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, Table, select

from bot.core.model import HostHealth, HostSnapshot, QueueSizes
from bot.store import tables
from bot.store.documents import HEALTH, SNAPSHOT
from bot.store.queue_sizes import keep_sizes, nearest, sizes_of
from bot.store.transactions import reading, writing
from bot.store.upsert import upsert

_SIZES_READ = 4
"""Looks held in memory: a quarter of an hour ago and an hour ago, twice while they move on."""


class SqlFleetStore:
    """`ports.FleetStore`. Hosts come back in the order of their names.

    A snapshot that has not changed comes back as the same object, and so do the queue sizes of a stretch: reading
    tens of thousands of queues for every question would cost a second.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read: dict[str, HostSnapshot] = {}
        self._sizes: dict[tuple[int, int], QueueSizes] = {}

    def put_snapshot(self, snapshot: HostSnapshot) -> None:
        document = SNAPSHOT.text(snapshot)
        with writing(self._engine, f"keep the snapshot of {snapshot.host}") as connection:
            _put(connection, tables.snapshot, snapshot.host, document)
            keep_sizes(connection, snapshot)

    def put_health(self, health: HostHealth) -> None:
        document = HEALTH.text(health)
        with writing(self._engine, f"keep the health of {health.host}") as connection:
            _put(connection, tables.health, health.host, document)

    def snapshots(self) -> tuple[HostSnapshot, ...]:
        known = self._read
        read = {text: known.get(text) or SNAPSHOT.value(text) for text in self._documents(tables.snapshot)}
        self._read = read
        return tuple(read.values())

    def health(self) -> tuple[HostHealth, ...]:
        return tuple(map(HEALTH.value, self._documents(tables.health)))

    def queue_sizes(self, at: datetime) -> QueueSizes | None:
        with reading(self._engine, "read the queue sizes of all hosts") as connection:
            look = nearest(connection, at)
            if look is None:
                return None
            # Rows of a stretch are only ever added: as many rows are the same rows.
            sizes = self._sizes.get(look) or sizes_of(connection, look[0])
        others = {other: kept for other, kept in self._sizes.items() if other != look}
        self._sizes = dict(list(others.items())[-_SIZES_READ + 1 :]) | {look: sizes}
        return sizes

    def _documents(self, table: Table) -> list[str]:
        with reading(self._engine, f"read the {table.name} of all hosts") as connection:
            return list(connection.execute(select(table.c.document).order_by(table.c.host)).scalars())


def _put(connection: Connection, table: Table, host: str, document: str) -> None:
    connection.exec_driver_sql(upsert(connection, table, replace=("document",)), (host, document))
