"""Mail refused for good is no deferral; much of it is told all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.category import Category
from bot.core.model import Cell, RollUp, Tally, Window
from bot.core.refused import Refused, refused
from bot.core.templates import OTHER_TEMPLATE
from bot.core.tier import TierRule
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


def found(**replies: tuple[str, Tally]) -> Refused | None:
    by_reply = dict(replies.values())
    return refused("hotmail", "Hotmail", by_reply, {}, lambda reply: CLASSIFIER.classify(reply, "hotmail"), RULE)


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
    assert told == Refused("hotmail", "Hotmail", 290, 330, Category.BLOCKLIST, "550 5.7.606")


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
