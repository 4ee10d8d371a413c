"""After every poll: open, change or close incidents so that each says what is true now."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from bot.core.change import ACTIVE
from bot.core.diagnosis import Diagnosis
from bot.core.foreign import inert
from bot.core.incident import Incident, IncidentState, Move, Note, looks_new, next_move, worth_a_message
from bot.core.tier import Tier
from bot.ports import AuditLog, ChangeStore, Clock, IncidentStore
from bot.services.composition import Composition
from bot.services.diagnose import Diagnose

log = logging.getLogger(__name__)


class Watch:
    """Turns diagnoses into incidents. Only one thread may run `tick`; losing a race on a revision is harmless."""

    def __init__(
        self,
        *,
        diagnose: Diagnose,
        composition: Composition,
        incidents: IncidentStore,
        changes: ChangeStore,
        audit: AuditLog,
        clock: Clock,
        alert_from: Tier,
        refresh: timedelta,
    ) -> None:
        self._diagnose = diagnose
        self._composition = composition
        self._incidents = incidents
        self._changes = changes
        self._audit = audit
        self._clock = clock
        self._alert_from = alert_from
        self._refresh = refresh
        self._held: set[str] = set()
        """ISPs whose rise is held, so that it is logged once."""

    def tick(self) -> dict[str, Move]:
        """Look at every ISP that has an incident or might need one; return what was decided for each."""
        open_now = {incident.isp: incident for incident in self._incidents.unresolved()}
        moves: dict[str, Move] = {}
        faults: list[Exception] = []
        for isp in sorted({*self._diagnose.candidates(), *open_now}):
            try:
                if isp in open_now or worth_a_message(*self._diagnose.headline(isp), self._alert_from):
                    moves[isp] = self._look(isp, open_now.get(isp))
            except Exception as error:  # noqa: BLE001  # one ISP must not silence the others; raised below
                faults.append(error)
        if faults:
            raise ExceptionGroup("ISPs that could not be looked at", faults)
        return moves

    def _look(self, isp: str, incident: Incident | None) -> Move:
        diagnosis = self._diagnose.isp(isp)
        move = next_move(incident, diagnosis, self._alert_from, self._refresh)
        if move in (Move.OPEN, Move.RISE):
            move, diagnosis = self._unless_held(move, incident, diagnosis)
        else:
            self._held.discard(isp)
        self._make(move, incident, diagnosis)
        return move

    def _unless_held(self, move: Move, incident: Incident | None, diagnosis: Diagnosis) -> tuple[Move, Diagnosis]:
        """A rise that is only the good mail of dark hosts leaving the window is no news: the tier stays."""
        isp = diagnosis.isp
        if not self._composition.explains(diagnosis):
            self._held.discard(isp)
            return move, diagnosis
        if isp not in self._held:
            self._held.add(isp)
            why = "the hosts seen were at this tier before others went dark"
            log.info(
                "rise held", extra={"action": "incident_held", "isp": isp, "tier": diagnosis.tier.name, "why": why}
            )
        if incident is None:
            return Move.HOLD, diagnosis
        held = replace(diagnosis, tier=incident.tier)
        return next_move(incident, held, self._alert_from, self._refresh), held

    def _make(self, move: Move, incident: Incident | None, diagnosis: Diagnosis) -> None:
        if move is Move.OPEN:
            self._open(diagnosis)
        elif incident is None or move is Move.HOLD:
            return
        elif move is Move.BLIND:
            self._say_blind(incident, diagnosis)
        elif move is Move.RESOLVE:
            self._resolve(incident, diagnosis)
        else:
            self._update(move, incident, diagnosis)

    def _say_blind(self, incident: Incident, diagnosis: Diagnosis) -> None:
        """Nothing is decided on stale data, but the message says that it is stale."""
        if looks_new(diagnosis, incident.diagnosis):
            self._incidents.move(incident, diagnosis=diagnosis)

    def _open(self, diagnosis: Diagnosis) -> None:
        incident = self._incidents.open(diagnosis, self._clock.now())
        if incident is None:
            return
        self._record(incident, Move.OPEN, diagnosis)
        self._note(incident, f"{_rate(diagnosis)}: tier *{diagnosis.tier.name.lower()}*, incident opened")

    def _update(self, move: Move, incident: Incident, diagnosis: Diagnosis) -> None:
        state = self._state(incident)
        moved = self._incidents.move(incident, state=state, tier=diagnosis.tier, diagnosis=diagnosis)
        if moved is None or move is Move.REFRESH:
            return
        self._record(incident, move, diagnosis)
        was, now = incident.tier.name.lower(), diagnosis.tier.name.lower()
        self._note(
            incident, f"{_rate(diagnosis)}: tier *{was}* → *{now}*", broadcast=_heard_again(move, diagnosis.tier)
        )

    def _resolve(self, incident: Incident, diagnosis: Diagnosis) -> None:
        moved = self._incidents.move(
            incident,
            state=IncidentState.RESOLVED,
            tier=diagnosis.tier,
            diagnosis=diagnosis,
            resolved_at=self._clock.now(),
        )
        if moved is None:
            return
        self._record(incident, Move.RESOLVE, diagnosis)
        why = "back to normal" if diagnosis.judged else "hardly any mail is left to judge"
        self._note(incident, f"{_rate(diagnosis)}: {why}, incident closed")

    def _state(self, incident: Incident) -> IncidentState:
        active = any(change.state in ACTIVE for change in self._changes.of_incident(incident.id))
        return IncidentState.MITIGATING if active else IncidentState.OPEN

    def _note(self, incident: Incident, text: str, *, broadcast: bool = False) -> None:
        self._incidents.note(Note(incident.id, self._clock.now(), text, broadcast))

    def _record(self, incident: Incident, move: Move, diagnosis: Diagnosis) -> None:
        detail = {"isp": diagnosis.isp, "tier": diagnosis.tier.name, "rate": diagnosis.now.rate, "why": move.value}
        self._audit.append(
            at=self._clock.now(),
            actor="deferbot",
            action=move.name.lower(),
            subject=f"INC-{incident.id}",
            detail=detail,
        )
        log.info("incident moved", extra={"action": f"incident_{move.name.lower()}", "incident": incident.id, **detail})


def _heard_again(move: Move, tier: Tier) -> bool:
    """An edit notifies nobody, so the worst tier is said in the channel once more; other rises stay in the thread."""
    return move is Move.RISE and tier is Tier.BLOCK


def _rate(diagnosis: Diagnosis) -> str:
    return f"*{inert(diagnosis.title)}* {diagnosis.now.rate:.0%} of {diagnosis.now.attempts:,} attempts deferred"
