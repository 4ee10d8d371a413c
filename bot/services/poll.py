"""One look at one host: the accounting rows written since the last look, and its queues as they are now."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from bot.core import health
from bot.core.facts import learn, told_time
from bot.core.model import HostHealth, HostSnapshot
from bot.core.show import (
    parse_queues_dom,
    parse_queues_text,
    parse_status_dom,
    parse_vmtas_dom,
    parse_vmtas_text,
)
from bot.errors import CommandFailed, DeferbotError, HostError, HostKeyRefused, HostUnreachable, LoginRefused
from bot.playbook.commands import as_table, show_queues, show_status, show_vmtas
from bot.ports import AccountingReader, Clock, FleetStore, HostShell, NewRecords, TallyStore

log = logging.getLogger(__name__)

SHOW_TIMEOUT_S = 20.0
SHOW_LIMIT = 64 << 20
"""100,000 queues are about 25 MB."""
ROUNDS = 16
"""How often what is left of a backlog is read on at once; then the next poll goes on."""
CLOCK_EVERY = timedelta(minutes=5)
"""How often a host is asked what time it is."""
_SHUT_OUT = (HostUnreachable, HostKeyRefused, LoginRefused)


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
        self._tables: set[str] = set()
        """Hosts whose PMTA has no `--dom`."""

    def host(self, host: str) -> HostHealth:
        """Read what is new on `host` and keep it. Trouble is part of the answer, never an exception of a host.

        Counts and queues are read apart: the one is kept though the other fails.
        """
        before = self._health(host)
        try:
            after = self._count(host, before)
        except DeferbotError as error:
            after = self._failed(before, error)
            reached = not isinstance(error, _SHUT_OUT)
        else:
            reached = True
            if before.error or before.polled_at is None:
                log.info("host is read", extra={"action": "host_seen", "host": host})
        if reached:
            after = self._look(host, after)
        self._fleet.put_health(after)
        return after

    def _count(self, host: str, now: HostHealth) -> HostHealth:
        """Add what is new to the tallies, round by round until nothing waits."""
        now = self._told_time(host, now)
        for _ in range(ROUNDS):
            zone = timedelta(seconds=now.facts.utc_offset_s or 0)
            positions = self._tallies.positions(host)
            records = self._reader.read_new(host, positions, utc_offset=zone, since=now.polled_at)
            now = self._learned(now, records)
            if records.waiting:
                # Said before the counts are there: nobody may take half a backlog for a rate.
                now = health.behind(now, records.roll_up, self._clock.now(), records.waiting)
                self._fleet.put_health(now)
            self._tallies.commit(host, records)
            log.debug("host polled", extra={"action": "poll_ok", "host": host, "records": records.roll_up.rows})
            if not records.waiting:
                return self._counted(now, records)
        return now

    def _learned(self, now: HostHealth, records: NewRecords) -> HostHealth:
        facts = learn(now.facts, records.roll_up, records.positions, records.gaps)
        if facts.gaps and facts.gaps != now.facts.gaps:
            log.warning("files not read", extra={"action": "gap", "host": now.host, "error": "; ".join(facts.gaps)})
        known = {rows.reason for rows in now.facts.bad}
        for rows in facts.bad:
            if rows.reason not in known:
                extra = {"action": "bad_rows", "host": now.host, "error": rows.reason, "sample": rows.sample}
                log.warning("rows left out", extra=extra)
        return replace(now, facts=facts)

    def _told_time(self, host: str, now: HostHealth) -> HostHealth:
        """Ask for the host's clock now and then: times in its files may not tell their zone."""
        asked, last = self._clock.now(), now.facts.clock_at
        if last is not None and asked - last < CLOCK_EVERY:
            return now
        try:
            status = parse_status_dom(self._run(host, show_status()))
        except _SHUT_OUT:
            raise
        except DeferbotError:
            return replace(now, facts=replace(now.facts, clock_at=asked))
        return replace(now, facts=told_time(now.facts, status.time_now, asked, self._clock.now()))

    def _counted(self, now: HostHealth, records: NewRecords) -> HostHealth:
        return health.counted(now, records.roll_up, self._clock.now(), files=bool(records.positions))

    def _failed(self, before: HostHealth, error: DeferbotError) -> HostHealth:
        # A backlog may have been noted since `before`.
        now = self._health(before.host)
        sentence = _sentence(error, before.host)
        if sentence != before.error:
            log.warning("host not polled", extra={"action": "poll_failed", "host": before.host, "error": sentence})
        return health.failed(now, sentence, self._clock.now())

    def _look(self, host: str, now: HostHealth) -> HostHealth:
        """Keep the queues as they are now; where they cannot be read, those seen last stay and grow old."""
        try:
            self._fleet.put_snapshot(self._snapshot(host))
        except DeferbotError as error:
            sentence = _sentence(error, host)
            if sentence != now.queues_error:
                log.warning("queues not read", extra={"action": "show_failed", "host": host, "error": sentence})
            return replace(now, queues_error=sentence)
        return replace(now, queues_at=self._clock.now(), queues_error="")

    def _snapshot(self, host: str) -> HostSnapshot:
        if host in self._tables:
            return self._from_tables(host)
        try:
            queues, complete = parse_queues_dom(self._run(host, show_queues()), host)
            vmtas = parse_vmtas_dom(self._run(host, show_vmtas()), host)
        except CommandFailed:  # a version without --dom, or a daemon that is down: the table tells which
            return self._from_tables(host)
        return HostSnapshot(host, self._clock.now(), queues, vmtas, complete)

    def _from_tables(self, host: str) -> HostSnapshot:
        queues, complete = parse_queues_text(self._run(host, as_table(show_queues())), host)
        vmtas = parse_vmtas_text(self._run(host, as_table(show_vmtas())), host)
        self._tables.add(host)
        return HostSnapshot(host, self._clock.now(), queues, vmtas, complete)

    def _run(self, host: str, argv: tuple[str, ...]) -> str:
        return self._shell.run(host, argv, timeout_s=SHOW_TIMEOUT_S, limit=SHOW_LIMIT).decode("utf-8", "replace")

    def _health(self, host: str) -> HostHealth:
        known = {health.host: health for health in self._fleet.health()}
        return known.get(host, HostHealth(host, None))


def _sentence(error: DeferbotError, host: str) -> str:
    """Without the host's name in front: whoever shows it names the host."""
    return error.sentence if isinstance(error, HostError) else str(error).removeprefix(f"{host}: ")
