"""One look at one host: the accounting rows written since the last look, and its queues as they are now."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from bot.core.model import HostHealth, HostSnapshot
from bot.core.show import parse_queues_dom, parse_vmtas_dom
from bot.errors import DeferbotError
from bot.playbook.commands import show_queues, show_vmtas
from bot.ports import AccountingReader, Clock, FleetStore, HostShell, NewRecords, TallyStore

log = logging.getLogger(__name__)

SHOW_TIMEOUT_S = 20.0


class Poll:
    """Reads one host into the store. Different hosts may be polled at the same time, one host may not."""

    def __init__(
        self, *, shell: HostShell, reader: AccountingReader, tallies: TallyStore, fleet: FleetStore, clock: Clock
    ) -> None:
        self._shell = shell
        self._reader = reader
        self._tallies = tallies
        self._fleet = fleet
        self._clock = clock

    def host(self, host: str) -> HostHealth:
        """Read what is new on `host` and keep it. Trouble is part of the answer, never an exception of a host."""
        before = self._health(host)
        try:
            records = self._reader.read_new(host, self._tallies.positions(host))
            self._tallies.commit(host, records)
            self._fleet.put_snapshot(self._snapshot(host))
        except DeferbotError as error:
            if str(error) != before.error:
                log.warning("host not polled", extra={"action": "poll_failed", "host": host, "error": str(error)})
            health = replace(before, error=str(error), failing_since=before.failing_since or self._clock.now())
        else:
            health = _seen(before, records, self._clock.now())
            log.debug("host polled", extra={"action": "poll_ok", "host": host, "records": records.roll_up.rows})
            if before.error or before.polled_at is None:
                log.info("host is read", extra={"action": "host_seen", "host": host})
        self._fleet.put_health(health)
        return health

    def _snapshot(self, host: str) -> HostSnapshot:
        queues, complete = parse_queues_dom(self._run(host, show_queues()), host)
        vmtas = parse_vmtas_dom(self._run(host, show_vmtas()), host)
        return HostSnapshot(host, self._clock.now(), queues, vmtas, complete)

    def _run(self, host: str, argv: tuple[str, ...]) -> str:
        return self._shell.run(host, argv, timeout_s=SHOW_TIMEOUT_S).decode("utf-8", "replace")

    def _health(self, host: str) -> HostHealth:
        known = {health.host: health for health in self._fleet.health()}
        return known.get(host, HostHealth(host, None))


def _seen(before: HostHealth, records: NewRecords, now: datetime) -> HostHealth:
    roll_up = records.roll_up
    times = [at for at in (before.newest_record, roll_up.newest) if at is not None]
    deferred = any(tally.deferred for tally in roll_up.cells.values())
    return HostHealth(
        host=before.host,
        polled_at=now,
        newest_record=max(times, default=None),
        deferrals_logged=before.deferrals_logged or deferred,
    )
