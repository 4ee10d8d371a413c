"""Answer "how is mail to this ISP doing, and why": from the store alone, never over SSH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.answers import Campaigns, History, HostReport, host_report
from bot.core.category import Category
from bot.core.causes import Classify, Key, tries
from bot.core.change import ACTIVE
from bot.core.diagnosis import Diagnosis, HostLine, Overview, OverviewLine
from bot.core.health import host_line
from bot.core.incident import Incident
from bot.core.isp import IspCatalog
from bot.core.judge import Counts, Reading, judge
from bot.core.model import Dim, Tally, Window
from bot.core.refused import is_much
from bot.core.tier import Tier, TierRule
from bot.core.trends import SHORT
from bot.playbook.plan import PlanFacts
from bot.playbook.recommend import with_recommendation
from bot.playbook.schema import Playbook
from bot.ports import ChangeStore, Clock, FleetStore, IncidentStore, Meanings, TallyStore
from bot.services.breakdowns import FINE, Breakdowns
from bot.services.elsewhere import Elsewhere
from bot.services.headlines import Headlines
from bot.services.history import LongRun
from bot.services.queue_index import QueueIndex
from bot.services.rated import RatedTallies

READ_BEYOND_FLOOR = 20
"""Of the ISPs below every tier so many have their cause looked up for the overview, the worst first."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How rates are judged: the window, the tiers (per ISP where set), and when data counts as stale."""

    window: timedelta
    rule: TierRule
    rules: Mapping[str, TierRule]
    stale_after: timedelta

    def rule_of(self, isp: str) -> TierRule:
        return self.rules.get(isp, self.rule)


class Diagnose:
    """Builds diagnoses out of the store. Safe to call from any thread."""

    def __init__(
        self,
        *,
        tallies: TallyStore,
        fleet: FleetStore,
        incidents: IncidentStore,
        changes: ChangeStore,
        isps: IspCatalog,
        classifier: Meanings,
        playbooks: Sequence[Playbook],
        judgement: Judgement,
        hosts: Sequence[str],
        clock: Clock,
    ) -> None:
        self._tallies = RatedTallies(tallies, fleet, clock, judgement.window)
        self._fleet = fleet
        self._incidents = incidents
        self._changes = changes
        self._isps = isps
        self._classifier = classifier
        self._playbooks = playbooks
        self._judgement = judgement
        self._hosts = hosts
        self._clock = clock
        self._queues = QueueIndex(fleet, isps, hosts, judgement.stale_after)
        self._long_run = LongRun(self._tallies, isps)
        self.breakdowns = Breakdowns(self._tallies, self._queues, isps, classifier, self.hosts, clock, judgement.window)
        self._headlines = Headlines(self._tallies, classifier)
        self._elsewhere = Elsewhere(self._tallies, isps.title)

    def isp(self, isp: str, length: timedelta | None = None) -> Diagnosis:
        """Everything known about one ISP now, with the playbooks that fit.

        `length`: look at another window than usual; tier and recommendation stay those of the usual one.
        """
        incident = next((i for i in self._incidents.unresolved() if i.isp == isp), None)
        usual = with_recommendation(
            self._judged(isp, self._window(), incident), self._playbooks, exclude=self._active(incident)
        )
        if length is None or length == self._judgement.window:
            return usual
        return self._judged(isp, self._window(length), incident).decided_as(usual)

    def _judged(self, isp: str, window: Window, incident: Incident | None) -> Diagnosis:
        return judge(
            isp,
            self._isps.title(isp),
            window,
            self._counts(isp, window),
            self._classify(isp),
            incident.tier if incident else Tier.CLEAR,
            self._judgement.rule_of(isp),
        )

    def candidates(self) -> tuple[str, ...]:
        """Every ISP that may be above a floor: one cheap question, for every poll.

        The aimed part is never more than the whole, so all others are clear.
        """
        whole = self._tallies.totals(self._window(), (Dim.ISP,))
        return tuple(isp for (isp,), tally in whole.items() if self._not_clear(isp, tally))

    def rule_of(self, isp: str) -> TierRule:
        """Where the tiers of this ISP begin."""
        return self._judgement.rule_of(isp)

    def headline(self, isp: str) -> tuple[Tier, Category | None]:
        """The tier coming from clear, and the cause."""
        reading, rule = self._headlines.one(isp, self._window()), self._judgement.rule_of(isp)
        refused = reading.by_refusal(Tier.CLEAR, rule)
        return reading.tier(Tier.CLEAR, rule), reading.refusals.cause if refused else reading.cause

    def overview(self) -> Overview:
        """All ISPs, worst first; those with too little mail are only counted."""
        window = self._window()
        whole = {isp: tally for (isp,), tally in self._tallies.totals(window, (Dim.ISP,)).items()}
        before = self._tallies.totals(window.before(), (Dim.ISP,))
        lately = self._tallies.totals(Window.ending(window.end, SHORT), (Dim.ISP,))
        incidents = {incident.isp: incident for incident in self._incidents.unresolved()}
        listed = [
            isp
            for isp, tally in whole.items()
            if self._enough(isp, tally) or self._not_clear(isp, tally) or isp in incidents
        ]
        listed.sort(key=lambda isp: (-whole[isp].rate, -whole[isp].attempts, isp))
        over = [isp for isp in listed if isp in incidents or self._not_clear(isp, whole[isp])]
        headlines = self._headlines.each({*over, *listed[:READ_BEYOND_FLOOR]}, window)
        lines = [
            self._line(
                isp,
                headlines.get(isp) or Reading(whole[isp], 0, None, ""),
                before.get((isp,), Tally()),
                lately.get((isp,), Tally()),
                incidents.get(isp),
            )
            for isp in listed
        ]
        # much may have bounced for other reasons: dead addresses alone are no mail to judge
        lines = [line for line in lines if line.by_refusal or line.incident or self._enough(line.isp, whole[line.isp])]
        lines.sort(key=lambda line: -line.told_rate)
        return Overview(
            at=window.end,
            window=window,
            lines=tuple(lines),
            few=len(whole) - len(lines),
            min_attempts=self._judgement.rule.min_attempts,
            hosts=self.hosts(),
            active_changes=len(self._changes.in_states(ACTIVE)),
            rising=self._queues.rising(self._clock.now()),
            refused=self._headlines.refused(whole, window, self._isps.title, self.rule_of),
        )

    def hosts(self) -> tuple[HostLine, ...]:
        """How fresh every configured host is, in the order of the configuration."""
        known = {health.host: health for health in self._fleet.health()}
        now, stale_after = self._clock.now(), self._judgement.stale_after
        since = self._window().start
        return tuple(host_line(host, known.get(host), now, stale_after, since) for host in self._hosts)

    def known_isps(self) -> tuple[str, ...]:
        """Every ISP one can ask for: the catalog's, and what was seen in the last 24 h."""
        day = Window.ending(_next_minute(self._clock.now()), timedelta(hours=24))
        seen = {isp for (isp,) in self._tallies.hours(day, (Dim.ISP,))}
        return tuple(sorted(seen | set(self._isps.keys())))

    def plan_facts(self, isp: str) -> PlanFacts:
        """What a playbook's targets are chosen from."""
        cells: dict[tuple[str, str, str], Tally] = {}
        for (host, source_ip, vmta, _), tally in self._cells(isp, self._window()).items():
            key = (host, source_ip, vmta)
            cells[key] = cells.get(key, Tally()) + tally
        now = self._clock.now()
        return PlanFacts(
            cells=cells,
            queues=self._queues.of(isp, now),
            isp_title=self._isps.title(isp),
            others=self._queues.others(isp, now),
        )

    def _active(self, incident: Incident | None) -> set[str]:
        """Playbooks that are in force for it."""
        changes = self._changes.of_incident(incident.id) if incident else ()
        return {change.plan.playbook for change in changes if change.state in ACTIVE}

    def history(self, isp: str, length: timedelta) -> History:
        """One ISP hour by hour over the last `length`."""
        found = self._long_run.history(isp, length, self._clock.now(), self._judgement.rule_of(isp).min_attempts)
        return replace(found, hosts=self.hosts())

    def campaigns(self, isp: str | None = None, length: timedelta | None = None) -> Campaigns:
        """The campaigns of one ISP or of all, of the last 24 hours where no `length` is asked."""
        found = self._long_run.campaigns(isp, self._clock.now(), length)
        mostly = self.breakdowns.answered(isp, found.window) if isp else {}
        return replace(found, hosts=self.hosts(), mostly=mostly)

    def host_reports(self) -> tuple[HostReport, ...]:
        """Every configured host in full, in the order of the configuration."""
        health = {one.host: one for one in self._fleet.health()}
        seen = {snapshot.host: snapshot for snapshot in self._fleet.snapshots()}
        return tuple(host_report(line, health.get(line.host), seen.get(line.host)) for line in self.hosts())

    def _window(self, length: timedelta | None = None) -> Window:
        """The last whole minutes up to and including the running one."""
        return Window.ending(_next_minute(self._clock.now()), length or self._judgement.window)

    def _enough(self, isp: str, tally: Tally) -> bool:
        return tally.attempts >= self._judgement.rule_of(isp).min_attempts

    def _not_clear(self, isp: str, whole: Tally) -> bool:
        """True where `whole` may be above a floor, coming from clear."""
        rule = self._judgement.rule_of(isp)
        deferred = self._enough(isp, whole) and whole.rate >= rule.floor(Tier.THROTTLE)
        return deferred or is_much(whole.bounced, tries(whole), rule)

    def _line(
        self, isp: str, reading: Reading, before: Tally, lately: Tally, incident: Incident | None
    ) -> OverviewLine:
        current, rule = incident.tier if incident else Tier.CLEAR, self._judgement.rule_of(isp)
        refused = reading.by_refusal(current, rule)
        return OverviewLine(
            isp=isp,
            title=self._isps.title(isp),
            now=reading.now,
            before=before,
            tier=reading.tier(current, rule),
            cause=reading.refusals.cause if refused else reading.cause,
            code=reading.refusals.code if refused else reading.code,
            incident=incident.id if incident else None,
            lately=lately,
            refused=reading.refusals.count,
            by_refusal=refused,
        )

    def _classify(self, isp: str) -> Classify:
        return lambda reply: self._classifier.classify(reply, isp)

    def _cells(self, isp: str, window: Window) -> dict[Key, Tally]:
        by = (Dim.HOST, Dim.SOURCE_IP, Dim.VMTA, Dim.REPLY)
        return {(h, ip, v, r): tally for (h, ip, v, r), tally in self._tallies.totals(window, by, isp=isp).items()}

    def _counts(self, isp: str, window: Window) -> Counts:
        totals = self._tallies.totals
        cells = self._cells(isp, window)
        ours = {key[1] for key in cells}
        long_run, seen = self._long_run, self._queues.seen(isp, self._clock.now())
        before = {reply: tally for (reply,), tally in totals(window.before(), (Dim.REPLY,), isp=isp).items()}
        fine = window.length <= FINE
        by_minute = self._by_minute(isp, window, Dim.REPLY) if fine else None
        # Without their minutes campaigns cannot be compared: over a day they come and go.
        by_job = self._by_minute(isp, window, Dim.JOB) if fine else {}
        return Counts(
            cells=cells,
            before=sum(before.values(), Tally()),
            elsewhere=self._elsewhere.of(isp, ours, self._window()),
            jobs={job: tally for (job,), tally in totals(window, (Dim.JOB,), isp=isp).items()},
            minutes={int(m): tally for (m,), tally in totals(window, (Dim.MINUTE,), isp=isp).items()},
            samples=self._tallies.samples(isp),
            filed=self._tallies.filed(isp),
            queues=seen.queues,
            hosts=self.hosts(),
            day=long_run.day(isp, window),
            recipients=long_run.recipients(isp, window),
            hosted=long_run.hosted(isp, window),
            usual=long_run.usual(isp, window, self._judgement.rule_of(isp).min_attempts),
            waiting=seen.together,
            queue_trends=seen.trends,
            changed=self._changed(),
            replies_before=before,
            reply_minutes=by_minute,
            earlier=long_run.earlier(isp, window),
            job_minutes=by_job,
            job_replies=self._tallies.job_replies(window, isp) if fine and by_job else None,
        )

    def _by_minute(self, isp: str, window: Window, dim: Dim) -> dict[tuple[int, str], Tally]:
        totals = self._tallies.totals(window, (Dim.MINUTE, dim), isp=isp)
        return {(int(minute), name): tally for (minute, name), tally in totals.items()}

    def _changed(self) -> dict[tuple[str, str], int]:
        """(host, queue) -> the change in force on it."""
        changes = self._changes.in_states(ACTIVE)
        return {(step.host, step.queue): change.id for change in changes for step in change.plan.steps}


def _next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
