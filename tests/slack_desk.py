"""The Slack side of the bot on a LocalSlack, with hand-written use cases behind the buttons."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from slack_bolt import App

from bot.core.answers import Campaigns, History, HostReport
from bot.core.breakdown import Of, Place, Queues, Replies, Sources
from bot.core.change import Change, ChangeState, Refusal
from bot.core.diagnosis import Diagnosis, Overview
from bot.core.incident import Incident
from bot.core.model import Window
from bot.core.routes import Route, Routes
from bot.errors import DeferbotError
from bot.playbook.isps import load_isps
from bot.services.acknowledge import Acknowledge
from bot.services.resolve import Resolve
from bot.services.shifts import Shifts
from bot.services.silences import Silences
from bot.sim.slack.server import LocalSlack, RateLimits
from bot.slack.app import SlackServices, build_app
from bot.slack.charts import Charts
from bot.slack.outbox import Outbox
from bot.slack.pace import Pace
from bot.slack.roles import SlackRoles
from bot.slack.socket import Socket
from bot.slack.subjects import IncidentSubjects, OutageSubjects
from tests.answers import campaigns, history, host_reports
from tests.breakdowns import place, queues, replies, sources
from tests.diagnoses import NOW, diagnosis, overview, plan
from tests.fakes import (
    ManualClock,
    MemoryAuditLog,
    MemoryChangeStore,
    MemoryFleetStore,
    MemoryIncidentStore,
    MemoryOutageStore,
    MemoryOutboxStore,
    MemorySilenceStore,
)
from tests.local_slack_bot import ANN, BO, client_of
from tests.rule_desk import RuleDesk

ISPS = Path(__file__).parents[1] / "playbooks" / "isps.yaml"


class TableDiagnose:
    """Answers from what it was given; `error` makes every answer fail."""

    def __init__(self) -> None:
        self.found: dict[str, Diagnosis] = {"gmail": diagnosis()}
        self.all: Overview = overview()
        self.error: Exception | None = None

    def isp(self, isp: str, length: timedelta | None = None) -> Diagnosis:
        if self.error is not None:
            raise self.error
        found = self.found.get(isp) or diagnosis(isp=isp, title=isp, offers=())
        return found if length is None else replace(found, window=Window.ending(NOW, length))

    def history(self, isp: str, length: timedelta) -> History:
        return history(length // timedelta(hours=1), isp=isp)

    def campaigns(self, isp: str | None = None, length: timedelta | None = None) -> Campaigns:
        found = campaigns() if isp else campaigns(isp="", title="")
        return found if length is None else replace(found, window=Window.ending(NOW, length))

    def host_reports(self) -> tuple[HostReport, ...]:
        return host_reports()

    def overview(self) -> Overview:
        return self.all

    def known_isps(self) -> tuple[str, ...]:
        return ("gmail", "microsoft", "example.org")


class TableBreakdowns:
    """Two hundred source IPs and VMTAs, forty replies and queues; one place is known by its name."""

    def sources(self, isp: str, of: Of, length: timedelta | None = None) -> Sources:
        return sources(200, isp=isp, of=of, window=Window.ending(NOW, length or timedelta(hours=1)))

    def replies(self, isp: str, length: timedelta | None = None) -> Replies:
        return replies(40, isp=isp, window=Window.ending(NOW, length or timedelta(hours=1)))

    def queues(self, isp: str | None = None) -> Queues:
        return queues(40, isp=isp or "", title=isp or "")

    def place(self, of: Of, asked: str, length: timedelta | None = None) -> Place:
        known = place(of=of, window=Window.ending(NOW, length or timedelta(hours=1)))
        return known if asked == known.key else place(of=of, key=asked, lines=(), nearest=known.key)


@dataclass
class CountingApply:
    """Plans into the real store double and counts; `refusal` or `error` is the answer where one is set."""

    incidents: MemoryIncidentStore
    changes: MemoryChangeStore
    refusal: Refusal | None = None
    error: DeferbotError | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    """Closed: applying waits, as for a slow host."""
    previews: list[tuple[int, str, str]] = field(default_factory=list)
    applied: list[tuple[int, str, str]] = field(default_factory=list)

    def preview(self, incident: int, playbook: str, *, by: str) -> Change | Refusal:
        self.previews.append((incident, playbook, by))
        if self.error is not None:
            raise self.error
        return self.refusal or self.changes.plan(plan(playbook=playbook, incident=incident), by=by, at=NOW)

    def apply(self, change: int, *, by: str, reason: str) -> Change | Refusal:
        self.gate.wait(timeout=10)
        self.applied.append((change, by, reason))
        if self.refusal is not None:
            return self.refusal
        started = self.changes.move(change, ChangeState.PLANNED, ChangeState.APPLYING, by=by, reason=reason, at=NOW)
        if started is None:
            first = self.changes.get(change)
            who = first.applied_by if first else "nobody"
            return Refusal("already", f"<@{who}> applied CHG-{change} already; nothing more was done.")
        done = self.changes.move(change, ChangeState.APPLYING, ChangeState.APPLIED)
        return done or Refusal("lost", "lost")


@dataclass
class CountingUndo:
    changes: MemoryChangeStore
    undone: list[tuple[int, str]] = field(default_factory=list)

    def undo(self, change: int, *, by: str) -> Change | Refusal:
        self.undone.append((change, by))
        if self.changes.move(change, ChangeState.APPLIED, ChangeState.UNDOING) is None:
            return Refusal("not active", f"CHG-{change} is not active; nothing was done.")
        done = self.changes.move(change, ChangeState.UNDOING, ChangeState.UNDONE, by=by, at=NOW)
        return done or Refusal("lost", "lost")


@dataclass
class FakeTime:
    """Seconds for `Pace` that pass only by waiting; `waits` keeps how long each wait was."""

    def __init__(self) -> None:
        self.at = 100.0
        self.waits: list[float] = []
        self.stopping = False

    def monotonic(self) -> float:
        return self.at

    def wait(self, seconds: float) -> bool:
        self.waits.append(round(seconds, 3))
        if self.stopping:
            return True
        self.at += seconds
        return False


class SlackDesk:
    """One LocalSlack with the whole Slack side of the bot attached."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.client = client_of(slack)
        self.clock = ManualClock(NOW)
        self.incidents = MemoryIncidentStore()
        self.changes = MemoryChangeStore()
        self.outbox_store = MemoryOutboxStore(self.incidents)
        self.outages = MemoryOutageStore()
        self.outages_told = MemoryOutboxStore(self.outages, "OUT")
        self.diagnose = TableDiagnose()
        self.apply = CountingApply(self.incidents, self.changes)
        self.apply.gate.set()
        self.undo = CountingUndo(self.changes)
        self.audit = MemoryAuditLog()
        self.silence_store = MemorySilenceStore()
        self.silences = Silences(
            silences=self.silence_store, incidents=self.incidents, audit=self.audit, clock=self.clock
        )
        self.rules = RuleDesk(self.clock)
        self.roles = SlackRoles(self.client, ["@mail-oncall"], self.clock)
        self.time = FakeTime()
        self.outbox = self.new_outbox()
        self.woken = 0
        self.pool: ThreadPoolExecutor
        self._before = {person.id: len(slack.ephemerals(person.id)) for person in (ANN, BO)}

    def new_outbox(self, channel: str = "", routes: Sequence[Route] = (), *, aloud: bool = True) -> Outbox:
        """Of `channel`, the default one where none is given."""
        pace = Pace(monotonic=self.time.monotonic, wait=self.time.wait)
        self.charts = Charts(self.client)
        default = self.slack.channel_id
        routed = Routes(default, routes)
        incidents = IncidentSubjects(self.outbox_store, self.incidents, self.changes, self.charts, self.clock, routed)
        outages = OutageSubjects(self.outages_told, self.clock, default)
        return Outbox(self.client, (outages, incidents), self.clock, channel or default, pace=pace, aloud=aloud)

    def services(self) -> SlackServices:
        return SlackServices(
            diagnose=self.diagnose,
            breakdowns=TableBreakdowns(),
            apply=self.apply,
            undo=self.undo,
            propose=self.rules.propose,
            adopt=self.rules.adopt,
            acknowledge=Acknowledge(incidents=self.incidents, audit=self.audit, clock=self.clock),
            resolve=Resolve(incidents=self.incidents, audit=self.audit, clock=self.clock),
            shifts=Shifts(
                overview=self.diagnose.overview,
                incidents=self.incidents,
                changes=self.changes,
                silences=self.silence_store,
                outages=self.outages,
                clock=self.clock,
            ),
            silences=self.silences,
            roles=self.roles,
            incidents=self.incidents,
            changes=self.changes,
            fleet=MemoryFleetStore(),
            isps=load_isps(ISPS),
            clock=self.clock,
        )

    def wake(self) -> None:
        self.woken += 1

    def open_incident(self, **given: str) -> Incident:
        opened = self.incidents.open(diagnosis(**given), NOW)
        assert opened is not None
        return opened

    def alert(self) -> str:
        """The ts of a posted alert."""
        self.open_incident()
        assert self.outbox.deliver() == 1
        return str(self.slack.messages()[-1]["ts"])

    def private(self, user: str = ANN.id) -> list[dict[str, Any]]:
        """The private answers of this desk to `user`, in order."""
        return self.slack.ephemerals(user)[self._before[user] :]

    def active_change(self, incident: int = 1) -> int:
        """The id of a change that is in force."""
        planned = self.changes.plan(replace(plan(), incident=incident), by=ANN.id, at=NOW)
        self.changes.move(planned.id, ChangeState.PLANNED, ChangeState.APPLYING, by=ANN.id, reason="test", at=NOW)
        self.changes.move(planned.id, ChangeState.APPLYING, ChangeState.APPLIED)
        return planned.id


class Workplace:
    """One LocalSlack and one socket for a whole module, since closing a socket takes a second."""

    def __init__(self) -> None:
        self.slack = LocalSlack(people=[ANN, BO], limits=RateLimits(post_burst=10_000, per_minute=False))
        self.slack.start()
        self._apps: list[App] = []
        self.socket = Socket(self._app(SlackDesk(self.slack), self._pool()), self.slack.app_token)
        self.socket.start()
        self.slack.wait_connected()

    @contextmanager
    def desk(self) -> Iterator[SlackDesk]:
        """A fresh bot behind the same socket."""
        made, pool = SlackDesk(self.slack), self._pool()
        made.pool = pool
        assert self.socket._handler is not None
        self.socket._handler.app = self._app(made, pool)
        try:
            yield made
        finally:
            pool.shutdown(wait=True)
            self.slack.duplicate_envelopes(on=False)
            for person in (ANN, BO):
                for view in reversed(self.slack.views(person.id)):
                    self.slack.close_view(person.id, view["id"])

    def close(self) -> None:
        self.slack.close_sockets()
        self.socket.close()
        for app in self._apps:
            app.listener_runner.listener_executor.shutdown()
        self.slack.stop()

    @staticmethod
    def _pool() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=4, thread_name_prefix="desk")

    def _app(self, desk: SlackDesk, pool: ThreadPoolExecutor) -> App:
        words = "people in @mail-oncall"
        app = build_app(desk.client, desk.services(), pool, desk.wake, channel=self.slack.channel_id, operators=words)
        self._apps.append(app)
        return app
