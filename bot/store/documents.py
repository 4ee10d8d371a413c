"""A value kept whole as JSON text in one column: what is only ever read and written as one."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.core.change import Plan
from bot.core.diagnosis import Diagnosis
from bot.core.incident import Life
from bot.core.model import HostHealth, HostSnapshot
from bot.core.outage import Outage
from bot.errors import StoreError

T = TypeVar("T")


class Document(Generic[T]):
    """Text for a value and back; equal after the round trip."""

    def __init__(self, kind: type[T]) -> None:
        self._name = kind.__name__
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def text(self, value: T) -> str:
        return self._adapter.dump_json(value).decode()

    def value(self, text: str) -> T:
        """Raises: StoreError where the text is not such a value (another version wrote it, or the file is damaged)."""
        try:
            return self._adapter.validate_json(text)
        except ValidationError as e:
            first = e.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise StoreError(
                f"store: stored {self._name}, {where}: {first['msg']}. Another version of deferbot wrote it, or the "
                "file is damaged: start that version or restore a backup."
            ) from e


DIAGNOSIS = Document(Diagnosis)
LIFE = Document(Life)
OUTAGE = Document(Outage)
PLAN = Document(Plan)
SNAPSHOT = Document(HostSnapshot)
HEALTH = Document(HostHealth)
