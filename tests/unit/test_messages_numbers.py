"""The numbers under a headline, and what is not said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.diagnosis import HostLine, QueueTrend, Span, Untold
from bot.core.model import Recipients, Tally
from bot.slack.messages import numbers, states
from tests.diagnoses import diagnosis, tally

MINUTE = timedelta(minutes=1)
BLIND = (HostLine("mta1", 310.0, "no answer for 5 min"),)


def spans(short: Tally, hour: Tally, day: Tally) -> tuple[Span, ...]:
    return Span(5 * MINUTE, short), Span(60 * MINUTE, hour), Span(1440 * MINUTE, day)


def test_three_spans_in_a_line() -> None:
    found = diagnosis(spans=spans(tally(3300, 1353), diagnosis().now, tally(900_000, 72_000)))
    assert numbers.spans(found) == "5 min 41 % ↑ · 60 min 31 % · 24 h 8 %"
    falling = diagnosis(spans=spans(tally(3300, 330), diagnosis().now, tally(900_000, 72_000)))
    assert numbers.spans(falling).startswith("5 min 10 % ↓ · 60 min")


def test_a_span_with_too_little_mail_has_no_rate() -> None:
    found = diagnosis(spans=spans(tally(19, 0), diagnosis().now, tally(900_000, 72_000)))
    assert numbers.spans(found) == "60 min 31 % · 24 h 8 %"
    assert numbers.spans(diagnosis(spans=spans(Tally(), tally(100, 31), Tally()))) == ""


def test_stale_data_has_no_numbers_of_now() -> None:
    found = diagnosis(
        hosts=BLIND,
        spans=spans(tally(3300, 0), diagnosis().now, tally(900_000, 0)),
        hosted=tally(9000, 0),
        waiting=QueueTrend("", "", 28_577, 0, 0),
    )
    assert (numbers.spans(found), numbers.waiting(found), numbers.hosted(found)) == ("", "", "")
    assert states.trend_words(found) == ""


@pytest.mark.parametrize(
    ("now", "quarter", "hour", "words"),
    [
        (28_577, 21_000, 9_500, ", 3 × as many as an hour ago"),
        (28_577, 9_500, None, ", 3 × as many as 15 min ago"),
        (28_577, 40, 40, ", were 40 an hour ago"),  # 714 × says nothing
        (28_577, 28_000, 60_000, ", were 60,000 an hour ago"),
        (28_577, 28_000, 27_000, ""),
        (28_577, None, None, ""),
        (10_000, 100, 100, ""),  # most of what waits is on hosts that were not seen then
    ],
)
def test_what_waits_against_earlier(now: int, quarter: int | None, hour: int | None, words: str) -> None:
    found = diagnosis(waiting=QueueTrend("", "", now, quarter, hour))
    assert numbers.waiting(found) == f"28,577 waiting{words}"


def test_nothing_waits() -> None:
    assert numbers.waiting(diagnosis(queues=())) == ""


@pytest.mark.parametrize(
    ("distinct", "whole", "words"),
    [
        (7020, tally(39_752, 12_482), "About 7,020 recipients (20 % by recipient) · beside it"),
        (11_900, tally(39_752, 12_482), "About 11,900 recipients · beside it"),  # much the same rate
        (90, tally(39_752, 12_482), ""),  # said as evidence
        (0, tally(39_752, 12_482), ""),
        (5, tally(39_752, 19), ""),  # a handful of deferrals
    ],
)
def test_recipients(distinct: int, whole: Tally, words: str) -> None:
    found = numbers.details(diagnosis(recipients=Recipients(diagnosis().window, distinct, whole)))
    assert ("recipient" in found) == bool(words)
    assert words in found


@pytest.mark.parametrize(
    ("isp", "part", "words"),
    [
        ("gmail", tally(8745, 5585), "22 % to Google Workspace domains, 64 % of it deferred (the rest 22 %)"),
        ("microsoft", tally(8745, 2745), "22 % to Microsoft 365 domains"),  # deferred like the rest
        ("yahoo", tally(8745, 2745), "22 % to domains it hosts for others"),
        ("gmail", tally(900, 300), ""),  # next to nothing
        ("gmail", Tally(), ""),
    ],
)
def test_hosted_mail(isp: str, part: Tally, words: str) -> None:
    assert numbers.hosted(diagnosis(isp=isp, hosted=part)) == words


def test_why_a_view_is_empty() -> None:
    hosts = tuple(f"mta{n}" for n in range(1, 6))
    missing = (Untold("dlvSourceIp", diagnosis().now, hosts), Untold("vmta", tally(300, 3), ("mta1",)))
    assert numbers.untold(diagnosis(untold=missing)) == (
        "Not in the records, so not shown: `dlvSourceIp` (source IP) in all attempts, "
        "from `mta1`, `mta2`, `mta3` and 2 more hosts."
    )
    assert numbers.untold(diagnosis()) == ""


def test_little_mail_is_told_with_its_interval() -> None:
    assert states.trend_words(diagnosis(now=tally(76, 20), before=Tally())) == "18–37 %"
    assert states.trend_words(diagnosis(before=Tally())) == ""
