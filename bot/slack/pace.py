"""How fast one channel may be written to: about one message a second, and not at all while Slack says wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """One slot at a time, the next one some real seconds later. Not the injected clock: it is Slack's limit."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`wait(seconds)` returns True where the waiting was cut short because the program ends."""
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._wait = wait or self._wait_for_stop
        self._next = 0.0

    def until(self, stop: threading.Event) -> None:
        """Waits end early once `stop` is set."""
        self._stop = stop

    def take(self, then_s: float = 1.0) -> bool:
        """Wait for the slot; the one after it is `then_s` later. False where the program ends first."""
        delay = self._next - self._monotonic()
        if delay > 0 and self._wait(delay):
            return False
        self._next = max(self._next, self._monotonic()) + then_s
        return True

    def hold(self, seconds: float) -> None:
        """No slot for that long."""
        self._next = max(self._next, self._monotonic() + seconds)

    def _wait_for_stop(self, seconds: float) -> bool:
        return self._stop.wait(seconds)
