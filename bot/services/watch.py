"""After every poll: open, change or close incidents so that each says what is true now."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.core.alert_rules import AlertRules
from bot.core.change import ACTIVE
from bot.core.diagnosis import Diagnosis
from bot.core.durations import duration_words
from bot.core.escalation import Reach, due, escalated, step_text, waiting
from bot.core.grouping import Opening, Route, clusters
from bot.core.hold import Hold, beyond_doubt
from bot.core.incident import Incident, IncidentState, Move, Note, looks_new, saying, worth_a_message
from bot.core.incident_news import news, rate_words
from bot.core.life import Decision, Look, decide
from bot.core.reminders import Reminder, let_go, reminded, reminder, reminder_text
from bot.core.silence import Silence, hush_over
from bot.ports import AuditLog, ChangeStore, Clock, IncidentStore, SilenceStore
from bot.services.composition import Composition
from bot.services.diagnose import Diagnose

log = logging.getLogger(__name__)

_RISES = (Move.OPEN, Move.REOPEN, Move.RISE, Move.RELAPSE)
_MOVES = (*_RISES, Move.FALL)
_QUIET = (Move.REFRESH, Move.BLIND)


@dataclass(frozen=True, slots=True)
class _Opens:
    """An incident to be opened, the one before it, and what was decided."""

    opening: Opening
    last: Incident | None
    decision: Decision


class Watch:
    """Turns diagnoses into incidents. Only one thread may run `tick`; losing a race on a revision is harmless."""

    def __init__(
        self,
        *,
        diagnose: Diagnose,
        composition: Composition,
        incidents: IncidentStore,
        changes: ChangeStore,
        silences: SilenceStore,
        audit: AuditLog,
        clock: Clock,
        rules: AlertRules,
        route_of: Route = lambda _isp, _tier: "",
    ) -> None:
        """`route_of`: which channel hears of an incident; only those of one channel are told as one."""
        self._diagnose = diagnose
        self._composition = composition
        self._incidents = incidents
        self._changes = changes
        self._silences = silences
        self._silenced: tuple[Silence, ...] = ()
        """Those active at this look."""
        self._audit = audit
        self._clock = clock
        self._rules = rules
        self._route_of = route_of
        self._standing: tuple[Incident, ...] = ()
        """What was not over when this look began."""
        self._holds: dict[str, Hold] = {}
        """Tiers that are seen and not believed yet; after a restart they are to be seen anew."""
        self._held: set[str] = set()
        """ISPs whose rise is held because hosts are dark, so that it is logged once."""

    def tick(self) -> dict[str, Move]:
        """Look at every ISP that has an incident or might need one; return what was decided for each."""
        self._standing = self._incidents.unresolved()
        open_now = {incident.isp: incident for incident in self._standing}
        leads = {incident.lead for incident in self._standing}
        self._silenced = self._silences.active(self._clock.now())
        moves: dict[str, Move] = {}
        faults: list[Exception] = []
        openings: list[_Opens] = []
        # a lead first: what becomes of its members raises its revision
        order = {incident.isp for incident in self._standing if incident.id in leads}
        for isp in sorted({*self._diagnose.candidates(), *open_now}, key=lambda isp: (isp not in order, isp)):
            try:
                if isp in open_now or worth_a_message(*self._diagnose.headline(isp), self._rules.alert_from):
                    moves[isp] = self._look(isp, open_now.get(isp), openings)
            except Exception as error:  # noqa: BLE001  # one ISP must not silence the others; raised below
                faults.append(error)
        try:
            self._open(openings)
        except Exception as error:  # noqa: BLE001  # as above: what was not opened is looked at again
            faults.append(error)
        self._holds = {isp: hold for isp, hold in self._holds.items() if isp in moves}
        if faults:
            raise ExceptionGroup("ISPs that could not be looked at", faults)
        return moves

    def _look(self, isp: str, incident: Incident | None, openings: list[_Opens]) -> Move:
        """What is to be opened goes to `openings`: whether it is told alone is decided once all were looked at."""
        last = incident or self._incidents.newest(isp)
        diagnosis = self._diagnose.isp(isp)
        decision, diagnosis = self._decide(last, diagnosis)
        life = waiting(last, decision.state, decision.tier, decision.life, self._clock.now())
        decision = replace(decision, life=life)
        if decision.move is Move.OPEN:
            opening = Opening(isp, replace(diagnosis, tier=decision.tier), decision.tier)
            openings.append(_Opens(opening, last, decision))
            return decision.move
        kept = self._keep(last, decision, diagnosis)
        if decision.hold is not None:
            self._holds[isp] = decision.hold
        elif kept is not None or decision.move not in _MOVES:
            self._holds.pop(isp, None)  # but for a race that was lost: the next look makes the same move
        if kept is not None and decision.move not in _QUIET:
            detail = {"state": kept.state.value, "why": decision.why or decision.move.value}
            self._record(kept, decision.move.name.lower(), detail)
        if not self._led(kept or last):
            self._escalate(self._remind(kept or last))
        return decision.move

    def _open(self, openings: Sequence[_Opens]) -> None:
        """Open what is to be opened: alone, or behind the one whose message shows it."""
        by_isp = {one.opening.isp: one for one in openings}
        now, standing = self._clock.now(), self._standing
        found = [one.opening for one in openings]
        for cluster in clusters(found, standing, self._rules, now, self._route_of) if found else ():
            lead = cluster.lead
            for opening in cluster.openings:
                last, decision = by_isp[opening.isp].last, by_isp[opening.isp].decision
                lines = partial(self._news, last, decision)
                behind = lead.id if lead else None
                kept = self._incidents.open(opening.diagnosis, now, decision.life, lead=behind, lines=lines)
                if kept is not None:
                    self._holds.pop(opening.isp, None)
                    lead = lead or kept
                    self._record(kept, "open", {"state": kept.state.value, "why": decision.why, "lead": lead.id})
            if lead is not None:
                for incident in cluster.joining:
                    self._join(incident, lead)

    def _join(self, incident: Incident, lead: Incident) -> None:
        line = Note(incident.id, self._clock.now(), f"{rate_words(incident.diagnosis)}: told in INC-{lead.id} now")
        newest = self._incidents.get(incident.id)
        moved = self._incidents.move(newest, lead=lead.id, lines=saying(line)) if newest is not None else None
        if moved is not None:
            self._record(moved, "join", {"lead": lead.id, "why": "several ISPs at once"})

    def _led(self, incident: Incident | None) -> bool:
        """Whether another one of its group that is not over speaks for it: the lead, else the first of the others."""
        if incident is None or incident.lead is None:
            return False
        lead = incident.lead
        return any(one.id == lead or (one.lead == lead and one.id < incident.id) for one in self._standing)

    def _decide(self, last: Incident | None, diagnosis: Diagnosis) -> tuple[Decision, Diagnosis]:
        """A rise that is only the good mail of dark hosts leaving the window is no news: the tier stays."""
        isp = diagnosis.isp
        look = self._look_at(last, diagnosis)
        decision = decide(last, look)
        if decision.move not in _RISES or not self._composition.explains(diagnosis):
            self._held.discard(isp)
            return decision, diagnosis
        if isp not in self._held:
            self._held.add(isp)
            why = "the hosts seen were at this tier before others went dark"
            extra = {"action": "incident_held", "isp": isp, "tier": diagnosis.tier.name, "why": why}
            log.info("rise held", extra=extra)
        if last is None or decision.move is not Move.RISE:
            rest = Decision(Move.HOLD, decision.state, decision.tier, decision.life)
            return replace(rest, hold=look.hold), diagnosis
        as_before = replace(diagnosis, tier=last.tier)
        return replace(decide(last, replace(look, diagnosis=as_before)), hold=look.hold), as_before

    def _look_at(self, last: Incident | None, diagnosis: Diagnosis) -> Look:
        rule = self._diagnose.rule_of(diagnosis.isp)
        return Look(
            diagnosis=diagnosis,
            now=self._clock.now(),
            rules=self._rules,
            hold=self._holds.get(diagnosis.isp),
            changing=self._changing(last),
            sure=beyond_doubt(diagnosis, rule.block),
            hush=hush_over(diagnosis, self._silenced, rule, self._rules.alert_from),
        )

    def _changing(self, last: Incident | None) -> bool:
        changes = self._changes.of_incident(last.id) if last else ()
        return any(change.state in ACTIVE for change in changes)

    def _news(self, last: Incident | None, decision: Decision, kept: Incident) -> list[Note]:
        """Of several told as one only what is worse than all of them is said aloud: they are in one message."""
        now, aloud = self._clock.now(), True
        if self._led(kept):
            together = [one.life.worst for one in self._standing if kept.lead in (one.id, one.lead)]
            aloud = decision.tier > max(together, default=decision.tier)
        return [Note(kept.id, now, text, broadcast and aloud) for text, broadcast in news(last, decision, kept)]

    def _remind(self, incident: Incident | None) -> Incident | None:
        """Say in the channel that it stands and nobody sees to it. Returns the incident as it is then."""
        now = self._clock.now()
        why = reminder(incident, self._rules, now) if incident is not None else None
        if incident is None or why is None:
            return incident
        life = reminded(incident.life, now)
        life = let_go(life, now) if why is Reminder.LET_GO else life
        text = f"{rate_words(incident.diagnosis)}: {reminder_text(why, incident, now)}"
        line = Note(incident.id, now, text, broadcast=True)
        moved = self._incidents.move(incident, owner="", state=IncidentState.OPEN, life=life, lines=saying(line))
        if moved is not None:
            self._record(moved, why.name.lower(), {"owner": incident.owner, "why": why.value})
        return moved

    def _escalate(self, incident: Incident | None) -> None:
        """Call whoever is to be called when nobody has taken it."""
        now = self._clock.now()
        steps = due(self._rules.escalation, incident, now) if incident is not None else ()
        if incident is None or not steps:
            return
        rate = rate_words(incident.diagnosis)
        lines = [
            Note(incident.id, now, f"{rate}: {step_text(step, incident, now)}", step.reach is Reach.MENTION)
            for step in steps
        ]
        moved = self._incidents.move(incident, life=escalated(incident.life, steps), lines=saying(*lines))
        if moved is not None:
            for step in steps:
                after = duration_words(step.after)
                why = f"nobody has taken it for {after}"
                self._record(moved, "escalate", {"reach": step.reach.value, "target": step.target, "why": why})

    def _keep(self, last: Incident | None, decision: Decision, diagnosis: Diagnosis) -> Incident | None:
        """What was written, None where there was nothing to write or somebody else was first."""
        move, now = decision.move, self._clock.now()
        at_tier = replace(diagnosis, tier=decision.tier)
        lines = partial(self._news, last, decision)
        if last is None or (last.state is IncidentState.RESOLVED and move is not Move.REOPEN) or move is Move.HOLD:
            return None
        if move is Move.REOPEN:
            return self._incidents.reopen(last, at_tier, state=decision.state, life=decision.life, lines=lines)
        if move is Move.BLIND and decision.life == last.life and not looks_new(diagnosis, last.diagnosis):
            return None  # nothing is decided on stale data, and that it is stale is shown already
        ended = now if move is Move.RESOLVE else None
        tier, state, life = decision.tier, decision.state, decision.life
        shown = diagnosis if move is Move.BLIND else at_tier
        return self._incidents.move(
            last, state=state, tier=tier, diagnosis=shown, resolved_at=ended, life=life, lines=lines
        )

    def _record(self, incident: Incident, action: str, more: Mapping[str, object]) -> None:
        detail = {"isp": incident.isp, "tier": incident.tier.name, "rate": incident.diagnosis.told_rate, **more}
        subject = f"INC-{incident.id}"
        self._audit.append(at=self._clock.now(), actor="deferbot", action=action, subject=subject, detail=detail)
        log.info("incident moved", extra={"action": f"incident_{action}", "incident": incident.id, **detail})
