"""Outages in a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock

from bot.core.incident import Note, nothing
from bot.core.outage import Outage, OutageState

Lines = Callable[[Outage], Sequence[Note]]


class MemoryOutageStore:
    """`ports.OutageStore`. `notes` is the timeline of all outages; a note's id is its place from 1."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._outages: list[Outage] = []
        self._lock = Lock()

    def open(self, outage: Outage, *, lines: Lines = nothing) -> Outage | None:
        with self._lock:
            if any(known.state is OutageState.OPEN for known in self._outages):
                return None
            opened = replace(outage, id=len(self._outages) + 1, revision=1)
            self.notes += lines(opened)
            self._outages.append(opened)
            return opened

    def newest(self) -> Outage | None:
        return self._outages[-1] if self._outages else None

    def move(self, before: Outage, after: Outage, *, lines: Lines = nothing) -> Outage | None:
        with self._lock:
            kept = self.get(before.id)
            if kept is None or kept.revision != before.revision:
                return None
            others = [known for known in self._outages if known.id != before.id]
            if after.state is OutageState.OPEN and any(known.state is OutageState.OPEN for known in others):
                return None
            moved = replace(after, id=kept.id, revision=kept.revision + 1, opened_at=kept.opened_at)
            self.notes += lines(moved)
            self._outages[moved.id - 1] = moved
            return moved

    def get(self, outage: int) -> Outage | None:
        return self._outages[outage - 1] if 1 <= outage <= len(self._outages) else None

    def all(self) -> tuple[Outage, ...]:
        """Every outage, oldest first."""
        return tuple(self._outages)
