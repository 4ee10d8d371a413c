"""Did the command take effect? Decided on what the host prints afterwards. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.change import Expect, Outcome, Step
from bot.core.model import QueueState
from bot.core.show import mentions_source, parse_queues_dom
from bot.errors import ParseError
from bot.playbook import commands


@dataclass(frozen=True, slots=True)
class Checked:
    """What reading back showed, and the reason in words."""

    outcome: Outcome
    said: str


def read_back_argv(step: Step) -> tuple[str, ...]:
    """The command whose answer proves `step` (and its undo)."""
    return commands.show_disabled_sources(step.queue) if step.source_ip else commands.show_queues(step.queue)


def check(expect: Expect, step: Step, output: str, *, was_seen: bool = False) -> Checked:
    """What `output` of `read_back_argv(step)` says about `expect`. Never raises on any output.

    Args:
        was_seen: the source was found in the list after it was disabled (that step was CONFIRMED), so the form
            of the list is one we can read and not finding it now proves that it is in use again.
    """
    if expect in (Expect.SOURCE_DISABLED, Expect.SOURCE_ENABLED):
        return _check_source(expect, step, output, was_seen)
    try:
        listed, complete = parse_queues_dom(output, step.host)
    except ParseError as fault:
        return Checked(Outcome.UNVERIFIED, f"the answer of show queues could not be read: {fault}")
    return _check_queues(expect, step, listed, complete)


def _check_source(expect: Expect, step: Step, output: str, was_seen: bool) -> Checked:
    """The list's form is documented nowhere: a line with IP and queue proves disabled, a miss proves little."""
    named = f"{step.source_ip} in {step.queue}"
    found = mentions_source(output, step.source_ip, step.queue)
    if expect is Expect.SOURCE_DISABLED:
        if found:
            return Checked(Outcome.CONFIRMED, f"show disabled sources lists {named}")
        return Checked(Outcome.UNVERIFIED, f"show disabled sources does not name {named} in a form we know")
    if found:
        # The same line was taken as proof of disabled: it cannot be read the other way now.
        return Checked(Outcome.FAILED, f"show disabled sources still lists {named}")
    if was_seen:
        return Checked(Outcome.CONFIRMED, f"show disabled sources no longer lists {named}")
    return Checked(Outcome.UNVERIFIED, f"show disabled sources does not name {named}, nor did it before")


def _check_queues(expect: Expect, step: Step, listed: Sequence[QueueState], complete: bool) -> Checked:
    domain, _, vmta = step.queue.partition("/")
    every = domain == "*"
    found = [queue for queue in listed if (queue.vmta == vmta if every else queue.name == step.queue)]
    if not found:
        return Checked(
            Outcome.UNVERIFIED, f"{step.queue} is not listed: it holds no mail now, so its state is not shown"
        )
    wrong = [queue for queue in found if not _is(queue, expect)]
    if wrong:
        return Checked(Outcome.FAILED, f"{wrong[0].name} reads {_state(wrong[0])}, {expect.value} expected")
    if every and not complete:
        return Checked(Outcome.UNVERIFIED, f"{len(found)} queues read {expect.value}, but the list was cut")
    what = f"{len(found)} queues of {step.queue}" if every and len(found) > 1 else found[0].name
    return Checked(Outcome.CONFIRMED, f"{what} read {expect.value}" if every else f"{what} reads {expect.value}")


def _is(queue: QueueState, expect: Expect) -> bool:
    if expect in (Expect.PAUSED, Expect.NOT_PAUSED):
        return queue.paused is (expect is Expect.PAUSED)
    return queue.mode == expect.value


def _state(queue: QueueState) -> str:
    return f"{'paused' if queue.paused else 'not paused'}, {queue.mode}"
