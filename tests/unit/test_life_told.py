"""What an incident tells of its life and what it keeps to itself: flapping, and how much mail is at stake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.alert_rules import AlertRules
from bot.core.flap import steadied
from bot.core.incident import Life, Move
from bot.core.model import QueueState, Recipients, Tally
from bot.core.stake import at_risk
from bot.core.tier import Tier
from tests.diagnoses import NOW
from tests.told_life import MINUTE, Told, opened, seen

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
