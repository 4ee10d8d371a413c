"""When an incident opens, changes and closes: the decision alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.alert_rules import AlertRules
from bot.core.category import Category
from bot.core.diagnosis import Diagnosis, HostLine
from bot.core.incident import Incident, IncidentState, Move, looks_new, worth_a_message
from bot.core.life import Look, decide
from bot.core.model import Tally, Window
from bot.core.tier import Tier

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOOD = (HostLine("mta1", 4.0),)
ONE_DARK = (HostLine("mta1", 4.0), HostLine("mta2", None, "mta2 has not been read yet"))
ALL_DARK = (HostLine("mta1", 900.0, "mta1: no data for 15 min"),)


def diagnosis(
    tier: Tier, rate: float = 0.3, cause: Category | None = Category.REPUTATION_IP, at: datetime = NOON
) -> Diagnosis:
    deferred = round(1000 * rate)
    now = Tally(delivered=1000 - deferred, deferred=deferred)
    return Diagnosis(
        isp="gmail",
        title="Gmail",
        at=at,
        window=Window.ending(at, timedelta(hours=1)),
        now=now,
        before=Tally(),
        aimed=deferred,
        tier=tier,
        min_attempts=50,
        cause=cause,
        replies=(),
        ips=(),
        vmtas=(),
        jobs=(),
        queues=(),
        hosts=GOOD,
        series=(),
        evidence=(),
        advice="",
    )


def incident(tier: Tier, rate: float = 0.3) -> Incident:
    return Incident(7, "gmail", IncidentState.OPEN, tier, NOON, 3, rate, diagnosis(tier, rate))


def moved(last: Incident | None, now: Diagnosis) -> Move:
    """Without any hold."""
    rules = AlertRules(rise_after=timedelta(), fall_after=timedelta(), min_at_risk=0)
    return decide(last, Look(now, now.at, rules)).move


@pytest.mark.parametrize(
    ("tier", "cause", "expected"),
    [
        (Tier.CLEAR, None, False),
        (Tier.THROTTLE, Category.THROTTLE_NORMAL, False),  # 4.2.1: Gmail paces us, nobody is woken
        (Tier.THROTTLE, Category.GREYLIST, False),
        (Tier.THROTTLE, Category.BLOCKLIST, True),  # a block that is only beginning
        (Tier.THROTTLE, None, False),
        (Tier.MIXED, Category.THROTTLE_NORMAL, True),
        (Tier.BLOCK, None, True),
    ],
)
def test_what_is_worth_a_message(tier: Tier, cause: Category | None, expected: bool) -> None:
    assert worth_a_message(tier, cause, Tier.MIXED) is expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, diagnosis(Tier.REPUTATION), Move.OPEN),
        (None, diagnosis(Tier.CLEAR, 0.01, None), Move.HOLD),
        (Tier.MIXED, diagnosis(Tier.REPUTATION), Move.RISE),
        (Tier.BLOCK, diagnosis(Tier.REPUTATION), Move.FALL),
        (Tier.REPUTATION, diagnosis(Tier.CLEAR, 0.01, None), Move.RESOLVE),
        (Tier.MIXED, diagnosis(Tier.THROTTLE, 0.08, Category.THROTTLE_NORMAL), Move.RESOLVE),  # only pacing is left
        (Tier.MIXED, diagnosis(Tier.THROTTLE, 0.08), Move.FALL),  # still their verdict on us: stays open
        (Tier.REPUTATION, diagnosis(Tier.REPUTATION), Move.HOLD),  # nothing a reader would notice
        (Tier.REPUTATION, diagnosis(Tier.REPUTATION, 0.304), Move.HOLD),  # rounds to the same per cent
        (Tier.REPUTATION, diagnosis(Tier.REPUTATION, 0.33), Move.REFRESH),
        (Tier.REPUTATION, diagnosis(Tier.REPUTATION, at=NOON + MINUTE), Move.REFRESH),  # the numbers got old
        (Tier.REPUTATION, diagnosis(Tier.REPUTATION, cause=Category.BLOCKLIST), Move.REFRESH),
    ],
)
def test_moves(before: Tier | None, now: Diagnosis, expected: Move) -> None:
    assert moved(None if before is None else incident(before), now) is expected


def test_blind_is_never_back_to_normal() -> None:
    clear = diagnosis(Tier.CLEAR, 0.0, None)
    assert moved(incident(Tier.BLOCK), replace(clear, hosts=ALL_DARK)) is Move.BLIND
    assert moved(incident(Tier.BLOCK), replace(clear, hosts=ONE_DARK)) is Move.BLIND


def test_a_crossing_is_told_although_one_host_is_dark() -> None:
    assert moved(None, replace(diagnosis(Tier.BLOCK), hosts=ONE_DARK)) is Move.OPEN


def test_a_file_that_cannot_be_read_neither_hides_a_crossing_nor_closes_one() -> None:
    partial = (HostLine("mta1", 4.0, warning="acct.csv: permission denied", partial=True),)
    assert moved(None, replace(diagnosis(Tier.BLOCK), hosts=partial)) is Move.OPEN
    clear = diagnosis(Tier.CLEAR, 0.0, None)
    assert moved(incident(Tier.BLOCK), replace(clear, hosts=partial)) is Move.BLIND


def test_a_warning_whose_numbers_move_with_every_poll_is_nothing_new() -> None:
    """Else every open incident would be edited for ever, as fast as Slack takes it."""

    def seen(warning: str, trouble: str = "") -> Diagnosis:
        return replace(diagnosis(Tier.MIXED), hosts=(HostLine("mta1", 1.0, trouble=trouble, warning=warning),))

    shown = seen("deferrals are not being logged: none among the last 7,000 deliveries")
    assert not looks_new(seen("deferrals are not being logged: none among the last 7,012 deliveries"), shown)
    assert looks_new(seen("no permission to read /var/log/pmta/diag.csv"), shown)
    assert looks_new(seen(""), shown)
    assert looks_new(seen("", "no data for 6 min"), seen("", "no data for 5 min"))
