"""Who is called when nobody takes an incident, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from bot.core.alert_rules import AlertRules
from bot.core.escalation import Escalation, Reach, Step
from bot.core.incident import Incident, IncidentState, Move
from bot.core.silence import About, Silence
from bot.core.tier import Tier
from bot.services.acknowledge import Acknowledge
from tests.watch_rig import MINUTE, NOON, WatchRig

LEADS = Step(10 * MINUTE, Reach.MENTION, "S0LEADS")
OTHER = Step(20 * MINUTE, Reach.CHANNEL, "C0LEADS")
BOSS = Step(30 * MINUTE, Reach.DM, "U0BOSS")
CALL = Escalation(Tier.REPUTATION, (LEADS, OTHER, BOSS))
HOLDS = {"rise_after": timedelta(), "min_at_risk": 0, "repeat_every": timedelta(hours=9)}


def rig_with(*rules: Escalation) -> WatchRig:
    rig = WatchRig(rules=AlertRules(**HOLDS, escalation=rules or (CALL,)))  # type: ignore[arg-type]
    rig.count(600, 300)
    rig.tick()
    return rig


def steps_told(rig: WatchRig) -> list[tuple[str, str]]:
    """(how, who) of every step in the audit, in order."""
    found = [entry.detail for entry in rig.audit.entries() if entry.action == "escalate"]
    return [(str(detail["reach"]), str(detail["target"])) for detail in found]


def wait(rig: WatchRig, span: timedelta) -> Incident:
    """A look every minute."""
    for _ in range(span // MINUTE):
        rig.see()
        rig.tick(MINUTE)
    return rig.incident()


def test_step_after_step_each_once() -> None:
    rig = rig_with()
    wait(rig, 9 * MINUTE)
    assert steps_told(rig) == []
    wait(rig, MINUTE)
    assert steps_told(rig) == [("mention", "S0LEADS")]
    told = rig.incidents.notes[-1]
    assert told.broadcast
    assert "<!subteam^S0LEADS> nobody has taken this for 10 min" in told.text
    incident = wait(rig, 19 * MINUTE)
    assert steps_told(rig)[1:] == [("channel", "C0LEADS")]
    assert incident.life.also == ("C0LEADS",)
    incident = wait(rig, 9 * MINUTE)
    assert steps_told(rig) == [("mention", "S0LEADS"), ("channel", "C0LEADS"), ("dm", "U0BOSS")]
    assert incident.life.also == ("C0LEADS", "U0BOSS")
    assert not any(note.broadcast for note in rig.incidents.notes[-2:])  # their own message tells them


def test_what_somebody_has_taken_calls_nobody_until_it_is_nobodys_again() -> None:
    rig = rig_with()
    wait(rig, 9 * MINUTE)
    Acknowledge(incidents=rig.incidents, audit=rig.audit, clock=rig.clock).acknowledge(1, by="U1")
    wait(rig, 59 * MINUTE)
    assert steps_told(rig) == []
    rig.count(600, 300)
    wait(rig, 2 * MINUTE)
    assert rig.incident().owner == ""
    wait(rig, 10 * MINUTE)
    assert steps_told(rig) == [("mention", "S0LEADS")]


def test_a_worse_tier_calls_anew() -> None:
    rig = rig_with()
    wait(rig, 15 * MINUTE)
    rig.count(0, 3000)
    assert rig.tick() == {"gmail": Move.RISE}
    wait(rig, 9 * MINUTE)
    assert steps_told(rig) == [("mention", "S0LEADS")]
    wait(rig, MINUTE)
    assert steps_told(rig) == 2 * [("mention", "S0LEADS")]


def test_below_its_tier_and_in_a_silence_nobody_is_called() -> None:
    rig = rig_with(replace(CALL, tier=Tier.BLOCK))
    wait(rig, 40 * MINUTE)
    assert steps_told(rig) == []
    rig = rig_with()
    now = rig.clock.now()
    rig.silences.add(Silence(0, About.ISP, "gmail", "U1", "known", now, now + timedelta(hours=3)))
    wait(rig, 40 * MINUTE)
    assert steps_told(rig) == []


@pytest.mark.parametrize(
    ("since", "until", "hour", "holds"),
    [
        (22, 7, 23, True),  # over midnight
        (22, 7, 3, True),
        (22, 7, 7, False),
        (22, 7, 12, False),
        (8, 17, 8, True),
        (8, 17, 17, False),
        (0, 0, 12, True),  # all day
    ],
)
def test_hours_of_the_day(since: int, until: int, hour: int, holds: bool) -> None:
    rule = replace(CALL, since=time(since), until=time(until), zone=timezone(timedelta(hours=2)))
    assert rule.holds(Tier.BLOCK, datetime(2026, 11, 20, hour, tzinfo=rule.zone).astimezone(UTC)) is holds


def test_of_several_the_first_that_holds_counts() -> None:
    night = replace(CALL, since=time(22), until=time(7), steps=(replace(BOSS, after=MINUTE),))
    rig = rig_with(night, CALL)
    assert rig.clock.now() >= NOON
    wait(rig, 10 * MINUTE)
    assert steps_told(rig) == [("mention", "S0LEADS")]


def test_what_is_over_calls_nobody() -> None:
    rig = rig_with()
    rig.clock.advance(61 * MINUTE)
    rig.see()
    rig.count(900, 1)
    wait(rig, 20 * MINUTE)
    assert rig.incident().state is IncidentState.RESOLVED
    assert steps_told(rig) == []
