"""Open the database and bring its schema up to date. The only file that speaks SQLite's own dialect."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, inspect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import ConfigError, StoreError
from bot.store.transactions import BUSY_TIMEOUT_S, TURN, WRITING, reading, writing

MIGRATIONS = Path(__file__).parent / "migrations"

_SQLITE_HEAD = b"SQLite format 3\x00"
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}",
    "PRAGMA journal_mode = WAL",
    # WAL with NORMAL may lose the last commits in a power cut. A change that was sent to a host must not be
    # forgotten, so every commit is synced. Measured: 0.4 ms a small commit instead of 0.3 ms.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)


def open_engine(url: str) -> Engine:
    """Open `sqlite:///relative/path`, `sqlite:////absolute/path` or `sqlite://` (in memory, for tests).

    The file is made when it is not there, readable by its owner only. Thread-safe; `migrate` comes next.

    Raises: ConfigError where the URL, the path or the file cannot be a store.
    """
    parsed = _parsed(url)
    # One connection that all threads take in turn: a second one would see another, empty database.
    size, overflow = (1, 0) if parsed.database in (None, "", ":memory:") else (8, 24)
    if size > 1:
        _check_file(Path(str(parsed.database)))
    engine = create_engine(
        parsed,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=overflow,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        execution_options={TURN: Lock()},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def open_to_read(url: str) -> Engine:
    """Open a store that is there without ever writing to it; a running bot is not disturbed.

    Raises: ConfigError where the URL or the file is no store, StoreError where its schema is not ours.
    """
    parsed = _parsed(url)
    path = Path(parsed.database or "")
    if not path.is_file():
        raise ConfigError([f"DATABASE_URL: {path}: expected the store of a bot that has run, found no such file"])
    query = {"mode": "ro", "uri": "true"}
    engine = create_engine(
        parsed.set(database=f"file:{quote(str(path))}", query=query),
        connect_args={"timeout": BUSY_TIMEOUT_S},
        execution_options={TURN: Lock()},
    )
    event.listen(engine, "connect", _set_up_to_read)
    event.listen(engine, "begin", _begin)
    with reading(engine, "read its schema revision") as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    if found != (head := ScriptDirectory(str(MIGRATIONS)).get_current_head(),):
        raise StoreError(
            f"store {path}: expected schema revision {head}, found {', '.join(found) or 'none'}: "
            "start this version of the bot once, or use the version that runs."
        )
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision, all in one transaction; does nothing where it is already there.

    Raises:
        ConfigError: the database belongs to another program.
        StoreError: a newer deferbot wrote it, or it could not be changed.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with writing(engine, "bring the schema up to date") as connection:
        _refuse_foreign(connection)
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as e:
        raise ConfigError([f"DATABASE_URL: expected a URL such as sqlite:///deferbot.db, found {url[:80]!r}"]) from e
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise ConfigError([f"DATABASE_URL: expected sqlite:///PATH, found {parsed.drivername}://…"])
    return parsed


def _check_file(path: Path) -> None:
    """Create or open `path`, so that whatever is wrong with it is said here, once and in words."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "rb") as file:
            head = file.read(len(_SQLITE_HEAD))
    except OSError as e:
        reason = e.strerror or str(e)
        raise ConfigError(
            [f"DATABASE_URL: {path}: expected a file in an existing folder that can be written, found: {reason}"]
        ) from e
    if head and head != _SQLITE_HEAD:
        raise ConfigError([f"DATABASE_URL: {path}: expected an SQLite database or no file, found another kind of file"])
    if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ConfigError([f"DATABASE_URL: {path.parent}: expected a folder that can be written (SQLite's journal)"])


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: see `_begin`.
    connection.isolation_level = None
    _run(connection, _PRAGMAS)


def _set_up_to_read(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    _run(connection, ("PRAGMA query_only = ON", "PRAGMA temp_store = MEMORY"))


def _run(connection: DBAPIConnection, pragmas: Sequence[str]) -> None:
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote in between, whatever
    # the busy timeout: writers take the lock at their start.
    writes = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_foreign(connection: Connection) -> None:
    tables = set(inspect(connection).get_table_names())
    if tables and "alembic_version" not in tables:
        raise ConfigError(
            [
                f"DATABASE_URL: {connection.engine.url.render_as_string()}: expected a deferbot store or an empty "
                f"database, found tables of another program ({', '.join(sorted(tables)[:3])}…)"
            ]
        )


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found - known:
        raise StoreError(
            f"store {connection.engine.url.render_as_string()}: expected schema revision "
            f"{scripts.get_current_head()} or older, found {', '.join(sorted(found - known))}: a newer deferbot wrote "
            "it. Start that version, or restore the backup from before it."
        )
