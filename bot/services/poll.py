"""One look at one host: the accounting rows written since the last look, and its queues as they are now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Lock

from bot.core import health
from bot.core.breaker import CLOSED, Breaker
from bot.core.facts import clock_due, correction, in_doubt, learn, told_time
from bot.core.model import HostFacts, HostHealth, HostSnapshot, RollUp
from bot.core.show import (
    parse_queues_dom,
    parse_queues_text,
    parse_status_dom,
    parse_vmtas_dom,
    parse_vmtas_text,
)
from bot.errors import CommandFailed, DeferbotError, HostError, HostKeyRefused, HostUnreachable, LoginRefused
from bot.playbook.commands import as_table, local_time, show_queues, show_status, show_vmtas
from bot.ports import AccountingReader, Clock, FleetStore, HostShell, NewRecords, TallyStore
from bot.services.batches import batches

log = logging.getLogger(__name__)

SHOW_TIMEOUT_S = 20.0
SHOW_LIMIT = 64 << 20
"""100,000 queues are about 25 MB."""
ROUNDS = 16
"""How often what is left of a backlog is read on at once; then the next poll goes on."""
CLOCK_EVERY = timedelta(minutes=5)
"""How often a host is asked what time it is; also when a quarter of an hour begins, as then its zone may change."""
_SHUT_OUT = (HostUnreachable, HostKeyRefused, LoginRefused)

TimeLimit = Callable[[str], AbstractContextManager[Callable[[], bool]]]
"""Bounds what is done on one host inside the `with`; the function given tells whether half of the time is over."""


@contextmanager
def unlimited(_host: str) -> Iterator[Callable[[], bool]]:
    """A `TimeLimit` without one."""
    yield lambda: False


class Poll:
    """Reads one host into the store. Different hosts may be polled at the same time, one host may not."""

    def __init__(
        self,
        *,
        shell: HostShell,
        reader: AccountingReader,
        tallies: TallyStore,
        fleet: FleetStore,
        clock: Clock,
        time_limit: TimeLimit = unlimited,
    ) -> None:
        """`fleet`'s health is written here alone, so it is read once."""
        self._shell = shell
        self._reader = reader
        self._tallies = tallies
        self._fleet = fleet
        self._clock = clock
        self._time_limit = time_limit
        self._tables: set[str] = set()
        """Hosts whose PMTA has no `--dom`."""
        self._breakers: dict[str, Breaker] = {}
        self._known: dict[str, HostHealth] | None = None
        self._first_look = Lock()

    def host(self, host: str) -> HostHealth:
        """Read what is new on `host` and keep it. Trouble is part of the answer, never an exception of a host.

        Counts and queues are read apart: the one is kept though the other fails. A host that could not be entered a
        few times is left alone for a while: then nothing is done and its trouble stands.
        """
        before = self._health(host)
        if not self._breakers.get(host, CLOSED).may_try(self._clock.now()):
            return before
        with self._time_limit(host) as late:
            after = self._read(before, late)
        return self._keep(after)

    def _read(self, before: HostHealth, late: Callable[[], bool]) -> HostHealth:
        host = before.host
        try:
            after = self._count(host, before, late)
        except DeferbotError as error:
            after = self._failed(before, error)
            if isinstance(error, _SHUT_OUT):
                self._shut_out(host)
                return after
        else:
            if before.error or before.polled_at is None:
                log.info("host is read", extra={"action": "host_seen", "host": host})
        self._breakers.pop(host, None)
        return self._look(host, after)

    def _shut_out(self, host: str) -> None:
        before = self._breakers.get(host, CLOSED)
        after = self._breakers[host] = before.failed(self._clock.now())
        if before.closed and not after.closed:
            extra = {"action": "host_rests", "host": host, "failures": after.failures}
            log.warning("host is tried now and then only", extra=extra)

    def _count(self, host: str, now: HostHealth, late: Callable[[], bool]) -> HostHealth:
        """Add what is new to the tallies, round by round until nothing waits or the time is half over."""
        now = self._told_time(host, now)
        zone = timedelta(seconds=now.facts.utc_offset_s or 0)
        read = partial(self._reader.read_new, host, utc_offset=zone, skew=correction(now.facts), since=now.polled_at)
        rounds = iter(range(1, ROUNDS))
        positions = self._tallies.positions(host)
        with closing(batches(read, positions, lambda: next(rounds, 0) > 0 and not late())) as read_ahead:
            for records in read_ahead:
                now = self._kept(now, records)
        return now if records.waiting else self._counted(now, records)

    def _kept(self, now: HostHealth, records: NewRecords) -> HostHealth:
        """Commit one batch."""
        if records.waiting:
            # Said before the counts are there: nobody may take half a backlog for a rate. What the batch shows is
            # learned behind its commit: one that fails is read again.
            self._keep(health.behind(now, RollUp(), self._clock.now(), records.waiting))
        self._tallies.commit(now.host, records)
        log.debug("host polled", extra={"action": "poll_ok", "host": now.host, "records": records.roll_up.rows})
        now = self._learned(now, records)
        return health.behind(now, records.roll_up, self._clock.now(), records.waiting) if records.waiting else now

    def _learned(self, now: HostHealth, records: NewRecords) -> HostHealth:
        facts = learn(now.facts, records.roll_up, records.positions, records.gaps, self._clock.now())
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
        if not clock_due(now.facts, self._clock.now(), CLOCK_EVERY):
            return now
        facts = self._ask_time(host, now.facts)
        # Asked again at once: what is counted now is counted for good.
        return replace(now, facts=self._ask_time(host, facts) if in_doubt(facts) else facts)

    def _ask_time(self, host: str, facts: HostFacts) -> HostFacts:
        for argv, time_in in ((show_status(), _time_now), (local_time(), str.strip)):
            asked = self._clock.now()
            try:
                said = time_in(self._run(host, argv))
            except _SHUT_OUT:
                raise
            except DeferbotError:
                continue
            if said:
                return told_time(facts, said, asked, self._clock.now())
        return replace(facts, clock_at=self._clock.now())

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
        with self._first_look:
            if self._known is None:
                self._known = {health.host: health for health in self._fleet.health()}
            return self._known.get(host, HostHealth(host, None))

    def _keep(self, health: HostHealth) -> HostHealth:
        self._fleet.put_health(health)
        with self._first_look:
            if self._known is not None:
                self._known[health.host] = health
        return health


def _time_now(status: str) -> str:
    return parse_status_dom(status).time_now


def _sentence(error: DeferbotError, host: str) -> str:
    """Without the host's name in front: whoever shows it names the host."""
    return error.sentence if isinstance(error, HostError) else str(error).removeprefix(f"{host}: ")
