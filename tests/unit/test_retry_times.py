"""The reference model of waits, rule by rule, and the engine that must equal it for any order of events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.policy import (
    BOUNCE,
    CONNECTION,
    DELIVERY,
    UNIVERSAL,
    VOLUME,
    WAITS,
    Kind,
    Pattern,
    Policies,
    Policy,
    Sort,
    Special,
    Transient,
    Volume,
)
from bot.core.policy_engine import Follower, Imposed, Key, PolicyEngine
from bot.core.retry_times import DISORDER_S, FORGOTTEN_AFTER_S, NEW, Change, Event, State, Why, after, at_time

NOON = 1_795_348_800
TOO_MANY, BUSY = Kind(Sort.SPECIAL, 0), Kind(Sort.SPECIAL, 1)
NOISE = Kind(Sort.TRANSIENT, 0)
POLICY = Policy(
    "gmail",
    universal=(600, 1200, 3600),
    special=(
        Special(Pattern("too many messages"), (3660,), ("421 too many messages",)),
        Special(Pattern("busy"), (0, 60), ("421 busy",)),
    ),
    transient=(Transient(Pattern("reload"), ("451 reload",)),),
)
WITH_VOLUME = Policy("gmail", universal=(60, 120), volume=Volume(180, 5, (600, 1800)), special=POLICY.special)


def told(policy: Policy, *events: tuple[int, Kind | None]) -> tuple[list[Why], State]:
    """What events, each so many seconds after noon, do to a new key."""
    state, whys = NEW, []
    for seconds, kind in events:
        changes = after(policy, state, Event(NOON + seconds, kind))
        whys += [change.why for change in changes]
        state = changes[-1].state
    return whys, state


def stands(state: State) -> tuple[Kind | None, int, int]:
    """Kind, step, and seconds after noon until which it waits."""
    return state.kind, state.step, state.until - NOON


def test_every_deferral_after_a_wait_takes_the_next_value_and_the_last_repeats() -> None:
    _, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (1800, UNIVERSAL), (5400, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 3, 9000)


def test_a_burst_inside_a_wait_is_one_step() -> None:
    whys, state = told(POLICY, *((second, UNIVERSAL) for second in range(600)))
    assert stands(state) == (UNIVERSAL, 1, 600)
    assert whys == [Why.WAITS, *[Why.IN_WAIT] * 599]


def test_a_delivery_goes_back_to_the_first_value_and_does_not_end_the_wait() -> None:
    _, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (700, DELIVERY))
    assert stands(state) == (UNIVERSAL, 0, 1800)
    assert state.delivered_at == NOON + 700
    _, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (700, DELIVERY), (1800, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 1, 2400)


def test_a_bounce_does_not_go_back() -> None:
    _, state = told(POLICY, (0, UNIVERSAL), (600, BOUNCE), (700, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 2, 1900)


@pytest.mark.parametrize("other", [CONNECTION, TOO_MANY])
def test_another_kind_begins_its_own_list(other: Kind) -> None:
    whys, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (1800, other))
    assert state.step == 1
    assert whys[-1] is Why.OTHER_KIND
    _, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (1800, other), (9000, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 1, 9600)


def test_a_wait_of_another_kind_is_taken_only_where_it_ends_later() -> None:
    whys, state = told(POLICY, (0, TOO_MANY), (100, UNIVERSAL))
    assert stands(state) == (TOO_MANY, 1, 3660)
    assert whys[-1] is Why.SHORTER
    _, state = told(POLICY, (0, UNIVERSAL), (100, TOO_MANY))
    assert stands(state) == (TOO_MANY, 1, 3760)


def test_zero_is_no_wait_and_still_a_step() -> None:
    whys, state = told(POLICY, (0, BUSY), (1, BUSY))
    assert whys == [Why.NO_WAIT, Why.WAITS]
    assert stands(state) == (BUSY, 2, 61)


def test_a_transient_reply_changes_nothing() -> None:
    _, before = told(POLICY, (0, UNIVERSAL))
    changed = after(POLICY, before, Event(NOON + 30, NOISE))
    assert [change.why for change in changed] == [Why.TRANSIENT]
    assert stands(changed[-1].state) == stands(before)


def test_retry_now_ends_the_wait_and_keeps_the_step() -> None:
    whys, state = told(POLICY, (0, UNIVERSAL), (100, None))
    assert whys[-1] is Why.BYPASSED
    assert not state.waits(NOON + 100)
    _, state = told(POLICY, (0, UNIVERSAL), (100, None), (101, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 2, 1301)


def test_too_few_delivered_in_a_whole_period_is_a_wait_of_the_volume_rule() -> None:
    whys, state = told(WITH_VOLUME, *((second, DELIVERY) for second in (0, 30, 60, 170)), (180, DELIVERY))
    assert whys[-2:] == [Why.TOO_FEW, Why.DELIVERED]
    assert stands(state) == (VOLUME, 1, 180 + 600)


def test_enough_in_the_period_is_no_wait() -> None:
    _, state = told(WITH_VOLUME, *((second, DELIVERY) for second in (0, 30, 60, 120, 170, 181)))
    assert state.kind is None


def test_a_period_without_any_attempt_is_not_judged() -> None:
    _, state = told(WITH_VOLUME, *((second, DELIVERY) for second in (0, 1, 2, 3, 4)), (3600, DELIVERY))
    assert state.kind is None


def test_one_accepted_message_does_not_take_the_volume_rule_back_and_a_good_period_does() -> None:
    events = [(0, DELIVERY), (180, DELIVERY), (800, DELIVERY), (961, DELIVERY)]
    _, state = told(WITH_VOLUME, *events)
    assert stands(state)[:2] == (VOLUME, 2)  # the minutes from 780 to 960 brought one
    rich = [(3000 + second, DELIVERY) for second in range(0, 180, 20)]
    _, state = told(WITH_VOLUME, *events, *rich, (3200, DELIVERY))
    assert stands(state)[:2] == (VOLUME, 0)


def test_a_key_that_was_silent_for_long_begins_anew() -> None:
    late = 1800 + FORGOTTEN_AFTER_S
    _, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (late, UNIVERSAL))
    assert state.step == 3
    _, state = told(POLICY, (0, UNIVERSAL), (600, UNIVERSAL), (late + 1, UNIVERSAL))
    assert state.step == 1


def test_mail_that_has_just_begun_to_flow_is_not_judged() -> None:
    idle_then_few = [*[(0, DELIVERY)] * 5, (3000, DELIVERY), (3050, DELIVERY), (3130, DELIVERY)]
    _, state = told(WITH_VOLUME, *idle_then_few)
    assert state.kind is None
    _, state = told(WITH_VOLUME, *idle_then_few, (3180, DELIVERY))
    assert stands(state) == (VOLUME, 1, 3780)


def test_a_clock_that_is_set_back_leaves_no_wait_longer_than_its_own_length() -> None:
    _, state = told(POLICY, (0, UNIVERSAL), (-7200, DELIVERY))
    assert stands(state) == (UNIVERSAL, 0, -7200 + 600)


def test_a_clock_that_is_set_back_does_not_judge_a_wait_of_the_volume_rule() -> None:
    few = [(0, DELIVERY), (180, DELIVERY)]
    back = [(-3600, BOUNCE), (-3300, BOUNCE)]
    _, state = told(WITH_VOLUME, *few, *back)
    assert stands(state) == (VOLUME, 1, -3600 + 600)
    follower = Follower(WITH_VOLUME)
    for seconds, kind in [*few, *back]:
        follower.see(NOON + seconds, kind)
    assert shown(follower) == shown(state)


def test_records_that_come_a_little_late_shorten_nothing() -> None:
    _, state = told(POLICY, (0, UNIVERSAL), (-DISORDER_S, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 1, 600)


kinds = st.sampled_from([DELIVERY, BOUNCE, UNIVERSAL, CONNECTION, TOO_MANY, BUSY, NOISE, None])
steps_of_time = st.one_of(
    st.integers(0, 5),
    st.integers(0, 900),
    st.integers(0, 4000),
    st.integers(-DISORDER_S, 0),
    st.integers(-9000, 90_000),
)
lists = st.lists(st.sampled_from([0, 30, 60, 600, 3660]), min_size=1, max_size=4).map(tuple)
volumes = st.builds(Volume, st.sampled_from([60, 90, 180, 600]), st.integers(0, 4), lists)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    special = tuple(Special(Pattern(text), draw(lists), (text,)) for text in ("too many", "busy"))
    return Policy("any", draw(lists), draw(st.none() | volumes), special, POLICY.transient)


def history(moves: list[tuple[int, Kind | None]]) -> list[Event]:
    at, events = NOON, []
    for seconds, kind in moves:
        at += seconds
        events.append(Event(at, kind))
    return events


def shown(each: State | Follower) -> tuple[Kind | None, int, int, int, int | None]:
    return each.kind, each.step, each.wait_s, each.until, each.delivered_at


@settings(max_examples=400)
@given(policies(), st.lists(st.tuples(steps_of_time, kinds), max_size=60))
def test_engine_equals_reference(policy: Policy, moves: list[tuple[int, Kind | None]]) -> None:
    imposed: list[Imposed] = []
    follower, state, expected = Follower(policy, imposed.append), NEW, list[Imposed]()
    for event in history(moves):
        changes = after(policy, state, event)
        expected += [_imposed(each) for each in changes if _begins(each)]
        state = changes[-1].state
        if event.kind is None:
            follower.clear(event.at)
        else:
            assert follower.see(event.at, event.kind) is changes[-1].why
        assert shown(follower) == shown(state)
    assert imposed == expected
    follower.advance(state.seen_at + 500)
    assert shown(follower) == shown(at_time(policy, state, state.seen_at + 500))


def _begins(change: Change) -> bool:
    return change.why in (Why.WAITS, Why.OTHER_KIND, Why.TOO_FEW) and change.state.wait_s > 0


def _imposed(change: Change) -> Imposed:
    assert change.state.kind is not None
    return Imposed(change.at, change.state.kind, change.state.step, change.state.wait_s)


@given(policies(), st.lists(st.tuples(st.integers(0, 4000), kinds), max_size=60))
def test_no_event_but_retry_now_ends_a_wait_earlier(policy: Policy, moves: list[tuple[int, Kind | None]]) -> None:
    state = NEW
    for event in history(moves):
        found = after(policy, state, event)[-1].state
        if event.kind is not None and state.waits(event.at):
            assert found.until >= state.until
            if found.until == state.until and event.kind.sort in WAITS:
                assert found.step == state.step
        state = found


@given(policies(), st.lists(st.tuples(steps_of_time, kinds), max_size=60))
def test_no_wait_is_longer_than_its_list_says(policy: Policy, moves: list[tuple[int, Kind | None]]) -> None:
    state = NEW
    for event in history(moves):
        state = after(policy, state, event)[-1].state
        assert state.until - event.at <= state.wait_s + DISORDER_S
        assert state.kind is None or state.wait_s in policy.waits(state.kind)


@given(policies(), st.lists(st.tuples(st.integers(0, 120), st.integers(1, 9)), min_size=1, max_size=20))
def test_like_records_may_be_given_as_one(policy: Policy, runs: list[tuple[int, int]]) -> None:
    one, many, at = Follower(policy), Follower(policy), NOON
    for seconds, times in runs:
        at += seconds
        one.see(at, DELIVERY, times)
        for _ in range(times):
            many.see(at, DELIVERY)
        assert shown(one) == shown(many)


def test_the_engine_follows_every_key_apart_and_shows_where_it_stands() -> None:
    engine = PolicyEngine(Policies(WITH_VOLUME, {"gmail": POLICY}, {"gmail": "gmail"}))
    first, second, other = Key("gmail", "192.0.2.1"), Key("gmail", "192.0.2.2"), Key("yahoo", "192.0.2.1")
    assert engine.see(first, NOON, "t", "smtp;421-4.7.0 Too many messages sent this hour") is Why.WAITS
    assert engine.see(second, NOON, "b", "smtp;550 5.7.1 too many messages") is Why.WAITS
    assert engine.see(second, NOON, "b", "smtp;550 5.1.1 no such user") is Why.BOUNCED
    assert engine.see(other, NOON, "t", "smtp;421 4.7.0 too many messages") is Why.WAITS
    assert engine.see(other, NOON + 1, "t", "smtp;451 reload") is Why.SHORTER  # transient at gmail only
    now = datetime.fromtimestamp(NOON + 60, UTC)
    standings = {each.key: each for each in engine.standings(now, "gmail")}
    assert set(standings) == {first, second}
    assert standings[first].kind == TOO_MANY
    assert (standings[first].step, standings[first].steps) == (1, 1)
    assert standings[first].until == datetime.fromtimestamp(NOON + 3660, UTC)
    assert engine.clear("gmail", now) == [first, second]
    assert all(each.until is None for each in engine.standings(now, "gmail"))


def test_the_engine_lets_go_of_keys_that_would_begin_anew() -> None:
    engine = PolicyEngine(Policies(POLICY, {}, {}))
    engine.see(Key("a.example", "192.0.2.1"), NOON, "d", "")
    engine.see(Key("b.example", "192.0.2.1"), NOON, "t", "421 too many messages")
    assert engine.drop_expired(datetime.fromtimestamp(NOON + FORGOTTEN_AFTER_S + 1, UTC)) == 1
    assert len(engine) == 1


@given(st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from("ab"), st.sampled_from("dtb")), max_size=30))
def test_letting_go_of_keys_is_not_seen(moves: list[tuple[int, str, str]]) -> None:
    policies = Policies(WITH_VOLUME, {}, {})
    kept, swept, at = PolicyEngine(policies), PolicyEngine(policies), NOON
    for seconds, name, record_type in moves:
        at += seconds
        swept.drop_expired(datetime.fromtimestamp(at, UTC))
        key = Key(f"{name}.example", "192.0.2.1")
        assert kept.see(key, at, record_type, "421 later") is swept.see(key, at, record_type, "421 later")
    now = datetime.fromtimestamp(at, UTC)
    swept.drop_expired(now)
    shown_by_all = {each.key: each for each in kept.standings(now)}
    left = {each.key: each for each in swept.standings(now)}
    assert left == {key: each for key, each in shown_by_all.items() if key in left}
    assert all(each.until is None for key, each in shown_by_all.items() if key not in left)
