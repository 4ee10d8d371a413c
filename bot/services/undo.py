"""Take a change back: because somebody asked, or because its time is up."""

from __future__ import annotations

from bot.core.change import Change, ChangeState, Outcome, Refusal
from bot.core.incident import Note
from bot.playbook.guard import check_undo
from bot.ports import AuditLog, ChangeStore, Clock, IncidentStore, Roles, Wake
from bot.services.apply import refresh_incident, results_for_audit, results_line
from bot.services.run_steps import TOOK_EFFECT, StepRunner


class Undo:
    """Restores what every step captured before it ran."""

    def __init__(
        self,
        *,
        incidents: IncidentStore,
        changes: ChangeStore,
        runner: StepRunner,
        audit: AuditLog,
        roles: Roles,
        clock: Clock,
        wake: Wake,
    ) -> None:
        self._incidents = incidents
        self._changes = changes
        self._runner = runner
        self._audit = audit
        self._roles = roles
        self._clock = clock
        self._wake = wake

    def undo(self, change: int, *, by: str) -> Change | Refusal:
        """Take back what took effect. Where a host does not answer, the change stays active and can be retried."""
        found = self._changes.get(change)
        refusal = check_undo(found, operator=self._roles.is_operator(by), now=self._clock.now())
        if refusal is not None or found is None:
            return refusal or Refusal("gone", "That change is no longer there.")
        started = self._changes.move(change, found.state, ChangeState.UNDOING)
        if started is None:
            return self.undo(change, by=by)  # lost a race: the guard now says who won
        self._note(started, f"<@{by}> is taking back *{started.plan.title}* (CHG-{change})")
        return self._take_back(started, by=by)

    def expire_due(self) -> None:
        """Take back every change whose time is up; called every few seconds."""
        now = self._clock.now()
        for change in self._changes.in_states({ChangeState.APPLIED}):
            if change.ends_at is not None and change.ends_at <= now:
                started = self._changes.move(change.id, ChangeState.APPLIED, ChangeState.UNDOING)
                if started is not None:
                    self._take_back(started, by="")

    def recover(self) -> None:
        """At start: finish undos that a stop cut off; taking back twice is harmless, losing it is not."""
        for change in self._changes.in_states({ChangeState.UNDOING}):
            self._take_back(change, by=change.ended_by)

    def _take_back(self, change: Change, *, by: str) -> Change:
        results = self._runner.run(change, self._places(change, expired=not by), undo=True)
        complete = all(result.outcome in (Outcome.CONFIRMED, Outcome.UNVERIFIED) for result in results)
        ended = (ChangeState.UNDONE if by else ChangeState.EXPIRED) if complete else ChangeState.APPLIED
        at = self._clock.now()
        before = change.undo_results
        moved = self._changes.move(
            change.id, ChangeState.UNDOING, ended, by=by if complete else None, at=at if complete else None
        )
        now = moved or change
        if [(r.step, r.outcome) for r in now.undo_results] == [(r.step, r.outcome) for r in before] and not complete:
            return now  # the same trouble as at the last try: said once is enough
        self._audit.append(
            at=at,
            actor=by or "deferbot",
            action=ended.value if complete else "undo failed",
            subject=f"CHG-{change.id}",
            detail={"results": results_for_audit(change.plan, results, undo=True)},
        )
        why = "" if by else f"Time is up for *{change.plan.title}* (CHG-{change.id}). "
        self._note(change, why + results_line(change.plan, results, undo=True))
        refresh_incident(self._incidents, self._changes, change.plan.incident)
        self._wake()
        return now

    @staticmethod
    def _places(change: Change, *, expired: bool) -> list[int]:
        """Steps that took effect and are not taken back yet; at the end of its time PMTA's own ends need nothing."""
        done = {r.step for r in change.undo_results if r.outcome in (Outcome.CONFIRMED, Outcome.UNVERIFIED)}
        took = [r.step for r in change.results if r.outcome in TOOK_EFFECT and r.step not in done]
        return [place for place in took if not (expired and change.plan.steps[place].ends_by_itself)]

    def _note(self, change: Change, text: str) -> None:
        self._incidents.note(Note(change.plan.incident, self._clock.now(), text))
