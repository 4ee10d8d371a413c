"""What people type after the command, as a question."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.words import LONGEST, Asked, Topic, asked_for, nearest_topic

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", Asked(Topic.ALL)),
        (" Status ", Asked(Topic.ALL)),
        ("  Gmail ", Asked(Topic.ISP, "gmail")),
        ("gmail 60m", Asked(Topic.ISP, "gmail", HOUR)),
        ("gmail 1h30m", Asked(Topic.ISP, "gmail", 90 * MINUTE)),
        ("gmail 24h", Asked(Topic.ISP, "gmail", 24 * HOUR)),
        ("gmail 30d", Asked(Topic.ISP, "gmail", 720 * HOUR)),
        ("gmail 90s", Asked(Topic.ISP, "gmail", MINUTE)),  # counts are kept by the minute
        ("gmail 10s", Asked(Topic.ISP, "gmail", MINUTE)),
        ("gmail 9999d", Asked(Topic.ISP, "gmail", LONGEST)),
        ("gmail 0m", Asked(Topic.ISP, "gmail")),  # no time at all: the usual window
        ("gmail 24h 6h", Asked(Topic.ISP, "gmail", 24 * HOUR)),
        ("60m", Asked(Topic.ISP, "60m")),
        ("comcast xfinity", Asked(Topic.ISP, "comcast xfinity")),
        ("x" * 500, Asked(Topic.ISP, "x" * 80)),
        ("A&amp;B &lt;c&gt; &amp;lt;", Asked(Topic.ISP, "a&b <c> &lt;")),  # as Slack escapes it, undone once
        ("hosts", Asked(Topic.HOSTS)),
        ("host MTA7", Asked(Topic.HOSTS, "mta7")),
        ("campaigns", Asked(Topic.CAMPAIGNS)),
        ("campaigns gmail", Asked(Topic.CAMPAIGNS, "gmail")),
        ("yahoo! japan jobs", Asked(Topic.CAMPAIGNS, "yahoo! japan")),
        ("help", Asked(Topic.HELP)),
    ],
)
def test_what_was_asked_for(text: str, asked: Asked) -> None:
    assert asked_for(text) == asked


@given(st.text(max_size=200))
def test_anything_typed_is_a_question(text: str) -> None:
    asked = asked_for(text)
    assert len(asked.subject) <= 80
    assert asked.length is None or MINUTE <= asked.length <= LONGEST


@pytest.mark.parametrize(
    ("word", "topic"),
    [("campains", "campaigns"), ("hots", "hosts"), ("hlep", "help"), ("jbs", "campaigns"), ("gmal", None), ("", None)],
)
def test_a_misspelt_topic(word: str, topic: str | None) -> None:
    assert nearest_topic(word) == topic
