"""What is tried again: transient faults, and never a command that may have taken effect."""

from __future__ import annotations

import threading
import time

import pytest

from bot.errors import CommandFailed, HostError, HostKeyRefused, HostUnreachable, LoginRefused
from bot.pmta.retrying import TRIES, MayHaveRun, OutOfTime, only_reads, with_retries


class Attempts:
    """Fails with the given errors, one a call, then answers."""

    def __init__(self, *errors: HostError) -> None:
        self._errors = list(errors)
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


LOST = HostUnreachable("mta1", "the connection is lost.")
CUT = MayHaveRun("mta1", "the connection was lost while it ran.")


def retried(attempts: Attempts, *, repeatable: bool = False, budget_s: float = 60) -> str:
    return with_retries(attempts, repeatable=repeatable, budget_s=budget_s, stop=threading.Event())


def test_a_fault_before_the_command_was_sent_is_tried_again() -> None:
    attempts = Attempts(LOST, LOST)
    assert retried(attempts) == "answer"
    assert attempts.made == TRIES


def test_giving_up_says_how_often_it_was_tried() -> None:
    attempts = Attempts(LOST, LOST, LOST, LOST)
    with pytest.raises(HostUnreachable, match=r"^mta1: the connection is lost\. \(try 3 of 3\)$") as caught:
        retried(attempts)
    assert attempts.made == TRIES
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(("repeatable", "tries"), [(False, 1), (True, 2)])
def test_a_cut_command_is_repeated_only_where_it_reads(repeatable: bool, tries: int) -> None:
    attempts = Attempts(CUT)
    if repeatable:
        assert retried(attempts, repeatable=True) == "answer"
    else:
        with pytest.raises(MayHaveRun):
            retried(attempts)
    assert attempts.made == tries


@pytest.mark.parametrize(
    "error",
    [
        OutOfTime("mta1", "had not ended."),  # a second time would take as long again
        CommandFailed("mta1", "ended with status 1.", status=1, said=""),
        HostKeyRefused("mta1", "another key."),
        LoginRefused("mta1", "not accepted."),
    ],
)
def test_what_cannot_get_better_is_not_tried_again(error: HostError) -> None:
    attempts = Attempts(error)
    with pytest.raises(type(error)) as caught:
        retried(attempts, repeatable=True)
    assert caught.value is error
    assert attempts.made == 1


def test_no_try_begins_after_the_budget() -> None:
    attempts = Attempts(LOST, LOST)
    with pytest.raises(HostUnreachable):
        retried(attempts, budget_s=0)
    assert attempts.made == 1


def test_stop_ends_the_waiting_at_once() -> None:
    stop = threading.Event()
    made = 0

    def attempt() -> str:
        nonlocal made
        made += 1
        stop.set()
        raise LOST

    begun = time.monotonic()
    with pytest.raises(HostUnreachable):
        with_retries(attempt, repeatable=True, budget_s=60, stop=stop)
    assert made == 1
    assert time.monotonic() - begun < 0.1


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("pmta show queues gmail.com/*", True),
        ("pmta --dom show queues", True),
        ("/usr/sbin/pmta show status", True),
        ("pmta pause queue show/show", False),
        ("pmta --dom pause queue a/b", False),
        ("pmta reload", False),
        ("pmta", False),
        ("tail -c +100 /var/log/pmta/acct.csv", True),
        ("sh -c anything", False),  # a script may do whatever it likes
        ("rm -f x", False),
    ],
)
def test_which_commands_only_read(line: str, reads: bool) -> None:
    assert only_reads(tuple(line.split())) is reads
