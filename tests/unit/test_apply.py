"""Applying, undoing, expiring a change: once only, read back, nothing half-applied. In memory, in virtual time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.change import Change, ChangeState, Expect, Outcome, Plan, Refusal, Step
from bot.core.incident import IncidentState
from bot.errors import CommandFailed, HostUnreachable
from bot.playbook.readback import read_back_argv
from bot.services.apply import Apply
from bot.services.run_steps import HostLocks, StepRunner
from bot.services.undo import Undo
from tests.diagnoses import diagnosis, plan, step
from tests.fakes import ManualClock, MemoryAuditLog, MemoryChangeStore, MemoryIncidentStore, ScriptedShell

ANN, BO, STRANGER = "U0ANN", "U0BO", "U0STRANGER"


class Operators:
    def is_operator(self, user: str) -> bool:
        return user in (ANN, BO)


class PmtaHosts:
    """Two hosts whose queues really pause and resume; `broken` makes one behave badly."""

    def __init__(self) -> None:
        self.shell = ScriptedShell()
        self.paused: set[tuple[str, str]] = set()

    def serve(self, what: Step) -> None:
        key = (what.host, what.queue)
        self.shell.answer(what.host, what.argv, lambda *_: self._set(key, paused=True))
        self.shell.answer(what.host, what.undo_argv, lambda *_: self._set(key, paused=False))
        self.shell.answer(what.host, read_back_argv(what), lambda *_: self._shown(key))

    def _set(self, key: tuple[str, str], *, paused: bool) -> bytes:
        (self.paused.add if paused else self.paused.discard)(key)
        return b"Queue(s) paused.\n"

    def _shown(self, key: tuple[str, str]) -> bytes:
        state = "yes" if key in self.paused else "no"
        lines = [f'queue[0].name="{key[1]}"', 'queue[0].rcp="9"', 'queue[0].kb="1.0"', 'queue[0].conn="1"']
        lines += [f'queue[0].paused="{state}"', 'queue[0].mode="normal"', 'totalRcp="9"', 'totalQueuesWithRcp="1"']
        return "\n".join(lines).encode()

    def ran(self, argv: tuple[str, ...]) -> int:
        return sum(called == argv for _, called in self.shell.calls)


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.hosts = PmtaHosts()
        self.incidents = MemoryIncidentStore()
        self.changes = MemoryChangeStore()
        self.audit = MemoryAuditLog()
        self.woken = threading.Event()
        runner = StepRunner(shell=self.hosts.shell, changes=self.changes, clock=self.clock, locks=HostLocks())
        opened = self.incidents.open(diagnosis(), self.clock.now())
        assert opened is not None
        self.incident = opened.id
        self.apply = Apply(
            diagnose=None,  # type: ignore[arg-type]  # only previews diagnose: tested with the fleet
            playbooks=(),
            incidents=self.incidents,
            changes=self.changes,
            runner=runner,
            audit=self.audit,
            roles=Operators(),
            clock=self.clock,
            wake=self.woken.set,
        )
        self.undo = Undo(
            incidents=self.incidents,
            changes=self.changes,
            runner=runner,
            audit=self.audit,
            roles=Operators(),
            clock=self.clock,
            wake=self.woken.set,
        )

    def planned(self, what: Plan | None = None) -> Change:
        chosen = replace(what or plan(steps=(step(1), step(2), step(5, "mta2"))), incident=self.incident)
        for one in chosen.steps:
            self.hosts.serve(one)
        return self.changes.plan(chosen, by=ANN, at=self.clock.now())

    def state(self) -> IncidentState:
        found = self.incidents.get(self.incident)
        assert found is not None
        return found.state


@pytest.fixture
def rig() -> Rig:
    return Rig()


def done(outcome: Change | Refusal) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome


def refused(outcome: Change | Refusal) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome


def test_applied_read_back_audited_and_undone(rig: Rig) -> None:
    change = done(rig.apply.apply(rig.planned().id, by=ANN, reason="rate doubled"))
    assert change.state is ChangeState.APPLIED
    assert [result.outcome for result in change.results] == [Outcome.CONFIRMED] * 3
    assert rig.hosts.paused == {(one.host, one.queue) for one in change.plan.steps}
    assert rig.state() is IncidentState.MITIGATING
    assert change.ends_at == rig.clock.now() + change.plan.lasts
    assert rig.woken.is_set()

    ended = done(rig.undo.undo(change.id, by=BO))
    assert ended.state is ChangeState.UNDONE
    assert rig.hosts.paused == set()
    assert rig.state() is IncidentState.OPEN
    assert [entry.action for entry in rig.audit.entries()][-3:] == ["apply", "applied", "undone"]


def test_a_stranger_changes_nothing(rig: Rig) -> None:
    change = rig.planned()
    assert refused(rig.apply.apply(change.id, by=STRANGER, reason="because")).rule == "role"
    done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    before = len(rig.hosts.shell.calls)
    assert refused(rig.undo.undo(change.id, by=STRANGER)).rule == "role"
    assert len(rig.hosts.shell.calls) == before


def test_eight_clicks_at_once_apply_once(rig: Rig) -> None:
    change = rig.planned()
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: rig.apply.apply(change.id, by=ANN, reason="rate doubled"), range(8)))
    assert sum(isinstance(outcome, Change) for outcome in outcomes) == 1
    assert all(rig.hosts.ran(one.argv) == 1 for one in change.plan.steps)
    assert "nothing more was done" in next(o for o in outcomes if isinstance(o, Refusal)).sentence


def test_an_old_preview_is_not_applied(rig: Rig) -> None:
    change = rig.planned()
    rig.clock.advance(timedelta(minutes=10, seconds=1))
    assert refused(rig.apply.apply(change.id, by=ANN, reason="rate doubled")).rule == "stale plan"
    assert rig.hosts.shell.calls == []


def test_a_refused_command_stops_nothing_else(rig: Rig) -> None:
    change = rig.planned()
    bad = change.plan.steps[0]
    rig.hosts.shell.answer("mta1", bad.argv, CommandFailed("mta1", "pmta said: no such queue", status=1, said="no"))
    outcome = done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    assert [result.outcome for result in outcome.results] == [Outcome.FAILED, Outcome.CONFIRMED, Outcome.CONFIRMED]
    assert outcome.state is ChangeState.APPLIED
    rig.undo.undo(change.id, by=ANN)
    assert rig.hosts.ran(bad.undo_argv) == 0  # what did not take effect is not taken back


def test_an_effect_that_is_not_there_is_taken_back(rig: Rig) -> None:
    change = rig.planned(plan(steps=(step(1),)))
    only = change.plan.steps[0]
    rig.hosts.shell.answer("mta1", only.argv, b"Queue(s) paused.\n")  # says so, does not do it
    outcome = done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    assert outcome.state is ChangeState.FAILED
    assert "taken back" in outcome.results[0].said
    assert rig.hosts.ran(only.undo_argv) == 1
    assert rig.state() is IncidentState.OPEN


def test_a_lost_answer_is_settled_by_reading_back(rig: Rig) -> None:
    """The connection is cut after the command took effect."""
    change = rig.planned(plan(steps=(step(1),)))
    only = change.plan.steps[0]

    def cut(*_: object) -> bytes:
        rig.hosts.paused.add((only.host, only.queue))
        raise HostUnreachable("mta1", "connection lost")

    rig.hosts.shell.answer("mta1", only.argv, cut)
    outcome = done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    assert outcome.results[0].outcome is Outcome.CONFIRMED


def test_a_dead_host_does_not_hold_up_the_other_and_can_be_undone_later(rig: Rig) -> None:
    change = rig.planned()
    dead = HostUnreachable("mta1", "no answer within 20 s")
    for one in change.plan.steps[:2]:
        rig.hosts.shell.answer("mta1", one.argv, dead)
        rig.hosts.shell.answer("mta1", read_back_argv(one), dead)
    outcome = done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    assert [result.outcome for result in outcome.results] == [Outcome.UNKNOWN, Outcome.NOT_RUN, Outcome.CONFIRMED]
    first = change.plan.steps[0]
    rig.hosts.shell.answer("mta1", first.undo_argv, dead)
    still = done(rig.undo.undo(change.id, by=ANN))
    assert still.state is ChangeState.APPLIED  # mta1's outcome is open: not forgotten
    rig.hosts.serve(first)
    assert done(rig.undo.undo(change.id, by=ANN)).state is ChangeState.UNDONE
    assert rig.hosts.ran(change.plan.steps[2].undo_argv) == 1  # mta2 was taken back once


def test_time_up_takes_back_once_and_leaves_pmtas_own_ends_alone(rig: Rig) -> None:
    own = replace(step(1), ends_by_itself=True)
    change = rig.planned(plan(steps=(own, step(2)), lasts=timedelta(hours=1)))
    done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    rig.clock.advance(timedelta(minutes=59))
    rig.undo.expire_due()
    assert rig.hosts.ran(change.plan.steps[1].undo_argv) == 0
    rig.clock.advance(timedelta(minutes=1))
    rig.undo.expire_due()
    rig.undo.expire_due()
    assert rig.hosts.ran(change.plan.steps[1].undo_argv) == 1
    assert rig.hosts.ran(own.undo_argv) == 0
    ended = rig.changes.get(change.id)
    assert ended is not None and ended.state is ChangeState.EXPIRED
    assert "ended by itself" in refused(rig.undo.undo(change.id, by=ANN)).sentence


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_restart_in_the_middle_settles_what_was_cut_off(rig: Rig, took_effect: bool) -> None:
    change = rig.planned(plan(steps=(step(1),)))
    rig.changes.move(change.id, ChangeState.PLANNED, ChangeState.APPLYING, by=ANN, at=rig.clock.now())
    if took_effect:
        rig.hosts.paused.add(("mta1", change.plan.steps[0].queue))
    rig.apply.recover()
    found = rig.changes.get(change.id)
    assert found is not None
    assert found.state is (ChangeState.APPLIED if took_effect else ChangeState.FAILED)
    assert rig.hosts.ran(change.plan.steps[0].argv) == 0  # nothing runs twice
    assert found.plan.steps[0].expect is Expect.PAUSED
