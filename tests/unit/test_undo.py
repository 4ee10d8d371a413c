"""Taking back: by a click, because time is up, after a stop in the middle. In memory, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.change import ChangeState, Expect, Outcome
from bot.errors import CommandFailed, HostUnreachable, StoreError
from bot.playbook.readback import read_back_argv
from tests.change_rig import ANN, BO, Rig, done, refused
from tests.diagnoses import plan, step


@pytest.fixture
def rig() -> Rig:
    return Rig()


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


def test_an_undo_that_was_cut_off_is_still_the_persons(rig: Rig) -> None:
    """Not an end of its time: a source that PMTA would take back only hours later is taken back now."""
    change = rig.applied(replace(step(1), ends_by_itself=True))
    rig.changes.move(change.id, ChangeState.APPLIED, ChangeState.UNDOING, by=BO)
    rig.undo.recover()
    found = rig.changes.get(change.id)
    assert found is not None
    assert (found.state, found.ended_by) == (ChangeState.UNDONE, BO)
    assert rig.hosts.paused == set()
    assert rig.audit.entries()[-1].actor == BO


def test_an_expiry_that_was_cut_off_is_still_an_expiry(rig: Rig) -> None:
    change = rig.applied(step(1))
    rig.changes.move(change.id, ChangeState.APPLIED, ChangeState.UNDOING, by="")
    rig.undo.recover()
    assert rig.state_of(change) is ChangeState.EXPIRED


def test_what_is_under_way_is_not_taken_for_cut_off(rig: Rig) -> None:
    """Recovery runs every few seconds, beside changes that are being applied and taken back."""
    change = rig.planned(plan(steps=(step(1),)))
    only = change.plan.steps[0]

    def meanwhile(*_: object) -> bytes:
        rig.apply.recover()
        rig.undo.recover()
        rig.undo.expire_due()
        rig.hosts.paused ^= {(only.host, only.queue)}
        return b"Queue(s) paused.\n"

    rig.hosts.shell.answer("mta1", only.argv, meanwhile)
    rig.hosts.shell.answer("mta1", only.undo_argv, meanwhile)
    assert done(rig.apply.apply(change.id, by=ANN, reason="rate doubled")).state is ChangeState.APPLIED
    assert done(rig.undo.undo(change.id, by=ANN)).state is ChangeState.UNDONE
    assert (rig.hosts.ran(only.argv), rig.hosts.ran(only.undo_argv)) == (1, 1)


def test_a_fault_in_the_middle_is_settled_without_a_restart(rig: Rig) -> None:
    change = rig.applied(step(1))

    rig.changes.full = True
    with pytest.raises(StoreError):
        rig.undo.undo(change.id, by=ANN)
    assert rig.state_of(change) is ChangeState.UNDOING
    rig.changes.full = False
    rig.undo.recover()
    assert rig.state_of(change) is ChangeState.UNDONE


def test_a_dead_host_keeps_no_other_change_in_force(rig: Rig) -> None:
    dead = HostUnreachable("mta1", "no answer within 20 s")
    changes = [rig.applied(step(n, "mta1" if n < 9 else "mta2"), playbook=f"pause-{n}") for n in range(1, 10)]
    for change in changes[:-1]:
        for argv in (change.plan.steps[0].undo_argv, read_back_argv(change.plan.steps[0])):
            rig.hosts.shell.answer("mta1", argv, dead)
    rig.clock.advance(timedelta(hours=9))
    rig.undo.expire_due()
    assert [rig.state_of(change) for change in changes] == [ChangeState.APPLIED] * 8 + [ChangeState.EXPIRED]
    calls = len(rig.hosts.shell.calls)
    rig.clock.advance(timedelta(seconds=30))
    rig.undo.expire_due()
    assert len(rig.hosts.shell.calls) == calls  # not asked for ever and ever
    rig.clock.advance(timedelta(seconds=31))
    rig.undo.expire_due()
    assert len(rig.hosts.shell.calls) == calls + 2  # one change a round: the command, and the reading back


def test_a_pause_that_outlives_its_end_is_said_once_and_aloud(rig: Rig) -> None:
    change = rig.applied(step(1))
    rig.hosts.shell.answer("mta1", change.plan.steps[0].undo_argv, CommandFailed("mta1", "no", status=1, said="no"))
    rig.clock.advance(timedelta(hours=9))
    before = len(rig.incidents.notes)
    for _ in range(5):
        rig.undo.expire_due()
        rig.clock.advance(timedelta(minutes=1))
    (note,) = rig.incidents.notes[before:]
    assert note.broadcast
    assert "Not taken back." in note.text and "still in force" in note.text
    rig.hosts.serve(change.plan.steps[0])
    rig.undo.expire_due()
    assert rig.state_of(change) is ChangeState.EXPIRED
    assert not rig.incidents.notes[-1].broadcast


def test_a_failed_try_of_a_person_is_audited_each_time(rig: Rig) -> None:
    change = rig.applied(step(1))
    rig.hosts.shell.answer("mta1", change.plan.steps[0].undo_argv, CommandFailed("mta1", "no", status=1, said="no"))
    rig.undo.undo(change.id, by=ANN)
    rig.undo.undo(change.id, by=BO)
    assert [(e.actor, e.action) for e in rig.audit.entries()][-2:] == [(ANN, "undo failed"), (BO, "undo failed")]


def test_a_dead_host_is_asked_once_when_a_change_is_settled(rig: Rig) -> None:
    change = rig.planned(plan(steps=tuple(step(n) for n in range(1, 7))))
    rig.changes.move(change.id, ChangeState.PLANNED, ChangeState.APPLYING, by=ANN, at=rig.clock.now())
    for one in change.plan.steps:
        rig.hosts.shell.answer("mta1", read_back_argv(one), HostUnreachable("mta1", "no answer within 20 s"))
    rig.apply.recover()
    assert len(rig.hosts.shell.calls) == 1
    found = rig.changes.get(change.id)
    assert found is not None
    assert {result.outcome for result in found.results} == {Outcome.UNKNOWN}
    assert found.state is ChangeState.APPLIED  # it may be in effect: to be taken back
