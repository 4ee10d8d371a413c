"""The whole bot but Slack and SSH, on the simulated fleet, minute by minute in virtual time, on both kinds of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.alert_rules import AlertRules
from bot.core.change import Change, ChangeState, Outcome
from bot.core.incident import Incident, IncidentState, Move
from bot.core.model import Dim, Window
from bot.core.outage import OutageMove, OutageState
from bot.pmta.files import POLL_BYTES, FollowedFiles
from bot.services.apply import Apply
from bot.services.poll import Poll, TimeLimit, unlimited
from bot.services.run_steps import HostLocks, StepRunner
from bot.services.undo import Undo
from bot.store.audit import SqlAuditLog
from bot.store.changes import SqlChangeStore
from bot.store.fleet import SqlFleetStore
from bot.store.incidents import SqlIncidentStore
from bot.store.outages import SqlOutageStore
from bot.store.tallies import SqlTallyStore
from tests.change_rig import ANN, Operators
from tests.fakes import (
    MemoryAuditLog,
    MemoryChangeStore,
    MemoryFleetStore,
    MemoryIncidentStore,
    MemoryOutageStore,
    MemorySilenceStore,
    MemoryTallyStore,
)
from tests.fleet_scene import HOUR, MINUTE, Scene, scene
from tests.fleet_shell import FleetShell
from tests.looking import knowledge, looking
from tests.store_values import sqlite


class Bot:
    """`live` moves time, writes mail, polls every host and looks."""

    def __init__(self, scene: Scene, folder: Path, stack: ExitStack, *, durable: bool) -> None:
        self.scene = scene
        self.clock = scene.clock
        self.shell = FleetShell(scene.fleet)
        self.moves: list[tuple[str, Move]] = []
        self.host_moves: list[OutageMove] = []
        self._engine = stack.enter_context(sqlite(folder / "deferbot.db")) if durable else None
        if self._engine is None:
            self.tallies: MemoryTallyStore | SqlTallyStore = MemoryTallyStore()
            self.fleet: MemoryFleetStore | SqlFleetStore = MemoryFleetStore()
            self.incidents: MemoryIncidentStore | SqlIncidentStore = MemoryIncidentStore()
            self.changes: MemoryChangeStore | SqlChangeStore = MemoryChangeStore()
            self.outages: MemoryOutageStore | SqlOutageStore = MemoryOutageStore()
            self.audit: MemoryAuditLog | SqlAuditLog = MemoryAuditLog()
        self.start()

    def start(self, poll_bytes: int = POLL_BYTES, time_limit: TimeLimit = unlimited) -> None:
        """Begin (or begin again): what is not in a store is forgotten."""
        if self._engine is not None:
            self.tallies, self.fleet = SqlTallyStore(self._engine), SqlFleetStore(self._engine)
            self.incidents, self.changes = SqlIncidentStore(self._engine), SqlChangeStore(self._engine)
            self.outages, self.audit = SqlOutageStore(self._engine), SqlAuditLog(self._engine)
        known, hosts = knowledge(), tuple(self.scene.fleet.hosts)
        globs = {host: self.scene.fleet.accounting_globs(host) for host in hosts}
        reader = FollowedFiles(self.shell, globs, known.isps, self.clock, poll_bytes=poll_bytes)
        self.poll = Poll(
            shell=self.shell,
            reader=reader,
            tallies=self.tallies,
            fleet=self.fleet,
            clock=self.clock,
            time_limit=time_limit,
        )
        found = looking(
            hosts=hosts,
            tallies=self.tallies,
            fleet=self.fleet,
            incidents=self.incidents,
            changes=self.changes,
            outages=self.outages,
            silences=MemorySilenceStore(),
            audit=self.audit,
            clock=self.clock,
            rules=AlertRules(),
        )
        self.diagnose, self.look_at_hosts, self.watch = found.diagnose, found.outages, found.watch
        runner = StepRunner(shell=self.shell, changes=self.changes, clock=self.clock, locks=HostLocks())
        self.apply = Apply(
            diagnose=self.diagnose,
            playbooks=known.playbooks,
            incidents=self.incidents,
            changes=self.changes,
            runner=runner,
            audit=self.audit,
            roles=Operators(),
            clock=self.clock,
            wake=lambda: None,
        )
        self.undo = Undo(
            incidents=self.incidents,
            changes=self.changes,
            runner=runner,
            audit=self.audit,
            roles=Operators(),
            clock=self.clock,
            wake=lambda: None,
        )

    def live(self, span: timedelta, *, poll_every: timedelta = MINUTE / 2) -> None:
        for _ in range(span // poll_every):
            self.scene.live(poll_every)
            for host in self.scene.fleet.hosts:
                self.poll.host(host)
            self.apply.recover()
            self.undo.recover()
            self.undo.expire_due()
            self.host_moves.append(self.look_at_hosts.tick())
            self.moves += [(isp, move) for isp, move in self.watch.tick().items() if move not in QUIET]

    def incident(self) -> Incident:
        """The one that is open."""
        (incident,) = self.incidents.unresolved()
        return incident

    def applied(self) -> Change:
        """The recommended change, previewed and applied."""
        incident = self.incident()
        planned = self.apply.preview(incident.id, incident.diagnosis.offers[0].playbook, by=ANN)
        assert isinstance(planned, Change), planned
        done = self.apply.apply(planned.id, by=ANN, reason="rate doubled")
        assert isinstance(done, Change), done
        return done

    def queues(self) -> dict[tuple[str, str], tuple[bool, str]]:
        """What PMTA itself says of every queue of Gmail: (host, name) -> (paused, mode)."""
        for host in self.scene.fleet.hosts:
            self.poll.host(host)
        found = self.diagnose.isp("gmail").queues
        return {(queue.host, queue.name): (queue.paused, queue.mode) for queue in found}


@contextmanager
def hurried(_host: str) -> Iterator[Callable[[], bool]]:
    """A time limit that lets every poll read one round only."""
    yield lambda: True


QUIET = (Move.HOLD, Move.REFRESH, Move.BLIND)


@pytest.fixture(params=["memory", "sqlite"])
def bot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bot]:
    with ExitStack() as stack:
        yield Bot(scene(tmp_path / "fleet"), tmp_path, stack, durable=request.param == "sqlite")


def test_every_record_is_counted_once_whatever_happens_to_the_bot(bot: Bot) -> None:
    """A host that is dark for a while, a restart, midnight: the counts are those of the files."""
    bot.live(5 * MINUTE)
    bot.shell.dark = {"mta2"}
    bot.live(5 * MINUTE)
    bot.start()
    bot.shell.dark = set()
    bot.live(5 * MINUTE)
    window = Window.ending(bot.clock.now() + MINUTE, 2 * HOUR)
    for isp, rate in bot.scene.rates(2 * HOUR).items():
        assert bot.tallies.totals(window, (Dim.ISP,))[isp,].rate == pytest.approx(rate), isp
    counted = sum(tally.attempts for tally in bot.tallies.totals(window, (Dim.ISP,)).values())
    assert counted == sum(row["type"] in {"d", "t"} for row in bot.scene.rows(2 * HOUR))


def test_an_incident_from_the_first_crossing_to_the_end(bot: Bot) -> None:
    bot.live(5 * MINUTE)
    assert bot.moves == []
    bot.scene.fleet.start_scenario("gmail-reputation")
    bot.live(20 * MINUTE)
    assert [isp for isp, move in bot.moves if move is Move.OPEN] == ["gmail"]
    before = bot.queues()
    change = bot.applied()
    assert {result.outcome for result in change.results} <= {Outcome.CONFIRMED, Outcome.UNVERIFIED}
    assert bot.incident().state is IncidentState.MITIGATING
    assert len(bot.shell.changed) == len(change.plan.steps)

    bot.live(change.plan.lasts + 4 * MINUTE, poll_every=4 * MINUTE)
    ended = bot.changes.get(change.id)
    assert ended is not None
    assert (ended.state, ended.ended_by) == (ChangeState.EXPIRED, "")
    after = bot.queues()
    assert {name: after[name] for name in before if name in after} == {n: before[n] for n in before if n in after}
    bot.scene.fleet.start_scenario("calm")
    bot.live(2 * HOUR, poll_every=4 * MINUTE)
    assert bot.incidents.unresolved() == ()
    assert [move for _, move in bot.moves].count(Move.OPEN) == [move for _, move in bot.moves].count(Move.RESOLVE)


def test_show_that_fails_for_an_hour_stops_no_alert(bot: Bot) -> None:
    bot.shell.answers = lambda _host, argv, printed: "## maintenance ##" if "queues" in argv else printed
    bot.scene.fleet.start_scenario("gmail-reputation")
    bot.live(20 * MINUTE)
    diagnosis = bot.incident().diagnosis
    assert not diagnosis.blind
    assert diagnosis.queues == ()
    assert all("queues cannot be read" in line.warning for line in diagnosis.hosts)
    assert diagnosis.offers == ()  # nothing is offered for queues nobody has seen


def test_both_hosts_dark_closes_nothing_and_the_way_back_is_told_once(bot: Bot) -> None:
    bot.scene.fleet.start_scenario("gmail-reputation")
    bot.live(20 * MINUTE)
    opened = bot.incident()
    bot.shell.dark = set(bot.scene.fleet.hosts)
    bot.scene.fleet.start_scenario("calm")
    bot.live(90 * MINUTE, poll_every=2 * MINUTE)
    assert (bot.incident().id, bot.incident().diagnosis.blind) == (opened.id, True)
    bot.shell.dark = set()
    bot.live(7 * MINUTE)
    assert [move for _, move in bot.moves].count(Move.RESOLVE) == 1
    assert [move for _, move in bot.moves].count(Move.OPEN) == 1


HOST_NEWS = (OutageMove.OPEN, OutageMove.REOPEN, OutageMove.CHANGE, OutageMove.RESOLVE)


def counted_and_written(bot: Bot) -> tuple[int, int]:
    window = Window.ending(bot.clock.now() + MINUTE, 9 * HOUR)
    counted = sum(tally.attempts for tally in bot.tallies.totals(window, (Dim.ISP,)).values())
    return counted, sum(row["type"] in {"d", "t"} for row in bot.scene.rows(9 * HOUR))


def test_a_host_that_is_dark_for_ten_minutes_is_one_outage_and_everything_is_counted_once(bot: Bot) -> None:
    bot.live(5 * MINUTE)
    dark, *others = bot.scene.fleet.hosts
    bot.shell.dark = {dark}
    bot.live(10 * MINUTE)
    opened = bot.outages.newest()
    assert opened is not None
    assert (opened.state, [host.host for host in opened.dark], opened.fleet) == (OutageState.OPEN, [dark], 2)
    assert opened.share is not None
    assert 0.05 < opened.share < 0.95
    assert opened.dark[0].error == "no answer within 10 s."
    ages = {line.host: line.age_s for line in bot.diagnose.hosts()}
    assert all(ages[host] == 0.0 for host in others)  # read with every poll all the while
    bot.shell.dark = set()
    bot.live(3 * MINUTE)
    over = bot.outages.newest()
    assert over is not None
    assert (over.id, over.state) == (opened.id, OutageState.RESOLVED)
    lasted = over.hosts[0].lasted
    assert lasted is not None
    assert 10 * MINUTE <= lasted <= 12 * MINUTE
    assert [move for move in bot.host_moves if move in HOST_NEWS] == [OutageMove.OPEN, OutageMove.RESOLVE]
    counted, written = counted_and_written(bot)
    assert counted == written
    assert bot.moves == []  # and no noise about any ISP


def test_an_outage_outlives_a_restart(bot: Bot) -> None:
    bot.live(MINUTE)
    bot.shell.dark = set(bot.scene.fleet.hosts)
    bot.live(8 * MINUTE)
    before = bot.outages.newest()
    bot.start()
    bot.live(MINUTE / 2)
    after = bot.outages.newest()
    assert before is not None
    assert after is not None
    assert (after.id, after.state, after.all_dark) == (before.id, OutageState.OPEN, True)
    bot.shell.dark = set()
    bot.live(2 * MINUTE)
    assert [move for move in bot.host_moves if move in HOST_NEWS] == [OutageMove.OPEN, OutageMove.RESOLVE]


def test_a_start_after_a_long_stop_is_no_outage(bot: Bot) -> None:
    """Everybody's data is old, and nobody has tried to read it yet."""
    bot.live(MINUTE)
    bot.scene.live(HOUR)
    bot.start()
    assert bot.look_at_hosts.tick() is OutageMove.HOLD
    bot.live(MINUTE)
    assert bot.outages.newest() is None


def test_a_backlog_is_no_news_until_it_is_counted(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host comes back from an hour in the dark, and each poll reads a small piece of what it logged meanwhile."""
    bot.live(5 * MINUTE)
    dark = next(iter(bot.scene.fleet.hosts))
    bot.shell.dark = {dark}
    bot.live(HOUR, poll_every=2 * MINUTE)
    bot.shell.dark = set()
    for module in ("files", "host_files"):
        monkeypatch.setattr(f"bot.pmta.{module}.LEAST", 256 << 10)
    bot.start(poll_bytes=256 << 10, time_limit=hurried)
    behind = 0
    for _ in range(60):
        bot.live(MINUTE / 2)
        states = {line.host: line for line in bot.diagnose.hosts()}
        behind += states[dark].behind
        outage = bot.outages.newest()
        assert outage is not None
        assert (outage.state is OutageState.OPEN) == bool(states[dark].trouble)
        if not states[dark].trouble:
            break
    assert behind >= 2
    assert bot.moves == []
    assert next(move for move in bot.host_moves if move in HOST_NEWS) is OutageMove.OPEN
    assert bot.host_moves[-1] is OutageMove.RESOLVE
    counted, written = counted_and_written(bot)
    assert counted == written
