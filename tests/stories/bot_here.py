"""The bot as it is wired, over a store in memory, a simulated fleet and the local Slack: virtual time, one thread.

What a poll would bring is put into the store; everything from there on is the product's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr
from sqlalchemy import Engine

from bot.core import health
from bot.core.model import Cell, HostHealth, HostSnapshot, JobCell, QueueState, RollUp, Tally
from bot.core.reply import template
from bot.core.show import parse_queues_dom
from bot.playbook.commands import show_queues
from bot.ports import NewRecords
from bot.settings import Config, Secrets, Settings
from bot.sim.fleet.clock import StepClock
from bot.sim.fleet.fleet import Fleet
from bot.sim.slack.people import Person
from bot.slack.pace import Pace
from bot.wiring import Outside, Parts
from tests.looking import knowledge
from tests.stories.shell import StoryShell
from tests.stories.slack_here import CHANNEL, TOKEN, Inline, Killed, SlackHere, Told, words_of
from tests.watch_rig import NOON, REPUTATION

WINDOW_MIN = 60
WAITING = 9
"""Recipients in each queue."""
ROUNDS = 40
"""A delivery that is still not done after so many rounds never will be."""
IPS = MappingProxyType({"192.0.2.10": ("mta1", "gmail-ip-1"), "192.0.2.12": ("mta2", "gmail-ip-3")})
"""Source IP -> host and VMTA, as the simulated fleet has them."""
ANN = Person("U0ANN", "ann", "Ann", operator=True)
BO = Person("U0BO", "bo", "Bo", operator=True)
CY = Person("U0CY", "cy", "Cy")
"""Everybody; CY may look, no more."""


@dataclass
class Mail:
    """One ISP's mail as it shall look for the last hour: `rate` in [0, 1] of at least `of` attempts."""

    rate: float
    of: int
    reply: str = REPUTATION
    ips: tuple[str, ...] = tuple(IPS)
    refused: float = 0.0
    """Refused for good, as a share of all tries."""
    sent: dict[tuple[int, str], Tally] = field(default_factory=dict)
    """(minute, source IP) -> what was sent."""

    def due(self, ip: str, minute: int, of: int) -> Tally:
        """What `ip` has to send now so that its last hour is as it shall be; mail cannot be unsent, only more added."""
        self.sent = {key: tally for key, tally in self.sent.items() if key[0] > minute - WINDOW_MIN * 60}
        had = sum((tally for key, tally in self.sent.items() if key[1] == ip), Tally())
        deferred, delivered = had.deferred, had.delivered
        good = round(of * (1 - self.rate))
        if self.rate < 1:
            delivered = max(
                delivered, good, round(deferred * (1 - self.rate) / self.rate) if self.rate else 20 * deferred
            )
        if self.rate:
            deferred = max(deferred, round(delivered * self.rate / (1 - self.rate)) if self.rate < 1 else of)
        bounced = max(had.bounced, round((deferred + delivered) * self.refused / (1 - self.refused)))
        more = Tally(delivered - had.delivered, deferred - had.deferred, bounced - had.bounced)
        if more != Tally():
            self.sent[minute, ip] = self.sent.get((minute, ip), Tally()) + more
        return more


class Seconds:
    """What `Pace` counts in. A wait that would end later than now is cut short: the message waits for the next look."""

    def __init__(self) -> None:
        self.now = self.spent = 0.0

    def advance(self, by: timedelta) -> None:
        """The time up to now may be used for messages."""
        self.spent, self.now = max(self.spent, self.now), self.now + by.total_seconds()

    def pace(self) -> Pace:
        return Pace(monotonic=lambda: self.spent, wait=self._wait)

    def _wait(self, seconds: float) -> bool:
        if self.spent + seconds > self.now:
            return True
        self.spent += seconds
        return False


class BotHere:
    """`wait` moves time, `look` does what the bot does again and again. `start` begins anew after an end."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        told: Told,
        *,
        hosts: Sequence[str] = ("mta1", "mta2"),
        settings: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.clock = StepClock(NOON)
        self.elapsed = timedelta()
        """Since the beginning, whatever the clock says."""
        self.hosts = tuple(hosts)
        self.seconds = Seconds()
        self.shell = StoryShell(Fleet(folder, StepClock(NOON), hosts=self.hosts[:2]))
        self.slack = SlackHere([ANN, BO, CY], lambda: self.clock.now().timestamp(), told)
        self.mail: dict[str, Mail] = {}
        self.places = dict(IPS)
        self._queues_at: dict[str, tuple[int, tuple[QueueState, ...]]] = {}
        """After how many commands, and what they were."""
        self.idle = False
        """Whether Slack was told everything."""
        self.ends = 0
        """How often the process ended by itself."""
        self._engine = engine
        self._settings = _settings(self.hosts, folder, settings)
        self.start()

    @property
    def dark(self) -> set[str]:
        return self.shell.dark

    def newest(self, words: str) -> str:
        """The ts of the newest message of the channel with these words."""
        found = [m.ts for m in self.slack.roots() if words in " ".join(words_of(m.to_slack()))]
        assert found, f"no message of the channel has the words {words!r}"
        return found[-1]

    def shows(self, words: str) -> bool:
        return any(words in root for root in self.slack.words_of_roots())

    def start(self) -> None:
        """All parts anew over the same database; what was in memory alone is gone."""
        outside = Outside(self.clock, self._engine, knowledge(), self.shell, self.slack.client, self.seconds.pace)
        self.parts = Parts(self._settings, outside)
        self.jobs = self.parts.jobs(lambda: None)
        self.slack.connect(self.parts.slack_app(Inline(1)))

    def wait(self, by: timedelta) -> None:
        """Time passes, and nobody looks."""
        self.elapsed += by
        self.clock.advance(by)
        self.seconds.advance(by)

    def look(self) -> None:
        """Hosts are read, the bot looks at what that brought, and tells."""
        self.read()
        self.or_ends(self._work)

    def or_ends(self, work: Callable[[], object]) -> None:
        """Do it; where the process ends in the middle, start anew."""
        try:
            work()
        except Killed:
            self.ends += 1
            self.start()

    def _work(self) -> None:
        self.jobs.once()
        self.deliver()

    def deliver(self) -> None:
        self.idle = False
        for _ in range(ROUNDS):
            if not self.parts.outbox.deliver():
                self.idle = not self.slack.client.away
                return

    # ── what polls bring ──

    def read(self) -> None:
        """Every host that answers, with what it has sent by now."""
        now = self.clock.now()
        known = {health.host: health for health in self.parts.fleet.health()}
        for host in self.hosts:
            before = known.get(host, HostHealth(host, None))
            if host in self.dark:
                self.parts.fleet.put_health(health.failed(before, "no answer within 10 s.", now))
            else:
                self.parts.fleet.put_health(HostHealth(host, now, now, queues_at=now))
                self._look_at_queues(host)
        for host, sent in self._sent().items():
            self.parts.tallies.commit(host, NewRecords(sent, ()))

    def _look_at_queues(self, host: str) -> None:
        """Nobody but the bot changes them. Most hosts of a big fleet have none."""
        changes = len(self.shell.changed)
        known = self._queues_at.get(host)
        queues = known[1] if known and known[0] == changes else tuple(self._queues(host))
        self._queues_at[host] = (changes, queues)
        if queues:
            self.parts.fleet.put_snapshot(HostSnapshot(host, self.clock.now(), queues, ()))

    def queues(self) -> Iterator[QueueState]:
        """Of all hosts that have some."""
        for host in self.hosts:
            yield from self._queues(host)

    def _queues(self, host: str) -> Iterator[QueueState]:
        """Those to Gmail, as the simulated host has them now; it has no mail of its own. Two are simulated."""
        names = [f"gmail.com/{vmta}" for home, vmta in IPS.values() if home == host and host in self.hosts[:2]]
        printed = self.shell.run(host, show_queues(), timeout_s=1.0).decode() if names else ""
        found = {queue.name: queue for queue in parse_queues_dom(printed, host)[0]} if names else {}
        for name in names:
            yield replace(
                found.get(name, QueueState(host, name, 0, 0, paused=False, mode="normal")), recipients=WAITING
            )

    def _sent(self) -> dict[str, RollUp]:
        """By host: what has to be sent now for the last hour to look as it shall."""
        minute = int(self.clock.now().timestamp()) // 60 * 60
        sent: dict[str, RollUp] = {}
        for isp, mail in self.mail.items():
            for ip in mail.ips:
                host, vmta = self.places.get(ip, (self.hosts[0], "general-1"))
                part = Tally() if host in self.dark else mail.due(ip, minute, max(1, mail.of // len(mail.ips)))
                if part != Tally():
                    cell = Cell(minute, isp, host, ip, vmta, "")
                    sent[host] = _added(sent.get(host, RollUp()), cell, part, mail.reply)
        return sent


def _added(to: RollUp, cell: Cell, sent: Tally, reply: str) -> RollUp:
    name = template(reply)
    bad = Tally(deferred=sent.deferred, bounced=sent.bounced)
    cells = {**to.cells, cell: Tally(sent.delivered), cell._replace(reply=name): bad}
    job = JobCell(cell.minute, cell.isp, cell.host, "news")
    jobs = {**to.jobs, job: to.jobs.get(job, Tally()) + Tally(sent.delivered, sent.deferred)}
    return RollUp(cells, jobs, {**to.samples, (cell.isp, name): reply})


def _settings(hosts: Sequence[str], folder: Path, over: Mapping[str, object]) -> Settings:
    login = {"address": "127.0.0.1", "user": "pmta", "use_agent": True}
    config = {
        "hosts": [{"name": host, **login} for host in hosts],
        "slack": {"channel": CHANNEL},
        "roles": {"operator": ["@mail-oncall"]},
        "rules": folder / "replies.local.yaml",
        **over,
    }
    secrets = Secrets(slack_bot_token=SecretStr(TOKEN), slack_app_token=SecretStr("xapp-local"))
    return Settings(
        config=Config.model_validate(config, context={"names": set(), "isps": knowledge().isps}), secrets=secrets
    )
