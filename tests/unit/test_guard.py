"""Which clicks may do something, and what the others are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.change import Change, ChangeState, Expect, Refusal
from bot.core.incident import Incident, IncidentState
from bot.playbook.guard import check_apply, check_preview, check_undo
from tests.playbook_samples import NOW, change, incident, plan, step

LATE = NOW - timedelta(minutes=11)
OTHER_STEP = step(queue="gmail.com/other")
WHOLE_VMTA = step(queue="*/ip-1")


def apply(
    change_: Change | None,
    incident_: Incident | None = incident(),  # noqa: B008  (a frozen value)
    *,
    operator: bool = True,
    others: tuple[Change, ...] = (),
    reason: str = "spam rate up",
) -> Refusal | None:
    return check_apply(change_, incident_, operator=operator, others=others, reason=reason, now=NOW)


def active(number: int, state: ChangeState = ChangeState.APPLIED, **changed: object) -> Change:
    return change(number, state, plan=replace(plan(), **changed), applied_at=NOW - timedelta(seconds=40))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("refusal", "rule", "said"),
    [
        (apply(change(), operator=False), "role", "You can still diagnose"),
        (apply(None), "unknown change", "no longer there"),
        (apply(change(), None), "unknown change", "no longer there"),
        # once only: a second or redelivered click is told what became of the first
        (
            apply(change(state=ChangeState.APPLIED, applied_at=NOW - timedelta(seconds=40))),
            "state",
            "CHG-17: it was applied 40 s ago; nothing more was done.",
        ),
        (apply(change(state=ChangeState.APPLYING)), "state", "CHG-17: it was applied; nothing more"),
        (apply(change(state=ChangeState.FAILED)), "state", "nothing more was done"),
        (apply(change(state=ChangeState.UNDOING)), "state", "nothing more was done"),
        (apply(change(state=ChangeState.UNDONE)), "state", "has ended since"),
        (apply(change(state=ChangeState.EXPIRED)), "state", "has ended since"),
        (apply(change(state=ChangeState.WITHDRAWN)), "state", "was withdrawn"),
        (apply(change(planned_at=LATE)), "stale plan", "11 min old"),
        (apply(change(), incident(IncidentState.RESOLVED)), "resolved", "INC-42 is resolved"),
        (apply(change(), reason=" \n"), "no reason", "why"),
        (
            apply(change(), others=(active(9),)),
            "duplicate",
            "CHG-9 does the same and is active (it was applied 40 s ago)",
        ),
        (apply(change(), others=(active(9, ChangeState.APPLYING),)), "duplicate", "CHG-9"),
        (apply(change(), others=(active(9, playbook="tier-block"),)), "overlap", "gmail.com/ip-1 on mta1"),
        (apply(change(), others=(active(9, incident=7),)), "overlap", "CHG-9"),
        # resuming */ip-1 would end the pause of gmail.com/ip-1 as well, and the other way round
        (apply(change(), others=(active(9, playbook="x", steps=(WHOLE_VMTA,)),)), "overlap", "*/ip-1 on mta1"),
        (
            apply(replace(change(), plan=replace(plan(), steps=(WHOLE_VMTA,))), others=(active(9, playbook="x"),)),
            "overlap",
            "gmail.com/ip-1 on mta1",
        ),
    ],
)
def test_a_click_that_may_do_nothing_is_told_why(refusal: Refusal | None, rule: str, said: str) -> None:
    assert refusal is not None
    assert refusal.rule == rule
    assert said in refusal.sentence


@pytest.mark.parametrize(
    "refusal",
    [
        apply(change()),
        apply(change(planned_at=NOW - timedelta(minutes=10))),  # the limit itself is still good
        apply(change(), others=(change(),)),  # the change itself is not in its own way
        apply(change(), others=(active(9, ChangeState.UNDONE),)),  # what has ended is in nobody's way
        apply(change(), others=(active(9, playbook="tier-block", steps=(OTHER_STEP,)),)),
        apply(change(), others=(active(9, playbook="x", steps=(step(host="mta2"),)),)),
        apply(change(), others=(active(9, playbook="x", steps=(replace(WHOLE_VMTA, queue="*/ip-10"),)),)),
        apply(change(), others=(active(9, playbook="x", steps=(step(expect=Expect.BACKOFF),)),)),
    ],
)
def test_a_click_that_may(refusal: Refusal | None) -> None:
    assert refusal is None


@pytest.mark.parametrize(
    ("incident_", "operator", "others", "rule"),
    [
        (incident(), False, (), "role"),
        (None, True, (), "unknown incident"),
        (incident(IncidentState.RESOLVED), True, (), "resolved"),
        (incident(), True, (active(9),), "duplicate"),
        (incident(), True, (active(9, ChangeState.EXPIRED),), ""),
        (incident(), True, (active(9, playbook="x"),), ""),
        (incident(IncidentState.MITIGATING), True, (), ""),
    ],
)
def test_previews(incident_: Incident | None, operator: bool, others: tuple[Change, ...], rule: str) -> None:
    found = check_preview(incident_, operator=operator, playbook="hold-mail", active=others, now=NOW)
    assert (found.rule if found else "") == rule


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (ChangeState.APPLIED, ""),
        (ChangeState.FAILED, ""),
        (ChangeState.PLANNED, "never applied"),
        (ChangeState.WITHDRAWN, "never applied"),
        (ChangeState.APPLYING, "still being applied"),
        (ChangeState.UNDOING, "being undone already"),
        (ChangeState.UNDONE, "was undone 5 min ago"),
        (ChangeState.EXPIRED, "ended by itself 5 min ago"),
    ],
)
def test_undo(state: ChangeState, said: str) -> None:
    found = check_undo(change(state=state, ended_at=NOW - timedelta(minutes=5)), operator=True, now=NOW)
    assert (found is None) is (said == "")
    assert said in (found.sentence if found else "")


def test_undo_needs_a_role_and_a_change() -> None:
    refused = check_undo(change(state=ChangeState.APPLIED), operator=False, now=NOW)
    lost = check_undo(None, operator=True, now=NOW)
    assert (refused and refused.rule, lost and lost.rule) == ("role", "unknown change")
