"""One time limit for everything a poll does on one host, beside the limits of its single commands.

Real seconds, not the injected clock: it guards a thread of ours against a host that crawls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from bot.errors import HostUnreachable
from bot.pmta.ranges import StreamingShell

POLL_LIMIT_S = 360.0
"""More than any single command may take; half of it is for what the last round has begun."""


class LimitedShell:
    """`ports.HostShell` over another one: what runs inside `within` ends together within `limit_s`.

    Different hosts have clocks of their own; of one host only one thread may be inside at a time. Outside it changes
    nothing.
    """

    def __init__(
        self,
        shell: StreamingShell,
        limit_s: float = POLL_LIMIT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shell = shell
        self._limit_s = limit_s
        self._monotonic = monotonic
        self._ends: dict[str, float] = {}

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

    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> AbstractContextManager[Iterator[bytes]]:
        """As `StreamingShell.stream`; HostUnreachable too where the time is over."""
        return self._shell.stream(host, argv, timeout_s=self._left(host, timeout_s), limit=limit)

    def _left(self, host: str, timeout_s: float) -> float:
        end = self._ends.get(host)
        if end is None:
            return timeout_s
        left = end - self._monotonic()
        if left <= 0:
            sentence = f"reading it took more than {self._limit_s:g} s and was cut off; what was counted is kept."
            raise HostUnreachable(host, sentence)
        return min(timeout_s, left)
