"""The engine equals the reference model for any order of events, and follows every key apart."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.policy import BOUNCE, DELIVERY, VOLUME, Kind, Policies, Policy
from bot.core.policy_engine import Follower, Imposed, Key, PolicyEngine
from bot.core.retry_times import FORGOTTEN_AFTER_S, NEW, Change, State, Why, after, at_time
from tests.deferral_policies import NOON, POLICY, TOO_MANY, WITH_VOLUME, history, kinds, policies, steps_of_time


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


def test_a_clock_that_is_set_back_does_not_judge_a_wait_of_the_volume_rule() -> None:
    moves: list[tuple[int, Kind | None]] = [(0, DELIVERY), (180, DELIVERY), (-3780, BOUNCE), (300, BOUNCE)]
    follower, state = Follower(WITH_VOLUME), NEW
    for event in history(moves):
        state = after(WITH_VOLUME, state, event)[-1].state
        assert event.kind is not None
        follower.see(event.at, event.kind)
        assert shown(follower) == shown(state)
    assert (follower.kind, follower.step, follower.until) == (VOLUME, 1, NOON - 3600 + 600)


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
