"""Append-only record of who did what, chained by hash: a changed, missing or moved entry can be found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_core import PydanticSerializationError, to_jsonable_python
from sqlalchemy import Engine, insert, select

from bot.errors import StoreError
from bot.store.tables import audit
from bot.store.transactions import reading, writing

FIRST = "0" * 64
"""What the first entry names as the hash before it."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`seq` rises from 1 without a gap. `hash` is sha256 over `canonical` of the entry, `previous` included."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]
    previous: str
    hash: str


def canonical(
    seq: int, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object], previous: str
) -> bytes:
    """The bytes an entry's hash is taken of: JSON in UTF-8, sorted keys, no blanks, `at` in UTC to the microsecond."""
    entry = {
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": detail,
        "previous": previous,
    }
    return _json(entry).encode()


class SqlAuditLog:
    """`ports.AuditLog`. Triggers refuse every UPDATE and DELETE, whoever sends it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, *, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """`detail` may hold anything JSON can say, dataclasses, datetimes and enums.

        Raises: StoreError.
        """
        plain = _plain(action, detail)
        newest = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
        with writing(self._engine, f"audit {action} of {subject}") as connection:
            last = connection.execute(newest).one_or_none()
            seq, previous = (1, FIRST) if last is None else (last.seq + 1, last.hash)
            row = {
                "seq": seq,
                "at": at,
                "actor": actor,
                "action": action,
                "subject": subject,
                "detail": _json(plain),
                "previous": previous,
                "hash": hashlib.sha256(canonical(seq, at, actor, action, subject, plain, previous)).hexdigest(),
            }
            connection.execute(insert(audit).values(row))

    def entries(self, limit: int = 100) -> tuple[AuditEntry, ...]:
        """The newest `limit` entries, oldest first."""
        query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        with reading(self._engine, "read the audit") as connection:
            rows = connection.execute(query).all()
        return tuple(
            AuditEntry(r.seq, r.at, r.actor, r.action, r.subject, json.loads(r.detail), r.previous, r.hash)
            for r in reversed(rows)
        )


def _plain(action: str, detail: Mapping[str, object]) -> dict[str, object]:
    try:
        plain = to_jsonable_python(dict(detail), timedelta_mode="float", inf_nan_mode="strings")
        # Through JSON once: what is hashed must be what is read back.
        return dict(json.loads(_json(plain)))
    except (PydanticSerializationError, ValueError) as e:
        raise StoreError(f"audit {action}: expected detail that JSON can say, found {e}") from e


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
