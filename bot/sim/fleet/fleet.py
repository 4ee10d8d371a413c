"""The simulated fleet: hosts, providers and incidents on one injected clock, behind one lock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.errors import DeferbotError
from bot.ports import Clock
from bot.sim.fleet import scenarios
from bot.sim.fleet.console import Answer, run_command
from bot.sim.fleet.counters import PANEL_MINUTES
from bot.sim.fleet.mta import Mta
from bot.sim.fleet.providers import TICK_S, Providers
from bot.sim.fleet.topology import checked

SCENARIOS: Final = scenarios.SCENARIOS
_CHUNK_S: Final = 30
"""The lock is held for this much simulated time at once, so that commands get in between."""
_AT_MOST_S: Final = 2 * 3600
"""One call of `advance` catches up this much; what is left waits for the next call."""
_TITLES: Final = {"gmail": "Gmail", "microsoft": "Microsoft", "yahoo": "Yahoo", "apple": "Apple", "comcast": "Comcast"}


class Fleet:
    """PMTA hosts under `root/<host>/`, deterministic for a seed and a sequence of clock times and commands.

    Thread-safe. Time moves only in `advance` and `backfill`, in whole simulated seconds.
    """

    def __init__(self, root: Path, clock: Clock, seed: int = 1, hosts: Sequence[str] = ("mta1", "mta2")) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._providers = Providers()
        names = checked(hosts)
        self._mtas = {
            name: Mta(name, number, len(names), root.resolve(), self._providers, seed)
            for number, name in enumerate(names)
        }
        self.scenario = "calm"
        self._ends_at: int | None = None
        self._fresh = True
        self._begin(self._now())

    def _begin(self, at: int) -> None:
        self._at = at
        for mta in self._mtas.values():
            mta.start(at)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(self._mtas)

    @property
    def behind(self) -> timedelta:
        """How much simulated time `advance` still has to live through."""
        return timedelta(seconds=max(0, self._now() - self._at))

    def backfill(self, span: timedelta) -> None:
        """Write calm history of `span` that ends now.

        Raises: DeferbotError where the fleet has already lived: its past is written.
        """
        with self._lock:
            if not self._fresh:
                raise DeferbotError("simulated fleet: backfill expected before the first advance, found a later call")
            end = self._now()
            self._begin(end - int(span.total_seconds()))
            self._live_until(end)

    def advance(self) -> None:
        """Live up to the clock's time, in steps; at most two simulated hours in one call."""
        with self._lock:
            end = min(self._now(), self._at + _AT_MOST_S)
        while True:
            with self._lock:
                if self._at >= end:
                    return
                self._live_until(min(end, self._at + _CHUNK_S))

    def _live_until(self, end: int) -> None:
        if end <= self._at:
            return
        self._fresh = False
        for at in range(self._at + 1, end + 1):
            for mta in self._mtas.values():
                mta.step(at)
            if at % TICK_S == 0:
                self._providers.turn()
            if self._ends_at is not None and at >= self._ends_at:
                self._calm_down()
        self._at = end
        for mta in self._mtas.values():
            mta.ledger.flush()

    def start_scenario(self, name: str) -> None:
        """Let the incident `name` begin now; it replaces the one that is going on.

        Raises: DeferbotError for a name that is not in `SCENARIOS`.
        """
        if name not in SCENARIOS:
            raise DeferbotError(f"simulated fleet: scenario {' | '.join(SCENARIOS)} expected, found {name!r}")
        with self._lock:
            scenario = SCENARIOS[name]
            if not scenario.strains:
                self._calm_down()
                return
            self.scenario = name
            self._ends_at = None if scenario.lasts_s is None else self._at + scenario.lasts_s
            self._providers.begin(scenario, self._at)

    def _calm_down(self) -> None:
        self.scenario, self._ends_at = "calm", None
        self._providers.end()

    def accounting_globs(self, host: str) -> tuple[str, ...]:
        """Absolute globs of the host's accounting files."""
        log = self._mtas[host].log_dir
        return (str(log / "acct-*.csv"), str(log / "diag-*.csv"))

    def pmta(self, host: str, argv: Sequence[str]) -> Answer:
        """Run `pmta` with these words (the word `pmta` itself left out) on one host, at the clock's time.

        A fleet that is far behind answers from where it stands rather than keep the caller waiting.
        """
        with self._lock:
            self._live_until(min(self._now(), self._at + _CHUNK_S))
            return run_command(self._mtas[host], argv)

    def snapshot(self) -> dict[str, object]:
        """The fleet now, for the page's strip: hosts with their queues, ISPs over the last ten minutes."""
        with self._lock:
            return {
                "now": datetime.fromtimestamp(self._at, UTC).isoformat(),
                "speed": float(getattr(self._clock, "speed", 1.0)),
                "scenario": self.scenario,
                "hosts": [{"name": mta.name, "queues": _queues(mta)} for mta in self._mtas.values()],
                "isps": self._isps(),
            }

    def _isps(self) -> list[dict[str, object]]:
        outcomes: Counter[tuple[str, str]] = Counter()
        for mta in self._mtas.values():
            outcomes.update(mta.counters.last(PANEL_MINUTES, self._at).outcomes)
        lines = []
        for isp, title in _TITLES.items():
            deferred = outcomes[(isp, "t")]
            attempts = outcomes[(isp, "d")] + deferred
            rate = round(deferred / attempts, 4) if attempts else 0.0
            lines.append({"isp": isp, "title": title, "attempts": attempts, "deferred": deferred, "rate": rate})
        return lines


def _queues(mta: Mta) -> list[dict[str, object]]:
    return [
        {
            "name": queue.name,
            "recipients": queue.recipients,
            "connections": queue.connections,
            "paused": queue.paused,
            "mode": queue.mode,
            "disabled": sorted(queue.disabled),
        }
        for queue in mta.matching("*", "*")
    ]
