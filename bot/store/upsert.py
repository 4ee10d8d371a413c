"""INSERT … ON CONFLICT as plain driver SQL: the same words in SQLite and PostgreSQL, without a cost per row.

SQLAlchemy's own insert of many rows costs three times the driver's; a poll of a big fleet is tens of thousands of rows.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlalchemy import Connection, Table


def upsert(
    connection: Connection, table: Table, *, add: Collection[str] = (), replace: Collection[str] = (), rows: int = 1
) -> str:
    """An INSERT of all columns of `table` in their order, for `exec_driver_sql` with a list of tuples of `rows` rows.

    Where the primary key is there already, columns in `add` are added up, those in `replace` are overwritten, and
    with neither the row stays as it is. The column names come from the schema, never from outside.
    """
    return _upsert(table, tuple(add), tuple(replace), rows, placeholder(connection))


@cache
def _upsert(table: Table, add: tuple[str, ...], replace: tuple[str, ...], rows: int, mark: str) -> str:
    marks = ", ".join(mark for _ in table.columns)
    values = ", ".join([f"({marks})"] * rows)
    return f"{_insert(table)} VALUES {values} {_conflict(table, add, replace)}"


def add_from(table: Table, query: str, *, add: Collection[str]) -> str:
    """The same of the rows of `query`, a SELECT of all columns of `table` in their order that has a WHERE (SQLite
    would take the ON of an unbounded one for a join's)."""
    return f"{_insert(table)} {query} {_conflict(table, add, ())}"


def placeholder(connection: Connection) -> str:
    """The driver's sign for a value."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _insert(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"INSERT INTO {table.name} ({columns})"


def _conflict(table: Table, add: Collection[str], replace: Collection[str]) -> str:
    names = [column.name for column in table.columns]
    key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    sets = [f'"{name}" = {table.name}."{name}" + excluded."{name}"' for name in names if name in add]
    sets += [f'"{name}" = excluded."{name}"' for name in names if name in replace]
    then = f"DO UPDATE SET {', '.join(sets)}" if sets else "DO NOTHING"
    return f"ON CONFLICT ({key}) {then}"
