"""Faults that a test orders in advance: the next calls of a method go wrong in a chosen way."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens instead. `error`: Slack's error code in a 200 answer. `status`: a bare HTTP status (429 carries
    `retry_after_s`). `lose_answer`: the call is carried out, then the connection is cut before the answer."""

    error: str = ""
    status: int = 0
    retry_after_s: int = 1
    lose_answer: bool = False


class FaultPlan:
    """Faults per method, used up in order. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, list[Fault]] = {}

    def add(self, method: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._planned.setdefault(method, []).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        with self._lock:
            planned = self._planned.get(method)
            return planned.pop(0) if planned else None
