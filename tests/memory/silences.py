"""Silences in a dictionary."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from bot.core.silence import Silence


class MemorySilenceStore:
    """`ports.SilenceStore`."""

    def __init__(self) -> None:
        self._silences: dict[int, Silence] = {}
        self._lock = Lock()

    def add(self, silence: Silence) -> Silence:
        with self._lock:
            kept = replace(silence, id=len(self._silences) + 1)
            self._silences[kept.id] = kept
            return kept

    def get(self, silence: int) -> Silence | None:
        return self._silences.get(silence)

    def standing(self, now: datetime) -> tuple[Silence, ...]:
        with self._lock:
            return tuple(one for one in self._silences.values() if one.standing(now))

    def active(self, now: datetime) -> tuple[Silence, ...]:
        return tuple(one for one in self.standing(now) if one.active(now))

    def end(self, silence: int, *, by: str, at: datetime) -> Silence | None:
        with self._lock:
            kept = self._silences.get(silence)
            if kept is None or not kept.standing(at):
                return None
            ended = self._silences[silence] = replace(kept, ended_at=at, ended_by=by)
            return ended
