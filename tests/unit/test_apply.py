"""Applying a change: once only, read back, nothing half-applied. In memory, in virtual time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.change import Change, ChangeState, Outcome, Refusal
from bot.core.incident import IncidentState
from bot.errors import CommandFailed, HostError, HostUnreachable
from bot.playbook.readback import read_back_argv
from tests.change_rig import ANN, BO, STRANGER, Rig, done, refused
from tests.diagnoses import plan, step


@pytest.fixture
def rig() -> Rig:
    return Rig()


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


@pytest.mark.parametrize(
    "lost", [HostUnreachable("mta1", "connection lost"), CommandFailed("mta1", "no such option", status=1, said="no")]
)
def test_what_cannot_be_read_back_is_not_failed_and_can_be_undone(rig: Rig, lost: HostError) -> None:
    change = rig.planned(plan(steps=(step(1),)))
    only = change.plan.steps[0]
    rig.hosts.shell.answer("mta1", read_back_argv(only), lost)
    outcome = done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    assert (outcome.state, outcome.results[0].outcome) == (ChangeState.APPLIED, Outcome.UNVERIFIED)
    rig.hosts.serve(only)
    assert done(rig.undo.undo(change.id, by=ANN)).state is ChangeState.UNDONE
    assert rig.hosts.paused == set()


def test_a_dead_host_does_not_hold_up_the_other_and_can_be_undone_later(rig: Rig) -> None:
    change = rig.planned()
    dead = HostUnreachable("mta1", "no answer within 20 s")
    for one in change.plan.steps[:2]:
        rig.hosts.shell.answer("mta1", one.argv, dead)
        rig.hosts.shell.answer("mta1", read_back_argv(one), dead)
    outcome = done(rig.apply.apply(change.id, by=ANN, reason="rate doubled"))
    assert [result.outcome for result in outcome.results] == [Outcome.UNKNOWN, Outcome.NOT_RUN, Outcome.CONFIRMED]
    first = change.plan.steps[0]
    assert "Partly applied." in rig.incidents.notes[-1].text
    rig.hosts.shell.answer("mta1", first.undo_argv, dead)
    still = done(rig.undo.undo(change.id, by=ANN))
    assert still.state is ChangeState.APPLIED  # mta1's outcome is open: not forgotten
    rig.hosts.serve(first)
    assert done(rig.undo.undo(change.id, by=ANN)).state is ChangeState.UNDONE
    assert rig.hosts.ran(change.plan.steps[2].undo_argv) == 1  # mta2 was taken back once


def test_two_changes_of_one_queue_at_once_are_one(rig: Rig) -> None:
    """Different playbooks, same queue: were both applied, the first undo would end the other one's pause."""
    both = [rig.planned(replace(plan(steps=(step(1),)), playbook=f"pause-{n}")) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda one: rig.apply.apply(one.id, by=ANN, reason="rate doubled"), both))
    assert sum(isinstance(outcome, Change) for outcome in outcomes) == 1
    assert {outcome.rule for outcome in outcomes if isinstance(outcome, Refusal)} == {"overlap"}


def test_foreign_names_do_nothing_in_the_timeline(rig: Rig) -> None:
    what = replace(plan(steps=(step(1),)), title="Pause <!channel> *now*")
    change = done(rig.apply.apply(rig.planned(what).id, by=ANN, reason="see <https://evil.example|this>"))
    rig.undo.undo(change.id, by=ANN)
    told = "".join(note.text for note in rig.incidents.notes)
    assert "<!" not in told and "<h" not in told
