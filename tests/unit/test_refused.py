"""Mail refused for good is no deferral; much of it is told all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.category import Category
from bot.core.causes import tries
from bot.core.judge import Reading, read_replies
from bot.core.model import Cell, RollUp, Tally, Window
from bot.core.refused import Refusals, is_much
from bot.core.templates import OTHER_TEMPLATE
from bot.core.tier import Tier, TierRule
from bot.knowledge import load_knowledge
from bot.ports import NewRecords
from bot.services.headlines import REFUSING, Headlines
from bot.services.rated import RatedTallies
from tests.fakes import ManualClock, MemoryFleetStore, MemoryTallyStore

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WINDOW = Window.ending(NOON, timedelta(minutes=60))
BANNED = "550 5.7.606 Access denied, banned sending IP [192.0.2.10]"
UNKNOWN = "550 5.1.1 The email account that you tried to reach does not exist"
EXPIRED = "500 5.4.7 delivery time expired"
CLASSIFIER = load_knowledge().classifier
RULE = TierRule()


def reading(**replies: tuple[str, Tally]) -> Reading:
    return read_replies(dict(replies.values()), {}, lambda reply: CLASSIFIER.classify(reply, "hotmail"))


def found(**replies: tuple[str, Tally]) -> Refusals | None:
    seen = reading(**replies)
    return seen.refusals if is_much(seen.refusals.count, tries(seen.now), RULE) else None


@pytest.mark.parametrize(
    ("banned", "delivered", "count"),
    [
        (1_000, 0, 1_000),  # nothing is attempted in the sense of the rate
        (150, 850, 150),
        (149, 851, None),
        (50, 0, 50),
        (49, 0, None),
    ],
)
def test_from_the_mixed_tier_on_it_is_told(banned: int, delivered: int, count: int | None) -> None:
    told = found(refused=(BANNED, Tally(bounced=banned)), delivered=("", Tally(delivered)))
    assert (told and told.count) == count


@pytest.mark.parametrize("reply", [UNKNOWN, EXPIRED, "554 the gate fell", OTHER_TEMPLATE])
def test_dead_mailboxes_expired_mail_and_riddles_are_no_refusal(reply: str) -> None:
    assert found(bounced=(reply, Tally(bounced=1_000))) is None


def test_the_commonest_reason_is_named() -> None:
    other = "550 5.7.1 message refused, content judged spam"
    told = found(one=(BANNED, Tally(bounced=200)), two=(other, Tally(bounced=90)), dead=(UNKNOWN, Tally(bounced=40)))
    assert told == Refusals(290, Category.BLOCKLIST, "550 5.7.606")


@pytest.mark.parametrize(
    ("banned", "delivered", "current", "tier"),
    [
        (1_000, 0, Tier.CLEAR, Tier.BLOCK),  # everything is refused, so nothing is "attempted"
        (300, 700, Tier.CLEAR, Tier.REPUTATION),
        (150, 850, Tier.CLEAR, Tier.MIXED),
        (100, 900, Tier.CLEAR, Tier.CLEAR),  # above the throttle floor: everyday mail
        (140, 860, Tier.MIXED, Tier.MIXED),  # within the slack
        (100, 900, Tier.MIXED, Tier.CLEAR),
        (45, 0, Tier.CLEAR, Tier.CLEAR),  # too few to be told
        (45, 0, Tier.BLOCK, Tier.BLOCK),  # too few to be judged
    ],
)
def test_refusals_have_the_tiers_of_deferrals(banned: int, delivered: int, current: Tier, tier: Tier) -> None:
    seen = reading(refused=(BANNED, Tally(bounced=banned)), delivered=("", Tally(delivered)))
    assert seen.tier(current, RULE) is tier


def test_deferrals_and_refusals_are_never_added_up() -> None:
    slowed = ("421 4.7.650 The mail server has been temporarily rate limited due to IP reputation", Tally(deferred=120))
    seen = reading(one=(BANNED, Tally(bounced=120)), two=slowed, three=("", Tally(760)))
    assert (seen.tier(Tier.CLEAR, RULE), seen.by_refusal(Tier.CLEAR, RULE)) == (Tier.THROTTLE, False)


def test_the_worse_of_both_decides_and_is_named() -> None:
    slowed = ("421 4.7.650 The mail server has been temporarily rate limited due to IP reputation", Tally(deferred=200))
    seen = reading(one=(BANNED, Tally(bounced=900)), two=slowed, three=("", Tally(800)))
    assert (seen.tier(Tier.CLEAR, RULE), seen.by_refusal(Tier.CLEAR, RULE)) == (Tier.REPUTATION, True)
    assert (seen.cause, seen.refusals.cause) == (Category.REPUTATION_IP, Category.BLOCKLIST)


def test_dead_mailboxes_keep_no_incident_open() -> None:
    few = reading(dead=(UNKNOWN, Tally(bounced=400)), delivered=("", Tally(600)))
    assert few.tier(Tier.BLOCK, RULE) is Tier.CLEAR


def test_of_many_isps_those_with_most_of_it_are_asked() -> None:
    tallies, clock = MemoryTallyStore(), ManualClock(NOON)
    minute = int(NOON.timestamp()) - 600
    cells = {
        Cell(minute, f"isp{n:02}.example", "mta1", "192.0.2.10", "v", BANNED): Tally(bounced=100 + n)
        for n in range(REFUSING + 5)
    }
    cells[Cell(minute, "dead.example", "mta1", "192.0.2.10", "v", UNKNOWN)] = Tally(bounced=9_000)
    samples = {(cell.isp, cell.reply): cell.reply for cell in cells}
    tallies.commit("mta1", NewRecords(RollUp(cells, samples=samples), ()))
    rated = RatedTallies(tallies, MemoryFleetStore(), clock, WINDOW.length)
    whole = {cell.isp: tally for cell, tally in cells.items()}
    told = Headlines(rated, CLASSIFIER).refused(whole, WINDOW, str.title, lambda _: RULE)
    assert [one.count for one in told] == [100 + n for n in range(REFUSING + 4, 5, -1)]  # one was dead.example
    assert told[0].title == "Isp24.Example"
