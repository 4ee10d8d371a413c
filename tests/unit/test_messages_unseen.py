"""While no host is seen, or one is half counted, no view reads as a rate, as nothing deferred or as no mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.breakdown import Of
from bot.core.diagnosis import HostLine
from bot.core.model import Tally, Window
from bot.slack.messages.campaigns import campaigns_message
from bot.slack.messages.history import history_message
from bot.slack.messages.message import Message
from bot.slack.messages.places import place_message
from bot.slack.messages.replies import replies_message
from bot.slack.messages.sources import sources_message
from bot.slack.words import Asked, Topic
from tests.answers import campaigns, history
from tests.breakdowns import place, replies, sources
from tests.diagnoses import NOW

DARK = (HostLine("mta1", 7_200.0, "no data for 2 h"), HostLine("mta2", 7_200.0, "no data for 2 h"))
BEHIND = (HostLine("mta1", 3.0), HostLine("mta2", 60.0, "catching up, 9 MiB are still to be read", behind=True))
WORDS = "no fresh data"
WRONG = ("% deferred", "no mail counted", "refused nothing", "nothing was", "No mail", "No campaign", "worse than")


def head(message: Message) -> str:
    return str(message.blocks[0])


@pytest.mark.parametrize(
    "message",
    [
        sources_message(sources(hosts=DARK), Asked(Topic.IPS, "gmail")),
        sources_message(sources(0, hosts=DARK), Asked(Topic.IPS, "gmail")),
        sources_message(sources(hosts=BEHIND, of=Of.VMTA), Asked(Topic.VMTAS, "gmail")),
        replies_message(replies(hosts=DARK), Asked(Topic.REPLIES, "gmail")),
        replies_message(replies(0, hosts=DARK, whole=Tally()), Asked(Topic.REPLIES, "gmail")),
        place_message(place(hosts=BEHIND), Asked(Topic.IP, "192.0.2.10")),
        place_message(place(lines=(), hosts=DARK), Asked(Topic.IP, "192.0.2.10")),
        campaigns_message(campaigns(jobs=(), whole=Tally(), hosts=DARK), Asked(Topic.CAMPAIGNS, "gmail")),
        history_message(replace(history(hours=(), hosts=DARK), begins=NOW)),
    ],
)
def test_what_nobody_sees_is_no_rate_and_no_nothing(message: Message) -> None:
    assert WORDS in message.text
    assert WORDS in head(message)
    for wrong in WRONG:
        assert wrong not in message.text
        assert wrong not in head(message)


@pytest.mark.parametrize(
    "message",
    [
        sources_message(sources(), Asked(Topic.IPS, "gmail")),
        replies_message(replies(), Asked(Topic.REPLIES, "gmail")),
        place_message(place(), Asked(Topic.IP, "192.0.2.10")),
        place_message(place(hosts=DARK, window=Window.ending(NOW, timedelta(hours=24))), Asked(Topic.IP, "192.0.2.10")),
        campaigns_message(campaigns(hosts=DARK), Asked(Topic.CAMPAIGNS, "gmail")),
        history_message(history(hosts=DARK)),
    ],
)
def test_what_was_seen_and_most_of_a_day_are_told(message: Message) -> None:
    assert WORDS not in message.text
    assert WORDS not in head(message)
