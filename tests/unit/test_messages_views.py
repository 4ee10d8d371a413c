"""One IP, VMTA or campaign beside the rest; what a view says of its own limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.breakdown import Of, There
from bot.core.model import Tally
from bot.slack.messages.message import Message
from bot.slack.messages.places import place_message
from bot.slack.messages.replies import replies_message
from bot.slack.messages.sources import rate, sources_message
from bot.slack.words import Asked, Topic
from tests.breakdowns import place, replies, sources
from tests.diagnoses import reply, tally

GOOD = There("yahoo", "Yahoo", tally(2100, 42), tally(6_900, 228))
BAD = There("gmail", "Gmail", tally(5790, 3786), tally(33_962, 8_696))
SMALL = There("a.example", "a.example", tally(12, 9), tally(900, 9))


def words(shown: Message) -> str:
    texts = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"]
    return "\n".join([*texts, *(b["elements"][0]["text"] for b in shown.blocks if b["type"] == "context")])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((BAD, GOOD), "*Clearly worse* than our other IPs at Gmail (65 % against 26 %)."),
        ((BAD, BAD, GOOD), "(65 % against 26 %), and at 1 more of 3 ISPs."),
        ((GOOD, SMALL), "Not clearly worse than our other IPs at 1 ISP with enough mail to compare."),
        ((SMALL,), "Cannot tell whether it is worse than our other IPs: too little mail to compare."),
    ],
)
def test_one_ip_is_judged_beside_our_other_ips(lines: tuple[There, ...], said: str) -> None:
    assert said in words(place_message(place(lines=lines), Asked(Topic.IP, "192.0.2.10")))


def test_a_text_said_to_another_ip_is_not_quoted_as_said_to_this_one() -> None:
    said = reply("421-4.7.0 [192.0.2.12 15] unusual rate", template="421-4.7.0 [* 15] unusual rate")
    shown = place_message(place(replies=(("Gmail", said),)), Asked(Topic.IP, "192.0.2.10"))
    (quoted,) = [block for block in shown.blocks if block["type"] == "rich_text"]
    assert quoted["elements"][0]["elements"][0]["text"] == "421-4.7.0 [* 15] unusual rate"


def test_replies_are_told_on_the_first_page_only() -> None:
    many = place(lines=(BAD,) * 30)
    second = place_message(many, Asked(Topic.IP, "192.0.2.10", page=2))
    assert not any(block["type"] == "rich_text" for block in second.blocks)
    assert "21–30 of 30" in words(second)


@pytest.mark.parametrize(("asked", "said"), [(24, False), (168, True)])
def test_a_longer_time_than_can_be_told_is_said(asked: int, said: bool) -> None:
    day, length = timedelta(hours=24), timedelta(hours=asked)
    window = sources().window
    window = type(window).ending(window.end, day)
    of_isp = sources_message(sources(of=Of.VMTA, window=window), Asked(Topic.VMTAS, "gmail", length))
    of_one = place_message(place(of=Of.VMTA, window=window), Asked(Topic.VMTA, "gmail-ip-1", length))
    assert [("goes back 24 h at most" in words(shown)) for shown in (of_isp, of_one)] == [said, said]


@pytest.mark.parametrize(
    ("counted", "said"), [(Tally(), "–"), (Tally(9, 3), "3 of 12"), (Tally(9, 11), "55 %"), (Tally(bounced=4), "–")]
)
def test_too_little_mail_is_counted_not_turned_into_a_rate(counted: Tally, said: str) -> None:
    assert rate(counted) == said


def test_the_share_of_a_reply_is_of_all_replies() -> None:
    shown = words(replies_message(replies(), Asked(Topic.REPLIES, "gmail")))
    assert "• *80 %* · 9,736 on 3 IPs · `421 4.7.0`" in shown
    assert "12,482 deferrals, 214 bounces" in shown
