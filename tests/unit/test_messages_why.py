"""Cause and evidence: bounces beside deferrals, and nothing made of a few everyday deferrals."""

from __future__ import annotations

import json

from bot.core.category import Category
from bot.core.tier import Tier
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.why import share_of, why
from tests.diagnoses import diagnosis, reply, tally

BLOCKED = reply(
    "550 5.7.1 part of their network is on our block list",
    count=185,
    code="550 5.7.1",
    category=Category.BLOCKLIST,
    meaning="The IP is on Microsoft's own block list.",
)
SLOWED = reply("451 4.7.650 rate limited due to IP reputation", count=390, code="451 4.7.650")


def test_bounces_are_counted_and_never_a_share_of_the_deferrals() -> None:
    told = diagnosis(now=tally(3359, 423, bounced=200), replies=(SLOWED, BLOCKED))
    assert (share_of(SLOWED, told), share_of(BLOCKED, told)) == ("92 %", "185 bounces")
    assert "Beside them 185 bounces: `550 5.7.1` The IP is on Microsoft's own block list." in why(told)


def test_the_same_reason_is_not_said_twice() -> None:
    deferred = reply(
        "450 4.7.1 listed", count=400, code="450 4.7.1", meaning=BLOCKED.meaning, category=Category.BLOCKLIST
    )
    told = diagnosis(now=tally(900, 423, bounced=200), replies=(deferred, BLOCKED), cause=Category.BLOCKLIST)
    assert "Beside them 185 bounces for the same reason (`550 5.7.1`)." in why(told)
    assert why(told).count("block list") == 1


def test_a_5xx_that_pmta_retries_is_a_deferral() -> None:
    told = diagnosis(now=tally(3359, 423, bounced=3), replies=(SLOWED, BLOCKED))
    assert share_of(BLOCKED, told) == "44 %"
    assert "bounces" not in why(told)


def test_dead_addresses_and_single_bounces_are_no_evidence() -> None:
    dead = reply("550 5.1.1 no such user", count=150, code="550 5.1.1", category=Category.BAD_MAILBOX)
    few = reply("550 5.7.1 blocked", count=9, code="550 5.7.1", category=Category.BLOCKLIST)
    assert "bounces" not in why(diagnosis(now=tally(3359, 30, bounced=200), replies=(SLOWED, dead, few)))


def test_a_calm_isp_has_no_cause() -> None:
    """Six deferrals of 700 are everyday mail: the replies are listed, none is blamed."""
    calm = diagnosis(
        tier=Tier.CLEAR, now=tally(703, 6), cause=Category.CONNECTION_LIMIT, offers=(), advice="Nothing to do."
    )
    said = diagnosis_message(calm, None)
    assert "because of" not in said.text
    blocks = json.dumps(said.payload(), ensure_ascii=False)
    assert "*Why:*" not in blocks
    assert "What they answer" in blocks
