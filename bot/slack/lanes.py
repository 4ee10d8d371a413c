"""Keeps room on the pool for quick answers while slow changes run."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger(__name__)

Work = Callable[[], None]


class SlowLane:
    """At most `at_once` slow jobs on the pool at a time; the others wait in line without holding a thread."""

    def __init__(self, pool: ThreadPoolExecutor, at_once: int) -> None:
        self._pool = pool
        self._at_once = at_once
        self._running = 0
        self._waiting: deque[Work] = deque()
        self._guard = threading.Lock()

    def start(self, work: Work) -> None:
        """Raises: RuntimeError where the pool is shut down."""
        with self._guard:
            if self._running >= self._at_once:
                self._waiting.append(work)
                return
            self._running += 1
        self._pool.submit(self._run, work)

    def _run(self, work: Work) -> None:
        """On the pool: `work`, then whatever waits, so that a pool being shut down still finishes the line."""
        turn: Work | None = work
        while turn is not None:
            try:
                turn()
            except Exception:
                log.exception("slow job failed", extra={"action": "slow_job_failed"})
            turn = self._next()

    def _next(self) -> Work | None:
        with self._guard:
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None
