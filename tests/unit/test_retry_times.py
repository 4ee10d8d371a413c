"""The reference model of waits, rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy import BOUNCE, CONNECTION, DELIVERY, UNIVERSAL, VOLUME, WAITS, Kind, Policy
from bot.core.retry_times import DISORDER_S, FORGOTTEN_AFTER_S, NEW, Event, State, Why, after
from tests.deferral_policies import (
    BUSY,
    NOISE,
    NOON,
    POLICY,
    TOO_MANY,
    WITH_VOLUME,
    history,
    kinds,
    policies,
    steps_of_time,
)


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


def test_records_that_come_a_little_late_shorten_nothing() -> None:
    _, state = told(POLICY, (0, UNIVERSAL), (-DISORDER_S, UNIVERSAL))
    assert stands(state) == (UNIVERSAL, 1, 600)


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
