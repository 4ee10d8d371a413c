"""Tiers: where they begin, how they are climbed and left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tier import Tier, TierRule, tier_for

RULE = TierRule()


@pytest.mark.parametrize(
    ("current", "rate", "expected"),
    [
        (Tier.CLEAR, 0.0499, Tier.CLEAR),
        (Tier.CLEAR, 0.05, Tier.THROTTLE),  # floors are inclusive
        (Tier.CLEAR, 0.15, Tier.MIXED),
        (Tier.CLEAR, 0.25, Tier.REPUTATION),
        (Tier.THROTTLE, 0.60, Tier.BLOCK),  # climbs skip tiers
        (Tier.MIXED, 0.14, Tier.MIXED),  # within the 2-point slack: hold
        (Tier.MIXED, 0.12, Tier.THROTTLE),  # clearly below: step down
        (Tier.BLOCK, 0.01, Tier.CLEAR),  # falls skip tiers too
        (Tier.BLOCK, 0.235, Tier.REPUTATION),  # the slack of the tier below holds as well
        (Tier.THROTTLE, 0.035, Tier.THROTTLE),
    ],
)
def test_a_tier_climbs_at_once_and_steps_down_late(current: Tier, rate: float, expected: Tier) -> None:
    assert tier_for(rate, 1000, current, RULE) is expected


@pytest.mark.parametrize("current", list(Tier))
def test_too_few_attempts_judge_nothing(current: Tier) -> None:
    assert tier_for(0.9, 49, current, RULE) is current
    assert tier_for(0.0, 49, current, RULE) is current


rates = st.floats(min_value=0, max_value=1)


@given(st.sampled_from(Tier), rates, rates)
def test_a_higher_rate_never_gives_a_lower_tier(current: Tier, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert tier_for(low, 50, current, RULE) <= tier_for(high, 50, current, RULE)


@given(st.sampled_from(Tier), rates)
def test_a_steady_rate_settles_at_once(current: Tier, rate: float) -> None:
    """No flapping: judging the same rate again changes nothing."""
    settled = tier_for(rate, 50, current, RULE)
    assert tier_for(rate, 50, settled, RULE) is settled
