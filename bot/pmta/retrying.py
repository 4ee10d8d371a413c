"""What is tried again, how often, and how long is waited in between. Nothing else in the product retries SSH.

Tried again: `HostUnreachable` that struck before the host had accepted the command. `MayHaveRun` (the connection
broke afterwards) is tried again only for commands that read. A command that ran out of time is never tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    stop_before_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from bot.errors import HostUnreachable

T = TypeVar("T")

TRIES = 3
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 2.0

_READERS = frozenset({"cat", "head", "tail", "stat", "ls", "test", "wc"})


class MayHaveRun(HostUnreachable):
    """The connection broke after the host had the command: whether it took effect is not known."""


class OutOfTime(MayHaveRun):
    """The command did not end within its limit and was ended on the host."""


def only_reads(argv: tuple[str, ...]) -> bool:
    """True for a command that changes nothing on the host, so that running it twice does no harm."""
    program = PurePosixPath(argv[0]).name
    if program == "pmta":
        words = [word for word in argv[1:] if not word.startswith("--")]
        return words[:1] == ["show"]
    return program in _READERS


def with_retries(attempt: Callable[[], T], *, repeatable: bool, budget_s: float, stop: threading.Event) -> T:
    """Call `attempt` up to 3 times, waiting a random 0 to 2 s in between; no try begins after `budget_s`.

    `stop` ends a wait at once. The last error is raised; it says how many tries it took.
    """
    return Retrying(
        sleep=sleep_using_event(stop),
        stop=stop_after_attempt(TRIES) | stop_before_delay(budget_s) | stop_when_event_set(stop),
        wait=wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S),
        retry=retry_if_exception(lambda error: _transient(error, repeatable)),
        retry_error_callback=_give_up,
    )(attempt)


def _transient(error: BaseException, repeatable: bool) -> bool:
    if not isinstance(error, HostUnreachable) or isinstance(error, OutOfTime) or error.permanent:
        return False
    return repeatable or not isinstance(error, MayHaveRun)


def _give_up(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, HostUnreachable):
        raise AssertionError("only HostUnreachable is retried")  # noqa: TRY004  # an invariant, not an argument check
    if state.attempt_number == 1:
        raise error
    raise type(error)(error.host, f"{error.sentence} (try {state.attempt_number} of {TRIES})") from error
