"""The life of an incident in virtual time: every way has a reason, and none is gone that must not be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.category import Category
from bot.core.diagnosis import HostLine
from bot.core.hold import believed, beyond_doubt
from bot.core.incident import Incident, IncidentState, Life, Move, Taken, calm
from bot.core.life import TRANSITIONS, Facts, Look, decide, next_state
from bot.core.model import Tally
from bot.core.tier import Tier, TierRule, tier_for
from tests.diagnoses import NOW, diagnosis
from tests.told_life import DARK, MINUTE, POLL, RULES, STATES, Told, opened, seen

# ---- the table


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("changing", [True, False])
@pytest.mark.parametrize("owned", [True, False])
def test_every_way_has_a_reason_and_leads_to_rest(
    state: IncidentState, above: bool, settled: bool, changing: bool, owned: bool
) -> None:
    facts = Facts(above, settled, changing, owned)
    there, why = next_state(state, facts)
    assert bool(why) is (there is not state)
    assert next_state(there, facts) == (there, "")
    if state is not IncidentState.RESOLVED:
        assert there is facts.goal  # whatever the facts, no live state is stuck


def test_no_way_leads_nowhere() -> None:
    assert all(here is not there and why for (here, there), why in TRANSITIONS.items())
    assert {here for here, _ in TRANSITIONS} == {there for _, there in TRANSITIONS} == set(STATES)


def test_from_the_first_crossing_to_the_end() -> None:
    told = opened()
    told.take("U1")
    assert [told.state] == [IncidentState.ACKNOWLEDGED]
    told.changing = True
    assert (told.look(0.3), told.state) == (Move.REFRESH, IncidentState.MITIGATING)
    assert (told.look(0.01), told.state) == (Move.RECOVER, IncidentState.RECOVERING)
    assert told.over(0.01, 5 * MINUTE) == [Move.RESOLVE]
    assert told.state is IncidentState.RESOLVED


def test_a_change_that_ends_leaves_it_with_its_owner() -> None:
    told = opened()
    told.take("U1")
    told.changing = True
    told.look(0.3)
    told.changing = False
    told.look(0.3)
    assert (told.state, told.decided[-1].why) == (IncidentState.ACKNOWLEDGED, "no change of ours is in force any more")


# ---- holds


def test_a_blip_of_one_poll_opens_nothing_and_two_polls_do() -> None:
    told = Told()
    assert told.over(0.3, POLL) == []
    assert told.over(0.01, POLL) == []
    assert told.over(0.3, POLL) == []
    assert told.over(0.3, POLL) == [Move.OPEN]


def test_the_second_poll_may_come_a_little_early() -> None:
    told = Told()
    told.look(0.3)
    assert told.look(0.3, wait=timedelta(seconds=8.5)) is Move.OPEN


def test_a_block_beyond_doubt_is_told_at_the_first_poll() -> None:
    told = Told()
    assert told.look(0.7, sure=True) is Move.OPEN
    assert told.tier is Tier.BLOCK


@pytest.mark.parametrize(
    ("deferred", "attempts", "expected"),
    [
        (400, 500, True),
        (399, 499, False),  # less than ten times what a tier needs
        (260, 500, False),  # it may be 48 % as well
        (2_000, 5_000, False),  # not that tier at all
    ],
)
def test_what_is_beyond_doubt(deferred: int, attempts: int, expected: bool) -> None:
    tier = tier_for(deferred / attempts, attempts, Tier.CLEAR, TierRule())
    found = diagnosis(now=Tally(attempts - deferred, deferred), aimed=deferred, tier=tier)
    assert beyond_doubt(found, TierRule().block) is expected


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([Tier.REPUTATION, Tier.REPUTATION], Tier.REPUTATION),
        ([Tier.BLOCK, Tier.MIXED], Tier.MIXED),  # only that much has lasted
        ([Tier.MIXED, Tier.BLOCK], Tier.MIXED),
        ([Tier.BLOCK, Tier.CLEAR, Tier.BLOCK], Tier.CLEAR),  # it begins anew
    ],
)
def test_what_has_lasted_is_believed(looks: list[Tier], expected: Tier) -> None:
    hold, tier = None, Tier.CLEAR
    for n, look in enumerate(looks):
        tier, hold = believed(Tier.CLEAR, look, hold, RULES, NOW + n * POLL)
    assert tier is expected


def test_a_tier_falls_after_five_minutes_to_the_worst_of_them() -> None:
    told = opened(0.6)
    assert told.over(0.3, 3 * MINUTE) == []
    assert told.over(0.2, MINUTE) == []
    assert [told.tier] == [Tier.BLOCK]
    assert told.over(0.2, 2 * MINUTE) == [Move.FALL]
    assert told.tier is Tier.REPUTATION


def test_inside_the_slack_nothing_falls_however_long() -> None:
    told = opened(0.3)
    assert told.over(0.24, 3 * 60 * MINUTE) == []
    assert told.tier is Tier.REPUTATION


def test_a_recovery_that_does_not_last_closes_nothing() -> None:
    told = opened()
    assert told.over(0.01, 4 * MINUTE) == [Move.RECOVER]
    assert told.look(0.3) is Move.RELAPSE
    assert told.state is IncidentState.OPEN
    assert told.over(0.01, 4 * MINUTE) == [Move.RECOVER]
    assert told.over(0.01, 2 * MINUTE) == [Move.RESOLVE]


def test_a_recovery_nobody_saw_to_its_end_begins_anew() -> None:
    told = opened()
    told.over(0.01, 4 * MINUTE)
    assert told.look(0.01, hosts=DARK) is Move.BLIND
    assert told.over(0.01, 4 * MINUTE) == []
    assert told.over(0.01, 2 * MINUTE) == [Move.RESOLVE]


# ---- again


def closed() -> Told:
    told = opened()
    told.take("U1")
    assert told.over(0.01, 6 * MINUTE) == [Move.RECOVER, Move.RESOLVE]
    return told


def test_what_crosses_again_soon_is_the_same_incident_and_is_told_aloud() -> None:
    told = closed()
    assert told.over(0.01, 20 * MINUTE) == []
    assert told.over(0.3, 2 * POLL) == [Move.REOPEN]
    assert told.last is not None
    assert (len(told.incidents), told.last.owner, told.last.life.reopened) == (1, "", 1)
    assert told.last.life.taken is None
    assert (told.state, told.last.resolved_at) == (IncidentState.OPEN, None)
    text, aloud = told.lines[-1]
    assert aloud
    assert "the same incident goes on (<@U1> had it; now nobody has)" in text


def test_what_crosses_again_late_is_a_new_one() -> None:
    told = closed()
    assert told.over(0.01, 30 * MINUTE) == []
    assert told.over(0.3, 2 * POLL) == [Move.OPEN]
    assert [found.id for found in told.incidents] == [1, 2]


@pytest.mark.parametrize(("wait", "expected"), [(30 * MINUTE, Move.REOPEN), (30 * MINUTE + POLL, Move.OPEN)])
def test_soon_is_half_an_hour(wait: timedelta, expected: Move) -> None:
    told = closed()
    assert told.last is not None
    assert told.last.resolved_at is not None
    told.now = told.last.resolved_at
    assert told.look(0.7, wait=wait, sure=True) is expected


def test_what_is_no_more_than_pacing_brings_nothing_back() -> None:
    told = closed()
    moves = {told.look(0.1, cause=Category.THROTTLE_NORMAL) for _ in range(30)}
    assert moves == {Move.HOLD}


# ---- anything at all

LOOKS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.04, 0.1, 0.14, 0.2, 0.24, 0.3, 0.49, 0.6, 1.0]),
        st.sampled_from([Category.REPUTATION_IP, Category.THROTTLE_NORMAL, Category.BLOCKLIST]),
        st.integers(1, 120).map(lambda n: n * POLL),
        st.sampled_from(["", "", "", "dark", "take", "change"]),
    ),
    max_size=60,
)


@given(LOOKS)
def test_whatever_happens(looks: list[tuple[float, Category, timedelta, str]]) -> None:
    told = Told()
    for rate, cause, wait, event in looks:
        before = told.last
        was = before.state if before else IncidentState.RESOLVED
        if event == "take" and was is not IncidentState.RESOLVED:
            told.take("U1")
            was = told.state
        told.changing ^= event == "change"
        hosts = DARK if event == "dark" else (HostLine("mta1", 4.0),)
        current = told.tier
        move = told.look(rate, wait=wait, cause=cause, hosts=hosts)
        decision, found = told.decided[-1], seen(rate, told.now, current, cause=cause, hosts=hosts)
        if told.last is not None and told.last.state is not was and move is not Move.OPEN:
            assert decision.why == TRANSITIONS[was, told.last.state]
        assert sum(i.state is not IncidentState.RESOLVED for i in told.incidents) <= 1
        if move is Move.RESOLVE:
            assert calm(found, RULES.alert_from)
        if event == "dark":
            assert told.last is None or told.last.state is was  # nothing is decided on stale data
        if move in (Move.RISE, Move.OPEN, Move.REOPEN):
            assert told.tier <= found.tier
            assert told.tier > current
    told.over(0.0, 6 * MINUTE)
    assert not told.incidents or told.state is IncidentState.RESOLVED  # it ends


def test_a_life_of_an_older_version_has_the_tier_of_its_incident() -> None:
    old = Incident(7, "gmail", IncidentState.OPEN, Tier.BLOCK, NOW, 3, 0.6, seen(0.6, NOW))
    assert old.life == Life()
    after = decide(old, Look(seen(0.6, NOW + MINUTE, Tier.BLOCK), NOW + MINUTE, RULES))
    assert after.life.worst is Tier.BLOCK


def test_one_that_somebody_took_in_an_older_version_is_theirs() -> None:
    old = Incident(7, "gmail", IncidentState.OPEN, Tier.BLOCK, NOW, 3, 0.6, seen(0.6, NOW), owner="U1")
    after = decide(old, Look(seen(0.6, NOW + MINUTE, Tier.BLOCK), NOW + MINUTE, RULES))
    assert (after.state, after.life.taken) == (IncidentState.ACKNOWLEDGED, Taken(NOW + MINUTE, Tier.BLOCK))
