"""Keeps a fleet living: one thread that advances it at short real intervals."""

from __future__ import annotations

import logging
import threading

from bot.sim.fleet.fleet import Fleet

log = logging.getLogger(__name__)
_JOIN_S = 10.0


class FleetRunner:
    """Calls `fleet.advance()` every `tick_s` real seconds between `start` and `stop`."""

    def __init__(self, fleet: Fleet, tick_s: float = 0.25) -> None:
        self._fleet = fleet
        self._tick_s = tick_s
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it; a runner that never started is fine."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None

    def _run(self) -> None:
        while not self._stopped.wait(self._tick_s):
            try:
                self._fleet.advance()
            except Exception:
                log.exception("simulated fleet stopped", extra={"action": "fleet_failed"})
                return
