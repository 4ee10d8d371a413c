"""One database in memory for many stories: emptied for each, while its statements stay compiled."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from types import TracebackType

from sqlalchemy import Engine

from tests.store_values import sqlite


class EmptyStore:
    """Migrating anew and compiling every statement anew would take half of a story's time."""

    def __enter__(self) -> EmptyStore:
        with ExitStack() as stack:
            self._engine = stack.enter_context(sqlite())
            self._empty = stack.enter_context(closing(sqlite3.connect(":memory:", check_same_thread=False)))
            with closing(self._engine.raw_connection()) as raw:
                _inside(raw.driver_connection).backup(self._empty)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._open.close()

    def fresh(self) -> Engine:
        """With the newest schema and no rows; the one before has lost its own."""
        with closing(self._engine.raw_connection()) as raw:
            self._empty.backup(_inside(raw.driver_connection))
        return self._engine


def _inside(connection: object) -> sqlite3.Connection:
    assert isinstance(connection, sqlite3.Connection)
    return connection
