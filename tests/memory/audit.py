"""The audit in a list."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from pydantic_core import PydanticSerializationError, to_json

from bot.errors import StoreError
from bot.store.audit import FIRST, AuditEntry, canonical


class MemoryAuditLog:
    """`ports.AuditLog`."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []
        self._lock = Lock()

    def append(self, *, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
        try:
            plain = json.loads(to_json(dict(detail), timedelta_mode="float", inf_nan_mode="strings"))
        except (PydanticSerializationError, ValueError) as e:
            raise StoreError(f"audit {action}: detail is not JSON: {e}") from e
        with self._lock:
            seq = len(self._entries) + 1
            previous = self._entries[-1].hash if self._entries else FIRST
            digest = hashlib.sha256(canonical(seq, at, actor, action, subject, plain, previous)).hexdigest()
            self._entries.append(AuditEntry(seq, at, actor, action, subject, plain, previous, digest))

    def entries(self, limit: int = 100) -> tuple[AuditEntry, ...]:
        """The newest `limit` entries, oldest first."""
        with self._lock:
            return (
                tuple(self._entries[len(self._entries) - limit :])
                if limit < len(self._entries)
                else tuple(self._entries)
            )
