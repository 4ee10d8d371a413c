"""Watch and diagnose over made-up counts, in memory or on SQLite, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.core.alert_rules import AlertRules
from bot.core.incident import Incident, Move
from bot.core.model import (
    JOB_REPLIES_EVERY_S,
    Cell,
    HostHealth,
    HostSnapshot,
    JobCell,
    JobReplyCell,
    QueueState,
    RollUp,
    Tally,
)
from bot.core.reply import template
from bot.ports import ChangeStore, FleetStore, NewRecords, TallyStore
from tests.fakes import (
    ManualClock,
    MemoryAuditLog,
    MemoryChangeStore,
    MemoryFleetStore,
    MemoryIncidentStore,
    MemoryOutageStore,
    MemorySilenceStore,
    MemoryTallyStore,
)
from tests.looking import looking

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REPUTATION = "smtp;421-4.7.0 This message is suspicious due to the very low reputation of the sending IP address."
PACING = "smtp;421-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery."
FULL = "smtp;452 4.2.2 The email account that you tried to reach is over quota."

AT_ONCE = AlertRules(rise_after=timedelta(), fall_after=timedelta(), reopen_within=timedelta(-1), min_at_risk=0)
"""Every look decides: no tier is held, nothing comes back, no mail is too little."""


class WatchRig:
    """`count` adds mail of now; `tick` looks at it."""

    def __init__(
        self,
        *,
        hosts: Sequence[str] = ("mta1",),
        tallies: TallyStore | None = None,
        fleet: FleetStore | None = None,
        changes: ChangeStore | None = None,
        incidents: MemoryIncidentStore | None = None,
        rules: AlertRules = AT_ONCE,
        poll_every: timedelta = timedelta(0),
    ) -> None:
        self.clock = ManualClock(NOON)
        self.hosts = hosts
        self.tallies = tallies or MemoryTallyStore()
        self.fleet = fleet or MemoryFleetStore()
        self.changes = changes or MemoryChangeStore()
        self.incidents = incidents or MemoryIncidentStore()
        self.silences = MemorySilenceStore()
        self.audit = MemoryAuditLog()
        self.outages = MemoryOutageStore()
        found = looking(
            hosts=hosts,
            tallies=self.tallies,
            fleet=self.fleet,
            incidents=self.incidents,
            changes=self.changes,
            outages=self.outages,
            silences=self.silences,
            audit=self.audit,
            clock=self.clock,
            rules=rules,
            poll_every=poll_every,
        )
        self.diagnose, self.look_at_hosts, self.watch = found.diagnose, found.outages, found.watch
        self.see()

    def see(self, *hosts: str, error: str = "") -> None:
        """All hosts (or these) were read just now."""
        now = self.clock.now()
        for host in hosts or self.hosts:
            self.fleet.put_health(HostHealth(host, now, now, error=error, queues_at=now))

    def queues(self, *queues: QueueState, host: str = "mta1") -> None:
        self.fleet.put_snapshot(HostSnapshot(host, self.clock.now(), queues, ()))

    def count(
        self,
        delivered: int,
        deferred: int = 0,
        *,
        isp: str = "gmail",
        reply: str = REPUTATION,
        ip: str = "192.0.2.1",
        vmta: str = "v1",
        host: str = "mta1",
        job: str = "news",
        ago: timedelta = timedelta(),
        bounced: int = 0,
    ) -> None:
        at = int((self.clock.now() - ago).timestamp()) // 60 * 60
        name = template(reply)
        cells = {
            Cell(at, isp, host, ip, vmta, ""): Tally(delivered=delivered),
            Cell(at, isp, host, ip, vmta, name): Tally(deferred=deferred, bounced=bounced),
        }
        jobs = {JobCell(at, isp, host, job): Tally(delivered, deferred, bounced)}
        stretch = at - at % JOB_REPLIES_EVERY_S
        answered = {JobReplyCell(stretch, isp, job, name): Tally(deferred=deferred, bounced=bounced)}
        made = RollUp(cells, jobs, {(isp, name): reply}, job_replies=answered if deferred or bounced else {})
        self.tallies.commit(host, NewRecords(made, self.tallies.positions(host)))

    def tick(self, wait: timedelta = timedelta()) -> dict[str, Move]:
        self.clock.advance(wait)
        return self.watch.tick()

    def incident(self) -> Incident:
        """The newest one."""
        return self.incidents.all()[-1]


def queue(vmta: str = "v1", *, recipients: int = 9, host: str = "mta1", paused: bool = False) -> QueueState:
    return QueueState(host, f"gmail.com/{vmta}", recipients, 1, paused, "normal")
