"""COMPOSITION ROOT: settings in, a running bot out. The only file of the product that names concrete adapters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from slack_bolt import App as BoltApp
from slack_sdk import WebClient
from sqlalchemy import Engine

from bot.clock import SystemClock
from bot.core.routes import Routes
from bot.jobs import Jobs
from bot.knowledge import Knowledge, load_knowledge
from bot.logins import login_of
from bot.pmta.files import POLL_BYTES, FollowedFiles
from bot.pmta.ranges import StreamingShell
from bot.pmta.ssh import SshFleet
from bot.pmta.time_limit import LimitedShell
from bot.ports import Clock
from bot.running import App
from bot.services.acknowledge import Acknowledge
from bot.services.adopt import Adopt
from bot.services.apply import Apply
from bot.services.composition import Composition
from bot.services.diagnose import Diagnose, Judgement
from bot.services.outages import Outages
from bot.services.poll import Poll
from bot.services.propose import Propose
from bot.services.rated import RatedTallies
from bot.services.resolve import Resolve
from bot.services.rule_book import RuleBook
from bot.services.run_steps import HostLocks, StepRunner
from bot.services.shifts import Shifts
from bot.services.silences import Silences
from bot.services.undo import Undo
from bot.services.unknowns import Unknowns
from bot.services.watch import Watch
from bot.settings import Settings
from bot.slack.app import SlackServices, build_app
from bot.slack.charts import Charts
from bot.slack.chat import slack_client
from bot.slack.outbox import Outbox
from bot.slack.outboxes import Outboxes
from bot.slack.pace import Pace
from bot.slack.roles import SlackRoles
from bot.slack.socket import Socket
from bot.slack.subjects import IncidentSubjects, OutageSubjects
from bot.store.audit import SqlAuditLog
from bot.store.changes import SqlChangeStore
from bot.store.engine import migrate, open_engine
from bot.store.fleet import SqlFleetStore
from bot.store.incidents import SqlIncidentStore
from bot.store.outages import SqlOutageStore
from bot.store.outbox import INCIDENTS, OUTAGES, SqlOutboxStore
from bot.store.retention import Retention
from bot.store.silences import SqlSilenceStore
from bot.store.tallies import SqlTallyStore

CLICK_WORKERS = 8
"""Threads for what people ask for; Bolt's own five only acknowledge."""
ALL_POLLS_BYTES = 512 << 20
LEAST_POLL_BYTES = 8 << 20
"""Hosts are read side by side: together they may hold so much of a backlog at a time, each at least this much."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the bot stands on and meets. `pace`: a new one for each outbox."""

    clock: Clock
    engine: Engine
    knowledge: Knowledge
    shell: StreamingShell
    client: WebClient
    pace: Callable[[], Pace] = Pace


class Parts:
    """Every part once, each built from those above it. Nothing runs yet."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self.config = settings.config
        self.secrets = settings.secrets
        self.outside = outside
        self.clock = clock = outside.clock
        self.hosts = [host.name for host in self.config.hosts]
        self.knowledge = outside.knowledge
        self.book = RuleBook(self.knowledge.rules, self.config.rules, self.knowledge.isps.keys())
        self.engine = outside.engine
        self.tallies = SqlTallyStore(self.engine)
        self.fleet = SqlFleetStore(self.engine)
        self.retention = Retention(self.engine, self.config.keep_tallies, self.config.keep_hours)
        self.incidents = SqlIncidentStore(self.engine)
        self.outages = SqlOutageStore(self.engine)
        self.silences = SqlSilenceStore(self.engine)
        self.changes = SqlChangeStore(self.engine)
        self.audit = SqlAuditLog(self.engine)
        self.shell = outside.shell
        self.client = outside.client
        self.judgement = self._judgement()
        self.outbox = self._outboxes()
        self.roles = SlackRoles(self.client, self.config.roles.get("operator", ()), clock)
        self.runner = StepRunner(shell=self.shell, changes=self.changes, clock=clock, locks=HostLocks())
        self.diagnose = self._diagnose()
        self.apply = self._apply()
        self.undo = self._undo()

    def _judgement(self) -> Judgement:
        alerts = self.config.alerts
        rules = {isp: tiers.rule() for isp, tiers in alerts.isps.items()}
        return Judgement(alerts.window, alerts.tiers.rule(), rules, alerts.stale_after)

    def _outboxes(self) -> Outboxes:
        routes = self.config.slack.routed()
        reached = [target for target in self.config.alerts.shown_to() if target not in routes.channels]
        return Outboxes([self._outbox(channel, routes) for channel in (*routes.channels, *dict.fromkeys(reached))])

    def _outbox(self, channel: str, routes: Routes) -> Outbox:
        charts = Charts(self.client, self.judgement.rule_of)
        told = SqlOutboxStore(self.engine, INCIDENTS)
        incidents = IncidentSubjects(told, self.incidents, self.changes, charts, self.clock, routes)
        outages = OutageSubjects(SqlOutboxStore(self.engine, OUTAGES), self.clock, routes.default)
        aloud, pace = channel in routes.channels, self.outside.pace()
        return Outbox(self.client, (outages, incidents), self.clock, channel, pace=pace, aloud=aloud)

    def _diagnose(self) -> Diagnose:
        return Diagnose(
            tallies=self.tallies,
            fleet=self.fleet,
            incidents=self.incidents,
            changes=self.changes,
            isps=self.knowledge.isps,
            classifier=self.book,
            playbooks=self.knowledge.playbooks,
            judgement=self.judgement,
            hosts=self.hosts,
            clock=self.clock,
        )

    def _apply(self) -> Apply:
        return Apply(
            diagnose=self.diagnose,
            playbooks=self.knowledge.playbooks,
            incidents=self.incidents,
            changes=self.changes,
            runner=self.runner,
            audit=self.audit,
            roles=self.roles,
            clock=self.clock,
            wake=self.outbox.wake,
        )

    def _undo(self) -> Undo:
        return Undo(
            incidents=self.incidents,
            changes=self.changes,
            runner=self.runner,
            audit=self.audit,
            roles=self.roles,
            clock=self.clock,
            wake=self.outbox.wake,
        )

    def slack_services(self) -> SlackServices:
        return SlackServices(
            diagnose=self.diagnose,
            breakdowns=self.diagnose.breakdowns,
            apply=self.apply,
            undo=self.undo,
            propose=Propose(Unknowns(self.tallies, self.book, self.clock), self.book),
            adopt=Adopt(book=self.book, audit=self.audit, clock=self.clock),
            acknowledge=Acknowledge(incidents=self.incidents, audit=self.audit, clock=self.clock),
            resolve=Resolve(incidents=self.incidents, audit=self.audit, clock=self.clock),
            shifts=Shifts(
                overview=self.diagnose.overview,
                incidents=self.incidents,
                changes=self.changes,
                silences=self.silences,
                outages=self.outages,
                clock=self.clock,
            ),
            silences=Silences(silences=self.silences, incidents=self.incidents, audit=self.audit, clock=self.clock),
            roles=self.roles,
            incidents=self.incidents,
            changes=self.changes,
            fleet=self.fleet,
            isps=self.knowledge.isps,
            clock=self.clock,
        )

    def slack_app(self, pool: ThreadPoolExecutor) -> BoltApp:
        return build_app(
            self.client,
            self.slack_services(),
            pool,
            self.outbox.wake,
            channel=self.config.slack.channel,
            operators=self.roles.words(),
        )

    def jobs(self, tend_socket: Callable[[], None]) -> Jobs:
        return Jobs(
            hosts=self.hosts,
            poll=self._poll(),
            outages=self._outages(),
            watch=self._watch(),
            apply=self.apply,
            undo=self.undo,
            clean_up=self._clean_up,
            tend_socket=tend_socket,
            wake=self.outbox.wake,
            poll_every=self.config.poll_every,
        )

    def _clean_up(self) -> int:
        self.book.refresh()  # what was adopted on the command line
        return self.retention.clean_up(self.clock.now())

    def _poll(self) -> Poll:
        globs = {host.name: host.accounting for host in self.config.hosts}
        at_once = min(POLL_BYTES, max(LEAST_POLL_BYTES, ALL_POLLS_BYTES // len(globs)))
        slow = frozenset(host.name for host in self.config.hosts if host.slow_link)
        ssh = LimitedShell(self.shell)
        reader = FollowedFiles(ssh, globs, self.knowledge.isps, self.clock, self.config.backfill, at_once, slow)
        return Poll(
            shell=ssh, reader=reader, tallies=self.tallies, fleet=self.fleet, clock=self.clock, time_limit=ssh.within
        )

    def _outages(self) -> Outages:
        return Outages(
            fleet=self.fleet,
            tallies=self.tallies,
            outages=self.outages,
            silences=self.silences,
            audit=self.audit,
            clock=self.clock,
            hosts=self.hosts,
            stale_after=self.config.alerts.stale_after,
        )

    def _watch(self) -> Watch:
        composition = Composition(
            tallies=RatedTallies(self.tallies, self.fleet, self.clock, self.config.alerts.window),
            outages=self.outages,
            classifier=self.book,
            judgement=self.judgement,
            alert_from=self.config.alerts.alert_from,
            poll_every=self.config.poll_every,
        )
        return Watch(
            diagnose=self.diagnose,
            composition=composition,
            incidents=self.incidents,
            changes=self.changes,
            silences=self.silences,
            audit=self.audit,
            clock=self.clock,
            rules=self.config.alerts.rules(),
            route_of=self.config.slack.routed().of,
        )


def build(settings: Settings, *, clock: Clock | None = None) -> App:
    """Put the bot together; nothing runs yet.

    Raises: ConfigError (playbooks, database), StoreError.
    """
    config, secrets = settings.config, settings.secrets
    knowledge = load_knowledge(config.playbooks, config.rules)
    engine = open_engine(secrets.database_url)
    migrate(engine)
    shell = SshFleet([login_of(host) for host in config.hosts], config.known_hosts)
    client = slack_client(secrets.slack_bot_token.get_secret_value(), secrets.slack_api_url)
    parts = Parts(settings, Outside(clock or SystemClock(), engine, knowledge, shell, client))
    pool = ThreadPoolExecutor(CLICK_WORKERS, thread_name_prefix="clicks")
    stopping = threading.Event()
    app = parts.slack_app(pool)
    socket = Socket(app, secrets.slack_app_token.get_secret_value())
    return App(
        jobs=parts.jobs(socket.tend),
        socket=socket,
        outbox=parts.outbox,
        pool=pool,
        shell=shell,
        engine=engine,
        stopping=stopping,
        outbox_thread=threading.Thread(target=parts.outbox.run, args=(stopping,), name="outbox", daemon=True),
    )
