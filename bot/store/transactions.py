"""The seam to the database: one way to read, one way to write, and the database's errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from bot.errors import StoreError

WRITING = "deferbot_writing"
"""Execution option of a connection whose transaction is going to write."""

TURN = "deferbot_turn"
"""Execution option of an engine: the lock whose holder may write."""
BUSY_TIMEOUT_S = 15

_ADVICE = (
    ("locked", "another process holds it: only one deferbot may use this file"),
    ("disk is full", "free disk space; nothing was half written"),
    ("readonly", "give the bot's user write permission on the file and its folder"),
    ("malformed", "the file is damaged: restore a backup"),
    ("not a database", "the file is damaged: restore a backup"),
    ("no such table", "the schema is missing: run the migrations first"),
)


class Conflict(StoreError):
    """A uniqueness rule of the schema refused the write: somebody else was first."""


@contextmanager
def reading(engine: Engine, doing: str) -> Iterator[Connection]:
    """One consistent view of the database. `doing` completes "could not …" in an error's sentence.

    Raises: StoreError.
    """
    with _seam(engine, doing), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, doing: str) -> Iterator[Connection]:
    """One transaction: everything done inside is kept, or nothing. Writers come one after the other.

    Raises: Conflict where a uniqueness rule refused, StoreError otherwise.
    """
    with _seam(engine, doing), _turn(engine, doing), engine.connect() as connection:
        connection.execution_options(**{WRITING: True})
        with connection.begin():
            yield connection


@contextmanager
def _turn(engine: Engine, doing: str) -> Iterator[None]:
    """Our threads wait for each other here and not in the database: SQLite has who waits look again after ever longer
    sleeps (measured with 40 hosts: 12 s for the unluckiest), and each would hold a connection meanwhile."""
    turn: Lock = engine.get_execution_options()[TURN]
    if not turn.acquire(timeout=BUSY_TIMEOUT_S):
        raise StoreError(_said(engine, doing, f"others were still writing after {BUSY_TIMEOUT_S} s", "see the log"))
    try:
        yield
    finally:
        turn.release()


@contextmanager
def _seam(engine: Engine, doing: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as e:
        raise Conflict(_sentence(engine, doing, e)) from e
    except (SQLAlchemyError, OverflowError, UnicodeError) as e:
        raise StoreError(_sentence(engine, doing, e)) from e


def _sentence(engine: Engine, doing: str, error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = " ".join(str(cause).split())[:200]
    advice = next((words for sign, words in _ADVICE if sign in said), "see the log for the statement")
    return _said(engine, doing, said, advice)


def _said(engine: Engine, doing: str, why: str, advice: str) -> str:
    return f"store {engine.url.render_as_string()}: could not {doing}: {why}; {advice}."
