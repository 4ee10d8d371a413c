"""Sentences about recipients and about queues that we hold ourselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.distinct import KEPT
from bot.core.evidence import few, in_words, of_queues, of_recipients
from bot.core.model import QueueState, Recipients, Tally, Window

HOUR = Window.ending(datetime(2026, 11, 20, 12, 0, tzinfo=UTC), timedelta(hours=1))


def hit(distinct: int, deferred: int, delivered: int = 1000) -> Recipients:
    return Recipients(HOUR, distinct, Tally(delivered, deferred))


def queue(name: str = "v1", *, paused: bool = False, mode: str = "normal", said: str = "") -> QueueState:
    return QueueState("mta1", f"gmail.com/{name}", 9, 1, paused=paused, mode=mode, last_error=said)


@pytest.mark.parametrize(
    ("distinct", "deferred", "expected"),
    [
        (7, 864, True),
        (10, 50, True),
        (11, 50, False),  # not even five each
        (1, 49, False),  # too little to say
        (0, 864, False),  # not counted
    ],
)
def test_few_recipients_again_and_again(distinct: int, deferred: int, expected: bool) -> None:
    assert few(hit(distinct, deferred)) is expected


def test_the_same_few_mailboxes_are_no_block() -> None:
    again = "864 deferrals are 7 recipients, tried again and again"
    assert list(of_recipients(864, 800, hit(7, 864))) == [
        f"{again}: full or dead mailboxes, not a block, and not in the tier"
    ]


def test_only_what_the_replies_say_is_said_of_the_cause() -> None:
    again = "864 deferrals are 7 recipients, tried again and again"
    assert list(of_recipients(864, 0, hit(7, 864))) == [again]
    part = "300 of 864 deferrals are full or dead mailboxes: not in the tier"
    assert list(of_recipients(864, 300, hit(7, 864))) == [again, part]
    assert list(of_recipients(864, 300, hit(700, 864))) == [part]
    assert list(of_recipients(864, 0, None)) == []
    assert list(of_recipients(864, 40, None)) == []  # a few always are


def test_an_estimate_is_called_one() -> None:
    assert [in_words(hit(n, 9)) for n in (1, KEPT - 1, KEPT)] == [
        "1 recipient",
        f"{KEPT - 1} recipients",
        f"about {KEPT} recipients",
    ]


@pytest.mark.parametrize(
    ("queues", "changed", "said"),
    [
        ([queue(paused=True), queue("v2")], {}, ["1 of 2 queues is paused"]),
        ([queue(paused=True)], {("mta1", "gmail.com/v1"): 17}, ["1 of 1 queues is paused, by us (CHG-17)"]),
        (
            [queue(mode="backoff"), queue("v2", mode="backoff")],
            {("mta1", "gmail.com/v2"): 17, ("mta2", "gmail.com/v1"): 18},
            ["2 of 2 queues are in backoff mode, 1 of them by us (CHG-17)"],
        ),
        (
            [queue(said="connect rate limit reached"), queue("v2", said='Error: "421 4.7.0 slow" while connected')],
            {},
            ["1 of 2 queues is held back by our own max-connect-rate, not by the provider"],
        ),
        (
            [queue(said="message rate limit reached (based on queue's max-msg-rate in configuration)")],
            {},
            ["1 of 1 queues is held back by our own max-msg-rate, not by the provider"],
        ),
        ([queue()], {("mta1", "gmail.com/v1"): 17}, []),
    ],
)
def test_what_we_do_ourselves(queues: list[QueueState], changed: dict[tuple[str, str], int], said: list[str]) -> None:
    assert list(of_queues(queues, changed)) == said
