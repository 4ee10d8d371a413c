"""What polls may take: one time limit for all that is done on one host, and how many hosts are read at once.

Real seconds, not the injected clock: it guards a thread of ours against a host that crawls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import HostUnreachable
from bot.pmta.ranges import StreamingShell

POLL_LIMIT_S = 360.0
"""More than any single command may take; half of it is for what the last round has begun."""


AT_ONCE = 64
"""Hosts whose bytes may be arriving at the same time: they are held while they are counted. Many more may be waited
for, as a dead one holds none."""


class LimitedShell:
    """`StreamingShell` over another one: what runs inside `within` ends together within `limit_s`, and at most
    `at_once` streams are open.

    Different hosts have clocks of their own; of one host only one thread may be inside at a time. Outside it changes
    nothing.
    """

    def __init__(
        self,
        shell: StreamingShell,
        limit_s: float = POLL_LIMIT_S,
        at_once: int = AT_ONCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shell = shell
        self._limit_s = limit_s
        self._monotonic = monotonic
        self._ends: dict[str, float] = {}
        self._slots = threading.BoundedSemaphore(at_once)
        self._at_once = at_once

    @contextmanager
    def within(self, host: str) -> Iterator[Callable[[], bool]]:
        """Begin the time of `host`. The function given tells whether half of it is over: begin nothing long then."""
        end = self._ends[host] = self._monotonic() + self._limit_s
        try:
            yield lambda: self._monotonic() >= end - self._limit_s / 2
        finally:
            del self._ends[host]

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        """As `ports.HostShell.run`; HostUnreachable too where the time is over."""
        return self._shell.run(host, argv, timeout_s=self._left(host, timeout_s), limit=limit)

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        """As `StreamingShell.stream`; HostUnreachable too where the time is over, or while waiting for the others."""
        if not self._slots.acquire(timeout=self._left(host, timeout_s)):
            raise HostUnreachable(host, f"it had to wait for {self._at_once} others that are being read.")
        try:
            with self._shell.stream(host, argv, timeout_s=self._left(host, timeout_s), limit=limit) as output:
                yield output
        finally:
            self._slots.release()

    def _left(self, host: str, timeout_s: float) -> float:
        end = self._ends.get(host)
        if end is None:
            return timeout_s
        left = end - self._monotonic()
        if left <= 0:
            sentence = f"reading it took more than {self._limit_s:g} s and was cut off; what was counted is kept."
            raise HostUnreachable(host, sentence)
        return min(timeout_s, left)
