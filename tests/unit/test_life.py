"""The life of an incident in virtual time: every way has a reason, and none is gone that must not be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alert_rules import AlertRules
from bot.core.category import Category
from bot.core.diagnosis import Diagnosis, HostLine
from bot.core.flap import steadied
from bot.core.hold import Hold, believed, beyond_doubt
from bot.core.incident import Incident, IncidentState, Life, Move, Taken, calm
from bot.core.incident_news import news
from bot.core.life import TRANSITIONS, Decision, Facts, Look, decide, next_state, standing
from bot.core.model import QueueState, Recipients, Tally
from bot.core.stake import at_risk
from bot.core.tier import Tier, TierRule, tier_for
from tests.diagnoses import NOW, diagnosis

POLL = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
RULES = AlertRules()
STATES = tuple(IncidentState)
DARK = (HostLine("mta1", 900.0, "mta1: no data for 15 min"),)


def seen(rate: float, at: datetime, current: Tier = Tier.CLEAR, **given: object) -> Diagnosis:
    """Gmail at `rate` of 1,000 attempts, judged coming from `current`."""
    deferred = round(1000 * rate)
    values: dict[str, object] = {
        "at": at,
        "now": Tally(1000 - deferred, deferred),
        "aimed": deferred,
        "tier": tier_for(rate, 1000, current, TierRule()),
        "hosts": (HostLine("mta1", 4.0),),
        "queues": (),
    }
    return diagnosis(**{**values, **given})


@dataclass
class Told:
    """One ISP over time, kept as a store would keep it: `look` is one poll."""

    rules: AlertRules = RULES
    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    incidents: list[Incident] = field(default_factory=list)
    hold: Hold | None = None
    decided: list[Decision] = field(default_factory=list)
    lines: list[tuple[str, bool]] = field(default_factory=list)
    owner: str = ""
    changing: bool = False

    @property
    def last(self) -> Incident | None:
        return self.incidents[-1] if self.incidents else None

    @property
    def state(self) -> IncidentState:
        assert self.last is not None
        return self.last.state

    @property
    def tier(self) -> Tier:
        """That of the open incident."""
        open_now = self.last is not None and self.last.state is not IncidentState.RESOLVED
        return self.last.tier if self.last is not None and open_now else Tier.CLEAR

    def look(self, rate: float, *, wait: timedelta = POLL, sure: bool = False, **given: object) -> Move:
        self.now += wait
        found = seen(rate, self.now, self.tier, **given)
        look = Look(found, self.now, self.rules, self.hold, self.changing, sure)
        before, decision = self.last, decide(self.last, look)
        self.hold = decision.hold
        self.decided.append(decision)
        self._keep(decision, found)
        if self.last is not None and decision.move not in (Move.HOLD, Move.BLIND):
            self.lines += news(before, decision, self.last)
        return decision.move

    def over(self, rate: float, span: timedelta) -> list[Move]:
        """A look every ten seconds; the moves that say something."""
        moves = [self.look(rate) for _ in range(span // POLL)]
        return [move for move in moves if move not in (Move.HOLD, Move.REFRESH)]

    def take(self, owner: str) -> None:
        assert self.last is not None
        state = standing(self.last, changing=self.changing, owner=owner)
        life = replace(self.last.life, taken=Taken(self.now, self.last.tier))
        self.incidents[-1] = replace(self.last, owner=owner, state=state, life=life)

    def _keep(self, decision: Decision, found: Diagnosis) -> None:
        if decision.move is Move.OPEN:
            number, rate = len(self.incidents) + 1, found.now.rate
            opened = Incident(
                number, "gmail", decision.state, decision.tier, self.now, 1, rate, found, life=decision.life
            )
            self.incidents.append(opened)
        elif self.last is not None and decision.move is not Move.HOLD:
            ended = self.now if decision.move is Move.RESOLVE else self.last.resolved_at
            again = decision.move is Move.REOPEN
            self.incidents[-1] = replace(
                self.last,
                state=decision.state,
                tier=decision.tier,
                life=decision.life,
                diagnosis=found,
                owner="" if again else self.last.owner,
                resolved_at=None if again else ended,
            )


def opened(rate: float = 0.3) -> Told:
    told = Told()
    assert told.over(rate, 2 * POLL) == [Move.OPEN]
    return told


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


# ---- flapping


def flap(told: Told, times: int, high: float = 0.3, low: float = 0.2) -> None:
    """Up and down between two tiers, five minutes and a little each."""
    for _ in range(times):
        told.over(low, 6 * MINUTE)
        told.over(high, MINUTE)


def test_what_goes_up_and_down_is_told_no_more_and_says_so_once() -> None:
    told = opened()
    flap(told, 6)
    assert told.last is not None
    assert told.last.life.damped
    said = [text for text, _ in told.lines]
    assert sum("only the message is kept true" in text for text in said) == 1
    before = len(told.lines)
    flap(told, 2)
    assert told.lines[before:] == []
    assert told.over(0.7, MINUTE) == [Move.RISE]
    assert told.lines[before:][0][1]  # worse than ever: aloud


@pytest.mark.parametrize(
    ("turns", "damped", "expected"),
    [(4, False, False), (5, False, True), (4, True, True), (3, True, True), (2, True, False), (0, False, False)],
)
def test_it_takes_more_to_begin_to_flap_than_to_go_on(turns: int, damped: bool, expected: bool) -> None:
    life = Life(turns=tuple(NOW - n * MINUTE for n in range(turns)), damped=damped)
    assert steadied(life, NOW, 4).damped is expected


def test_steadier_again_is_said_and_told_again() -> None:
    told = opened()
    flap(told, 6)
    told.over(0.3, 60 * MINUTE)
    assert told.last is not None
    assert not told.last.life.damped
    assert told.lines[-1] == ("steadier again: ups and downs are told again", False)
    told.over(0.7, MINUTE)
    assert "→ *block*" in told.lines[-1][0]


def test_one_way_up_and_one_way_down_is_no_flapping() -> None:
    told = Told()
    for rate in (0.2, 0.3, 0.6, 0.3, 0.2, 0.01):
        told.over(rate, 6 * MINUTE)
    assert told.last is not None
    assert (len(told.last.life.turns), told.last.life.damped) == (1, False)


# ---- what is at stake


def test_sixty_per_cent_of_sixty_messages_wakes_nobody() -> None:
    told = Told()
    small: dict[str, Any] = {"now": Tally(24, 36), "aimed": 36, "tier": Tier.BLOCK}
    assert told.look(0.6, **small) is Move.HOLD
    assert told.look(0.6, **small) is Move.HOLD
    waiting = (QueueState("mta1", "small.example/v1", 64, 1, paused=False, mode="normal"),)
    assert told.look(0.6, **small, queues=waiting) is Move.HOLD  # now seen once
    assert told.look(0.6, **small, queues=waiting) is Move.OPEN


def test_the_least_may_be_another_for_one_isp() -> None:
    rules = AlertRules(min_at_risk_of={"gmail": 36})
    assert (rules.least_at_risk("gmail"), rules.least_at_risk("yahoo")) == (36, 100)


def test_recipients_are_counted_once_however_often_they_are_retried() -> None:
    found = seen(0.6, NOW)
    assert at_risk(found) == 600
    few = Recipients(found.window, 12, Tally(400, 600))
    assert at_risk(replace(found, recipients=few)) == 12


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
