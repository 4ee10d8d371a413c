"""INSERT … ON CONFLICT as plain driver SQL: the same words in SQLite and PostgreSQL, without a cost per row.

SQLAlchemy's own insert of many rows costs three times the driver's; a poll of a big fleet is tens of thousands of rows.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Table


def upsert(connection: Connection, table: Table, *, add: Collection[str] = (), replace: Collection[str] = ()) -> str:
    """An INSERT of all columns of `table` in their order, for `exec_driver_sql` with a list of tuples.

    Where the primary key is there already, columns in `add` are added up, those in `replace` are overwritten, and
    with neither the row stays as it is. The column names come from the schema, never from outside.
    """
    mark = placeholder(connection)
    names = [column.name for column in table.columns]
    key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    sets = [f'"{name}" = {table.name}."{name}" + excluded."{name}"' for name in names if name in add]
    sets += [f'"{name}" = excluded."{name}"' for name in names if name in replace]
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join(mark for _ in names)
    then = f"DO UPDATE SET {', '.join(sets)}" if sets else "DO NOTHING"
    return f"INSERT INTO {table.name} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) {then}"


def placeholder(connection: Connection) -> str:
    """The driver's sign for a value."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
