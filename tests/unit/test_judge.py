"""From counts to tier, cause and evidence: made-up counts, the shipped rules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.category import Category
from bot.core.causes import Key
from bot.core.classify import Verdict
from bot.core.diagnosis import Diagnosis
from bot.core.judge import Counts, judge, read_replies
from bot.core.model import QueueState, Tally, Window
from bot.core.tier import Tier, TierRule
from tests.looking import knowledge
from tests.watch_rig import FULL, NOON, PACING, REPUTATION

HOUR = Window.ending(NOON, timedelta(hours=1))


def classify(reply: str) -> Verdict:
    return knowledge().classifier.classify(reply, "gmail")


def cells(*rows: tuple[str, int, int], reply: str = REPUTATION) -> dict[Key, Tally]:
    """(IP, attempts, deferred) of one host and VMTA."""
    found: dict[Key, Tally] = {}
    for ip, attempts, deferred in rows:
        found["mta1", ip, "v1", ""] = Tally(delivered=attempts - deferred)
        found["mta1", ip, "v1", reply] = Tally(deferred=deferred)
    return found


def judged(
    counts: dict[Key, Tally],
    *,
    current: Tier = Tier.CLEAR,
    elsewhere: dict[tuple[str, str], Tally] | None = None,
    queues: tuple[QueueState, ...] = (),
) -> Diagnosis:
    of = Counts(counts, Tally(90, 10), elsewhere or {}, {"news": Tally(5, 5)}, {}, {}, queues, ())
    return judge("gmail", "Gmail", HOUR, of, classify, current, TierRule())


@pytest.mark.parametrize(
    ("deferred", "tier"),
    [(4, Tier.CLEAR), (5, Tier.THROTTLE), (15, Tier.MIXED), (25, Tier.REPUTATION), (50, Tier.BLOCK), (100, Tier.BLOCK)],
)
def test_floors_are_inclusive(deferred: int, tier: Tier) -> None:
    diagnosis = judged(cells(("192.0.2.1", 100, deferred)))
    assert (diagnosis.tier, diagnosis.now, diagnosis.aimed) == (tier, Tally(100 - deferred, deferred), deferred)
    assert diagnosis.cause is Category.REPUTATION_IP


@pytest.mark.parametrize(("current", "tier"), [(Tier.CLEAR, Tier.CLEAR), (Tier.BLOCK, Tier.BLOCK)])
def test_too_little_mail_holds_the_tier(current: Tier, tier: Tier) -> None:
    diagnosis = judged(cells(("192.0.2.1", 49, 20)), current=current)
    assert (diagnosis.tier, diagnosis.judged) == (tier, False)


def test_full_mailboxes_are_in_the_rate_but_not_in_the_tier() -> None:
    diagnosis = judged(cells(("192.0.2.1", 1000, 30)) | {("mta1", "192.0.2.1", "v1", FULL): Tally(deferred=500)})
    assert (diagnosis.now.deferred, diagnosis.aimed, diagnosis.tier) == (530, 30, Tier.CLEAR)
    assert "500 of 530 deferrals are full or dead mailboxes: not in the tier" in diagnosis.evidence
    assert diagnosis.replies[0].category is Category.MAILBOX_FULL


def test_a_few_bad_ips_are_named_and_compared_with_other_isps() -> None:
    rows = [("192.0.2.1", 1000, 600), *((f"192.0.2.{n}", 1000, 10) for n in range(2, 9))]
    clean = judged(cells(*rows), elsewhere={("192.0.2.1", "Yahoo"): Tally(99, 1), ("192.0.2.1", "AOL"): Tally(9, 9)})
    assert clean.evidence[:2] == ("1 of 8 IPs carries 90% of these replies", "the same IP is clean at Yahoo")
    bad = judged(cells(*rows), elsewhere={("192.0.2.1", "Yahoo"): Tally(50, 50), ("192.0.2.2", "AOL"): Tally(0, 99)})
    assert bad.evidence[1] == "the same IP is deferred elsewhere too: Yahoo 50%"


def test_clean_elsewhere_is_said_only_of_all_the_bad_ips() -> None:
    rows = [("192.0.2.1", 1000, 600), ("192.0.2.2", 1000, 600), *((f"192.0.2.{n}", 1000, 10) for n in range(3, 9))]
    one = judged(cells(*rows), elsewhere={("192.0.2.1", "Yahoo"): Tally(990, 1)})
    assert not any("clean at" in line for line in one.evidence)  # .2 sends nothing to Yahoo
    both = judged(cells(*rows), elsewhere={(f"192.0.2.{n}", "Yahoo"): Tally(990, 1) for n in (1, 2)})
    assert both.evidence[1] == "the same IPs are clean at Yahoo"
    bad = judged(cells(*rows), elsewhere={("192.0.2.1", "Yahoo"): Tally(50, 50)})
    assert bad.evidence[1] == "1 of them is deferred elsewhere too: Yahoo 50%"


def test_even_trouble_is_said_to_be_even() -> None:
    diagnosis = judged(cells(*((f"192.0.2.{n}", 1000, 300) for n in range(8))))
    assert diagnosis.evidence == ("all 8 IPs are deferred alike: not one IP's own standing",)


def test_what_we_do_ourselves_is_evidence() -> None:
    queues = tuple(
        QueueState("mta1", f"gmail.com/v{n}", 9, 1, paused=n == 0, mode="backoff" if n else "normal") for n in range(3)
    )
    diagnosis = judged(cells(("192.0.2.1", 100, 50)), queues=queues)
    assert diagnosis.evidence[-2:] == ("1 of 3 queues is paused", "2 of 3 queues are in backoff mode")


def test_queue_wide_records_are_shown_beside_and_never_added() -> None:
    reading = read_replies({REPUTATION: Tally(0, 10, 0, 500), "": Tally(90)}, {}, classify)
    assert (reading.now.rate, reading.now.queue_deferred, reading.aimed) == (0.1, 500, 10)


counts = st.dictionaries(
    st.sampled_from(["", REPUTATION, PACING, FULL, "no rule knows this"]),
    st.builds(Tally, *(st.integers(0, 500),) * 4),
    max_size=5,
)


@given(counts, st.sampled_from(Tier))
def test_the_aimed_part_is_never_more_than_the_whole(by_reply: dict[str, Tally], current: Tier) -> None:
    """What `Diagnose.candidates` relies on: below every floor as a whole is below every floor."""
    reading = read_replies(by_reply, {}, classify)
    assert 0 <= reading.aimed <= reading.now.deferred
    if reading.now.attempts >= 50 and reading.now.rate < 0.05:
        assert reading.tier(Tier.CLEAR, TierRule()) is Tier.CLEAR
    assert reading.tier(current, TierRule()) in Tier
