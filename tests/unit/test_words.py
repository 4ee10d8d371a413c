"""What people type after the command, as a question."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.words import (
    LONGEST,
    NAME_LIMIT,
    PAGES,
    Asked,
    Topic,
    asked_for,
    misspelt_view,
    nearest_topic,
    read_asked,
)

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
        ("gmail ips", Asked(Topic.IPS, "gmail")),
        ("gmail ip", Asked(Topic.IPS, "gmail")),
        ("vmtas Gmail", Asked(Topic.VMTAS, "gmail")),
        ("gmail vmta", Asked(Topic.VMTAS, "gmail")),
        ("gmail replies 15m", Asked(Topic.REPLIES, "gmail", 15 * MINUTE)),
        ("24h gmail ips", Asked(Topic.IPS, "gmail", 24 * HOUR)),
        ("gmail 24h jobs", Asked(Topic.CAMPAIGNS, "gmail", 24 * HOUR)),
        ("queues", Asked(Topic.QUEUES)),
        ("history yahoo! japan 7d", Asked(Topic.HISTORY, "yahoo! japan", 168 * HOUR)),
        ("ips", Asked(Topic.IPS)),
        ("ip 192.0.2.10", Asked(Topic.IP, "192.0.2.10")),
        ("192.0.2.10", Asked(Topic.IP, "192.0.2.10")),
        ("24h 2001:DB8::1", Asked(Topic.IP, "2001:DB8::1", 24 * HOUR)),
        ("vmta Gmail-IP-1", Asked(Topic.VMTA, "Gmail-IP-1")),  # names of VMTAs and campaigns tell their case
        ("VMTA 15m gmail-ip-1", Asked(Topic.VMTA, "gmail-ip-1", 15 * MINUTE)),
        ("job Black Friday 60m", Asked(Topic.JOB, "Black Friday", HOUR)),
        ("campaign " + "x" * 500, Asked(Topic.JOB, "x" * 255)),
    ],
)
def test_what_was_asked_for(text: str, asked: Asked) -> None:
    assert asked_for(text) == asked


@given(st.text(max_size=200))
def test_anything_typed_is_a_question(text: str) -> None:
    asked = asked_for(text)
    assert len(asked.subject) <= NAME_LIMIT
    assert asked.length is None or MINUTE <= asked.length <= LONGEST


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("campains", "campaigns"),
        ("hots", "hosts"),
        ("hlep", "help"),
        ("jbs", "campaigns"),
        ("rplies", "replies"),
        ("quees", "queues"),
        ("histry", "history"),
        ("gmal", None),
        ("", None),
    ],
)
def test_a_misspelt_topic(word: str, topic: str | None) -> None:
    assert nearest_topic(word) == topic


@pytest.mark.parametrize(
    ("subject", "split"),
    [
        ("gmail rplies", ("gmail", Topic.REPLIES)),
        ("qeues yahoo japan", ("yahoo japan", Topic.QUEUES)),
        ("gmail ipz", ("gmail", Topic.IPS)),
        ("gmail vtmas", ("gmail", Topic.VMTAS)),
        ("comcast xfinity", None),
        ("mail ru", None),
        ("rplies", None),
        ("", None),
    ],
)
def test_a_misspelt_view_of_an_isp(subject: str, split: tuple[str, Topic] | None) -> None:
    assert misspelt_view(subject) == split


lengths = st.none() | st.integers(1, LONGEST // MINUTE).map(lambda minutes: minutes * MINUTE)


@given(st.builds(Asked, st.sampled_from(Topic), st.text(max_size=NAME_LIMIT), lengths, st.integers(1, PAGES)))
def test_a_button_brings_its_question_back(asked: Asked) -> None:
    assert read_asked(asked.value) == asked


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ips",
        "ips:60",
        "drop table:60:1:gmail",
        "ips:-1:1:gmail",
        "ips:1e3:1:gmail",
        "ips:٣:1:gmail",
        "ips:60::gmail",
        "ips:9999999:1:gmail",
        "ips:60:1:" + "x" * 256,
    ],
)
def test_a_value_that_is_none_of_ours_is_no_question(value: str) -> None:
    assert read_asked(value) is None


@given(st.text(max_size=400))
def test_any_value_is_a_question_within_bounds_or_none(value: str) -> None:
    asked = read_asked(value)
    assert asked is None or (len(asked.subject) <= NAME_LIMIT and 1 <= asked.page <= PAGES)


def test_pages_and_times_are_capped() -> None:
    assert read_asked("ips:999999:999999:gmail") == Asked(Topic.IPS, "gmail", LONGEST, PAGES)
    assert read_asked("ips:0:0:a:b") == Asked(Topic.IPS, "a:b", None, 1)


@given(st.sampled_from(Topic), lengths)
def test_what_is_offered_to_be_typed_asks_the_same(topic: Topic, length: timedelta | None) -> None:
    """But for the topics that are asked without a name."""
    subject = {Topic.IP: "192.0.2.10", Topic.VMTA: "gmail-ip-1", Topic.JOB: "campaign-981"}.get(topic, "gmail")
    subject = {Topic.INCIDENT: "42", Topic.INCIDENTS: "", Topic.HANDOVER: ""}.get(topic, subject)
    length = None if topic is Topic.INCIDENT else length
    if topic not in (Topic.ALL, Topic.HELP):
        asked = Asked(topic, subject, length)
        assert asked_for(asked.words) == asked
