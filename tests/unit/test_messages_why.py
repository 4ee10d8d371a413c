"""Cause and evidence: bounces beside deferrals, and nothing made of a few everyday deferrals."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.core.category import Category
from bot.core.diagnosis import Page, Strength
from bot.core.tier import Tier
from bot.slack.messages.causes import danger_beside, look_at
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.why import do, share_of, why
from tests.diagnoses import causes, diagnosis, reply, tally, told

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


def test_a_cause_that_is_not_sure_is_never_told_as_if_it_were() -> None:
    doubtful = told(causes=causes("only 12 replies aimed at us"))
    assert "Cannot tell the cause for sure: only 12 replies aimed at us." in why(doubtful)
    shown = diagnosis_message(doubtful, None)
    assert "probably because of IP reputation" in shown.text
    assert "· probably IP reputation" in shown.blocks[0]["text"]["text"]
    assert "annot tell" not in why(told())


def test_the_dangerous_cause_is_in_the_headline_where_it_is_not_the_commonest() -> None:
    assert danger_beside(told()) == "⚠ IP on a blocklist"
    assert danger_beside(told(cause=Category.BLOCKLIST)) == ""
    found = causes()
    assert found.dangerous is not None
    weak = replace(found, dangerous=replace(found.dangerous, weak="only 6 replies"))
    assert danger_beside(told(causes=weak)) == ""
    assert danger_beside(diagnosis()) == ""


def test_a_dangerous_cause_beyond_the_first_four_is_listed_in_place_of_the_fourth() -> None:
    found = causes()
    kinds = [Category.TLS, Category.NETWORK, Category.SERVER_ERROR, Category.DNS_FAILURE]
    first = tuple(replace(found.lines[1], category=kind) for kind in kinds)
    shown = diagnosis_message(told(causes=replace(found, lines=(*first, *found.lines))), None)
    text = next(b["text"]["text"] for b in shown.blocks if b["type"] == "section" and "*Causes*" in b["text"]["text"])
    assert "⚠ *1.5 %* IP on a blocklist" in text
    assert Category.DNS_FAILURE.words not in text
    assert "…and 4 more causes" in text


def test_only_secure_pages_become_buttons() -> None:
    pages = (
        Page("Odd", "javascript:alert(1)"),
        Page("Plain", "http://example.org/"),
        Page("Good", "https://a.example/"),
    )
    (row,) = look_at(told(check=(), pages=pages))
    assert [element.url for element in row.elements] == ["https://a.example/"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("strength", "said"),
    [
        (Strength.SURE, "The rate is about these 3 IPs only."),
        (Strength.UNKNOWN, "The rate is about these 3 IPs only."),
        (Strength.LIKELY, "The rate is about these 3 IPs only. _Likely, not sure._"),
        (Strength.WEAK, "The rate is about these 3 IPs only. _Weak: neither the cause nor its place is sure._"),
    ],
)
def test_a_recommendation_says_how_sure_it_is(strength: Strength, said: str) -> None:
    offered = tuple(replace(offer, strength=strength) for offer in told().offers)
    assert do(told(offers=offered), None) == f"*Do: Slow Gmail down on 3 IPs.* {said}"
