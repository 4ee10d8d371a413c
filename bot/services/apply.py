"""From a click to a changed fleet: preview, guard, journal, run, read back, audit, say so."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.change import ACTIVE, Change, ChangeState, Outcome, Plan, Refusal, StepResult
from bot.core.foreign import inert, quoted
from bot.core.incident import Incident, Note
from bot.core.life import standing
from bot.playbook.guard import check_apply, check_preview
from bot.playbook.plan import make_plan
from bot.playbook.schema import Playbook
from bot.ports import AuditLog, ChangeStore, Clock, IncidentStore, Roles, Wake
from bot.services.at_work import AtWork
from bot.services.diagnose import Diagnose
from bot.services.run_steps import TOOK_EFFECT, StepRunner

_GONE = Refusal("gone", "That is no longer there: nothing was done.")


class Apply:
    """Previews and applies playbooks. Every way out is a `Change` or a `Refusal` with a sentence."""

    def __init__(
        self,
        *,
        diagnose: Diagnose,
        playbooks: Sequence[Playbook],
        incidents: IncidentStore,
        changes: ChangeStore,
        runner: StepRunner,
        audit: AuditLog,
        roles: Roles,
        clock: Clock,
        wake: Wake,
    ) -> None:
        self._diagnose = diagnose
        self._playbooks = {playbook.name: playbook for playbook in playbooks}
        self._incidents = incidents
        self._changes = changes
        self._runner = runner
        self._audit = audit
        self._roles = roles
        self._clock = clock
        self._wake = wake
        self._at_work = AtWork(changes)

    def preview(self, incident: int, playbook: str, *, by: str) -> Change | Refusal:
        """Work out what `playbook` would do now and keep it as a PLANNED change; touches no host."""
        found = self._incidents.get(incident)
        refusal = check_preview(
            found,
            operator=self._roles.is_operator(by),
            playbook=playbook,
            active=self._changes.of_incident(incident),
            now=self._clock.now(),
        )
        if refusal is not None or found is None:
            return refusal or _GONE
        chosen = self._playbooks.get(playbook)
        if chosen is None:
            return Refusal("unknown playbook", f"The playbook *{playbook}* is no longer there.")
        plan = make_plan(chosen, self._diagnose.isp(found.isp), incident, self._diagnose.plan_facts(found.isp))
        return plan if isinstance(plan, Refusal) else self._changes.plan(plan, by=by, at=self._clock.now())

    def apply(self, change: int, *, by: str, reason: str) -> Change | Refusal:
        """Run a planned change, once, exactly as previewed; says what became of it in the timeline."""
        operator = self._roles.is_operator(by)
        refusals: list[Refusal] = []
        with self._at_work.on(lambda: self._start(change, by, reason, refusals, operator=operator)) as started:
            if started is not None:
                return self._run(started)
        if refusals:
            return refusals[0]
        return self.apply(change, by=by, reason=reason)  # lost a race: the guard now says who won

    def recover(self) -> None:
        """Settle changes that a stop or a fault cut off in the middle, by reading the hosts back."""
        for change in self._at_work.cut_off(ChangeState.APPLYING):
            known = {result.step for result in change.results}
            self._runner.settle(change, [place for place in range(len(change.plan.steps)) if place not in known])
            self._finish(change.id)

    def _start(self, change: int, by: str, reason: str, refusals: list[Refusal], *, operator: bool) -> Change | None:
        """Guard and move in one step: two changes that touch the same must not both find the way free."""
        planned = self._changes.get(change)
        now = self._clock.now()
        refusal = check_apply(
            planned,
            self._incidents.get(planned.plan.incident) if planned else None,
            operator=operator,
            others=self._changes.in_states(ACTIVE),
            reason=reason,
            now=now,
        )
        if refusal is not None or planned is None:
            refusals.append(refusal or _GONE)
            return None
        return self._changes.move(
            change,
            ChangeState.PLANNED,
            ChangeState.APPLYING,
            by=by,
            reason=reason,
            at=now,
            ends_at=now + planned.plan.lasts,
        )

    def _run(self, change: Change) -> Change | Refusal:
        plan, by = change.plan, change.applied_by
        self._audit.append(
            at=self._clock.now(),
            actor=by,
            action="apply",
            subject=f"CHG-{change.id}",
            detail=_record(plan, change.reason),
        )
        self._note(
            plan.incident, f"<@{by}> is applying *{inert(plan.title)}* (CHG-{change.id}): {quoted(change.reason)}"
        )
        self._show(plan.incident)
        self._runner.run(change, range(len(plan.steps)), undo=False)
        return self._finish(change.id)

    def _finish(self, change: int) -> Change | Refusal:
        ran = self._changes.get(change)
        if ran is None:
            return _GONE
        took = any(result.outcome in TOOK_EFFECT for result in ran.results)
        done = self._changes.move(change, ChangeState.APPLYING, ChangeState.APPLIED if took else ChangeState.FAILED)
        self._audit.append(
            at=self._clock.now(),
            actor="deferbot",
            action="applied" if took else "apply failed",
            subject=f"CHG-{change}",
            detail={"results": results_for_audit(ran.plan, ran.results)},
        )
        self._note(ran.plan.incident, results_line(ran.plan, ran.results))
        self._show(ran.plan.incident)
        return done or ran

    def _note(self, incident: int, text: str) -> None:
        self._incidents.note(Note(incident, self._clock.now(), text))

    def _show(self, incident: int) -> None:
        refresh_incident(self._incidents, self._changes, incident)
        self._wake()


def refresh_incident(incidents: IncidentStore, changes: ChangeStore, incident: int) -> Incident | None:
    """Give an incident a new revision whose state fits its changes, so that its message is drawn anew."""
    while (now := incidents.get(incident)) is not None:
        changing = any(change.state in ACTIVE for change in changes.of_incident(incident))
        state = standing(now, changing=changing, owner=now.owner)
        if (moved := incidents.move(now, state=state)) is not None:
            return moved
    return None


def results_line(plan: Plan, results: Sequence[StepResult], *, undo: bool = False) -> str:
    """One timeline line: per host how many steps did what; trouble in the host's own words."""
    parts = [_heading(results, undo=undo)]
    for host in dict.fromkeys(step.host for step in plan.steps):
        mine = [result for result in results if plan.steps[result.step].host == host]
        parts.append(f"`{host}` {_host_words(mine)}")
    return parts[0] + " " + " · ".join(parts[1:])


def _heading(results: Sequence[StepResult], *, undo: bool) -> str:
    deed = "taken back" if undo else "applied"
    sent = sum(result.outcome in (Outcome.CONFIRMED, Outcome.UNVERIFIED) for result in results)
    if sent == len(results):
        return f"{deed.capitalize()}."
    maybe = sent or any(result.outcome is Outcome.UNKNOWN for result in results)
    return f"{'Partly' if maybe else 'Not'} {deed}."


def _host_words(results: Sequence[StepResult]) -> str:
    """ "3 of 3 read back", "1 of 2 read back, 1 failed: “…”"."""
    if not results:
        return "nothing to do"
    counts = [(outcome, sum(result.outcome is outcome for result in results)) for outcome in Outcome]
    said = [f"{dict(counts)[Outcome.CONFIRMED]} of {len(results)} read back"]
    said += [f"{number} {outcome.value}" for outcome, number in counts if number and outcome is not Outcome.CONFIRMED]
    trouble = next((result.said for result in results if result.outcome in (Outcome.FAILED, Outcome.UNKNOWN)), "")
    return ", ".join(said) + (f": {quoted(trouble)}" if trouble else "")


def results_for_audit(plan: Plan, results: Sequence[StepResult], *, undo: bool = False) -> list[dict[str, object]]:
    """Each step's exact command with what came of it."""
    return [
        {
            "host": plan.steps[result.step].host,
            "argv": list(plan.steps[result.step].undo_argv if undo else plan.steps[result.step].argv),
            "outcome": result.outcome.value,
            "said": result.said,
            "at": result.at.isoformat(),
        }
        for result in results
    ]


def _record(plan: Plan, reason: str) -> dict[str, object]:
    return {
        "playbook": plan.playbook,
        "title": plan.title,
        "incident": plan.incident,
        "reason": reason,
        "lasts_s": plan.lasts.total_seconds(),
        "steps": [{"host": step.host, "argv": list(step.argv), "undo": list(step.undo_argv)} for step in plan.steps],
    }
