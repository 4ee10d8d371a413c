"""Rates over several spans, and queues against earlier looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diagnosis import QueueTrend, Span
from bot.core.model import QueueSizes, QueueState, Tally
from bot.core.trends import Trend, queue_trends, rising, spans, together, trend

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(percent: int, attempts: int = 1000) -> Tally:
    deferred = attempts * percent // 100
    return Tally(attempts - deferred, deferred)


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        (at(41), at(31, 12_000), Trend.RISING),
        (at(20), at(31, 12_000), Trend.FALLING),
        (at(32), at(31, 12_000), Trend.STEADY),
        (at(50, 10), at(31, 12_000), Trend.STEADY),  # ten attempts prove nothing
        (at(3, 100_000), at(1, 900_000), Trend.STEADY),  # sure, but not worth a word
        (Tally(), at(31), Trend.STEADY),
        (at(31), Tally(), Trend.STEADY),
    ],
)
def test_only_a_clear_difference_is_a_trend(short: Tally, long: Tally, expected: Trend) -> None:
    assert trend(short, long) is expected


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_trend_has_a_mirror(a: int, b: int, c: int, d: int) -> None:
    mirror = {Trend.RISING: Trend.FALLING, Trend.FALLING: Trend.RISING, Trend.STEADY: Trend.STEADY}
    assert trend(Tally(c, d), Tally(a, b)) is mirror[trend(Tally(a, b), Tally(c, d))]


def test_spans_are_told_shortest_first_and_each_once() -> None:
    hour, short = Span(60 * MINUTE, at(31)), Span(5 * MINUTE, at(41, 100))
    assert spans(hour, short, Span(60 * MINUTE, at(1))) == (short, hour)
    stale = Span(24 * 60 * MINUTE, at(8, 900))
    assert spans(short, hour, stale) == (short, hour)  # counted before the newest minutes of the hour
    assert spans(short, hour, Span(stale.length, at(8, 9000)))[-1].length == stale.length


def queue(name: str, recipients: int, host: str = "mta1") -> QueueState:
    return QueueState(host, name, recipients, 1, paused=False, mode="normal")


def look(hosts: str, **sizes: int) -> QueueSizes:
    """`mta1_a=5`: queue a of mta1."""
    found = {(key.partition("_")[0], key.partition("_")[2]): n for key, n in sizes.items()}
    return QueueSizes(NOON, frozenset(hosts.split()), found)


@pytest.mark.parametrize(
    ("now", "quarter", "hour", "expected"),
    [
        (1000, 900, 400, True),  # since an hour ago
        (1000, 400, 900, True),  # since a quarter of an hour ago
        (1000, 900, 900, False),
        (300, None, 0, True),  # it was empty
        (150, 0, 0, False),  # too few to matter
        (900, None, None, False),  # nobody looked
        (100_000, 60_000, None, False),  # not twice as many
    ],
)
def test_a_queue_that_has_clearly_grown(now: int, quarter: int | None, hour: int | None, expected: bool) -> None:
    assert bool(rising([QueueTrend("mta1", "a", now, quarter, hour)])) is expected


def test_the_fastest_comes_first() -> None:
    slow, fast = QueueTrend("mta1", "a", 900, 100, 100), QueueTrend("mta2", "a", 5000, None, 1000)
    assert rising([slow, fast]) == (fast, slow)


def test_a_queue_of_a_host_nobody_looked_at_is_not_compared() -> None:
    found = queue_trends([queue("a", 900), queue("b", 900), queue("a", 900, "new")], look("mta1", mta1_a=300), None)
    assert [(one.quarter, one.hour) for one in found] == [(300, None), (0, None), (None, None)]
    assert [(one.host, one.name) for one in rising(found)] == [("mta1", "b"), ("mta1", "a")]


def test_a_queue_in_a_look_that_was_cut_short_is_compared_where_it_was_seen() -> None:
    found = queue_trends([queue("a", 900), queue("b", 900)], look("", mta1_a=300), None)
    assert [one.quarter for one in found] == [300, None]


def test_all_queues_together_on_the_hosts_seen_then_too() -> None:
    queues = [queue("a", 900), queue("b", 600), queue("a", 5000, "new")]
    hosts = {"mta1", "new"}
    both = look("mta1", mta1_a=300, mta1_b=200, gone_a=9000), look("mta1 new", mta1_a=100, new_a=50)
    assert together(queues, hosts, *both) == QueueTrend("", "", 1500, 500, 100)
    assert together(queues, hosts, None, both[1]) == QueueTrend("", "", 6500, None, 150)
    assert together(queues, hosts, look("mta1", mta1_a=300), look("new", new_a=50)) == QueueTrend(
        "", "", 1500, 300, None
    )
    assert together(queues, hosts, None, None) == QueueTrend("", "", 6500, None, None)


def test_small_queues_are_not_compared() -> None:
    queues = [queue(f"q{n}", 9) for n in range(100)]
    assert together(queues, {"mta1"}, look("mta1"), None) == QueueTrend("", "", 0, 0, None)
