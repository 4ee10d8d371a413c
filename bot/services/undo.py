"""Take a change back: because somebody asked, or because its time is up."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from bot.core.change import Change, ChangeState, Outcome, Refusal, StepResult
from bot.core.foreign import inert
from bot.core.incident import Note
from bot.playbook.guard import check_undo
from bot.ports import AuditLog, ChangeStore, Clock, IncidentStore, Roles, Wake
from bot.services.apply import refresh_incident, results_for_audit, results_line
from bot.services.at_work import AtWork
from bot.services.run_steps import TOOK_EFFECT, StepRunner

RETRY_AFTER = timedelta(minutes=1)
EXPIRIES_AT_ONCE = 8


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
        self._at_work = AtWork(changes)

    def undo(self, change: int, *, by: str) -> Change | Refusal:
        """Take back what took effect. Where a host does not answer, the change stays active and can be retried."""
        found = self._changes.get(change)
        refusal = check_undo(found, operator=self._roles.is_operator(by), now=self._clock.now())
        if refusal is not None or found is None:
            return refusal or Refusal("gone", "That change is no longer there.")
        with self._at_work.on(lambda: self._start(found, by)) as started:
            if started is not None:
                self._note(started, f"<@{by}> is taking back *{inert(started.plan.title)}* (CHG-{change})")
                return self._take_back(started, by=by)
        return self.undo(change, by=by)  # lost a race: the guard now says who won

    def expire_due(self) -> None:
        """Take back every change whose time is up; called every few seconds.

        What did not work is tried again once a minute, one change a round: a dead host must not keep a change on
        another host in force.
        """
        now = self._clock.now()
        due = [change for change in self._changes.in_states({ChangeState.APPLIED}) if _is_due(change, now)]
        tried = {change.id: last for change in due if (last := _last_try(change)) is not None}
        again = [change for change in due if change.id in tried and now - tried[change.id] >= RETRY_AFTER]
        again.sort(key=lambda change: tried[change.id])
        chosen = [*(change for change in due if change.id not in tried), *again[:1]]
        if chosen:
            with ThreadPoolExecutor(min(EXPIRIES_AT_ONCE, len(chosen)), thread_name_prefix="expiry") as pool:
                list(pool.map(self._expire, chosen))

    def recover(self) -> None:
        """Finish undos that a stop or a fault cut off; taking back twice is harmless, losing it is not."""
        for change in self._at_work.cut_off(ChangeState.UNDOING):
            self._take_back(change, by=change.ended_by)

    def _start(self, change: Change, by: str) -> Change | None:
        return self._changes.move(change.id, change.state, ChangeState.UNDOING, by=by)

    def _expire(self, change: Change) -> None:
        with self._at_work.on(lambda: self._start(change, "")) as started:
            if started is not None:
                self._take_back(started, by="")

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
        same = [(r.step, r.outcome) for r in now.undo_results] == [(r.step, r.outcome) for r in before]
        if same and not complete and not by:
            return now  # the same trouble as at the last try: said once is enough
        self._say(now, results, by=by, at=at, complete=complete)
        return now

    def _say(self, change: Change, results: Sequence[StepResult], *, by: str, at: datetime, complete: bool) -> None:
        self._audit.append(
            at=at,
            actor=by or "deferbot",
            action=change.state.value if complete else "undo failed",
            subject=f"CHG-{change.id}",
            detail={"results": results_for_audit(change.plan, results, undo=True)},
        )
        why = "" if by else f"Time is up for *{inert(change.plan.title)}* (CHG-{change.id}). "
        then = "" if by or complete else " It is still in force and tried again every minute."
        # Nobody may be looking any more when a pause outlives its end.
        text = why + results_line(change.plan, results, undo=True) + then
        self._note(change, text, broadcast=not by and not complete)
        refresh_incident(self._incidents, self._changes, change.plan.incident)
        self._wake()

    @staticmethod
    def _places(change: Change, *, expired: bool) -> list[int]:
        """Steps that took effect and are not taken back yet; at the end of its time PMTA's own ends need nothing."""
        done = {r.step for r in change.undo_results if r.outcome in (Outcome.CONFIRMED, Outcome.UNVERIFIED)}
        took = [r.step for r in change.results if r.outcome in TOOK_EFFECT and r.step not in done]
        return [place for place in took if not (expired and change.plan.steps[place].ends_by_itself)]

    def _note(self, change: Change, text: str, *, broadcast: bool = False) -> None:
        self._incidents.note(Note(change.plan.incident, self._clock.now(), text, broadcast))


def _is_due(change: Change, now: datetime) -> bool:
    return change.ends_at is not None and change.ends_at <= now


def _last_try(change: Change) -> datetime | None:
    """When its time being up was last acted upon."""
    ended = change.ends_at
    return max((r.at for r in change.undo_results if ended is not None and r.at >= ended), default=None)
