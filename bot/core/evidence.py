"""What the counts of one ISP show beside its rate, in plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.core.distinct import KEPT
from bot.core.finding import Cause, Contrast, Kind
from bot.core.model import QueueState, Recipients

FEW_FROM, TIMES_EACH = 50, 5
"""So many deferrals or more, of which every recipient had so many on average: the same few, again and again."""
MOSTLY, NOTED = 0.8, 0.05
OWN_LIMITS = {
    "connect rate limit reached": "max-connect-rate",
    "message rate limit reached": "max-msg-rate",
}
"""How PMTA's event begins where its own setting holds a queue back -> the setting. No provider said anything then.

Source: events of `show queues --errors` (PowerMTA 5.0)."""

Changed = Mapping[tuple[str, str], int]
"""(host, queue) -> the change of ours that is in force on it."""


def of_danger(danger: Cause | None, where: Contrast | None) -> Iterable[str]:
    """A dangerous cause that is not the commonest one (`where` is None where it is), and where it sits."""
    if danger is None or where is None:
        return
    sits = f": {where.evidence[0]}" if where.evidence and where.kind is not Kind.CANNOT_TELL else ""
    number = f"{danger.count:,} {'reply' if danger.count == 1 else 'replies'}"
    yield f"beside it {number} of another cause, {danger.category.words}{sits}"


def of_recipients(deferred: int, left_out: int, recipients: Recipients | None) -> Iterable[str]:
    """`left_out` of the deferrals were caused by the recipient's mailbox."""
    if recipients is not None and few(recipients):
        again = f"{recipients.tally.deferred:,} deferrals are {in_words(recipients)}, tried again and again"
        if left_out >= MOSTLY * deferred:
            yield f"{again}: full or dead mailboxes, not a block, and not in the tier"
            return
        yield again
    if left_out >= NOTED * deferred and left_out:
        yield f"{left_out:,} of {deferred:,} deferrals are full or dead mailboxes: not in the tier"


def few(recipients: Recipients) -> bool:
    """True where few recipients make most of the deferrals."""
    deferred = recipients.tally.deferred
    return deferred >= FEW_FROM and 0 < TIMES_EACH * recipients.distinct <= deferred


def in_words(recipients: Recipients) -> str:
    """ "7 recipients", "about 7,020 recipients" where the number is an estimate."""
    about = "about " if recipients.distinct >= KEPT else ""
    return f"{about}{recipients.distinct:,} {'recipient' if recipients.distinct == 1 else 'recipients'}"


def of_queues(queues: Sequence[QueueState], changed: Changed) -> Iterable[str]:
    """What holds mail back that no provider asked for: pauses, backoff, PMTA's own rate limits."""
    for held, state in (
        ([queue for queue in queues if queue.paused], "paused"),
        ([queue for queue in queues if queue.mode == "backoff"], "in backoff mode"),
    ):
        if held:
            yield f"{_of(held, queues)} {state}{_by_us(held, changed)}"
    for event, setting in OWN_LIMITS.items():
        if held := [queue for queue in queues if queue.last_error.startswith(event)]:
            yield f"{_of(held, queues)} held back by our own {setting}, not by the provider"


def _of(held: Sequence[QueueState], queues: Sequence[QueueState]) -> str:
    return f"{len(held)} of {len(queues)} queues {'is' if len(held) == 1 else 'are'}"


def _by_us(held: Sequence[QueueState], changed: Changed) -> str:
    ours = [changed[queue.host, queue.name] for queue in held if (queue.host, queue.name) in changed]
    if not ours:
        return ""
    names = ", ".join(f"CHG-{change}" for change in sorted(set(ours)))
    return f", by us ({names})" if len(ours) == len(held) else f", {len(ours)} of them by us ({names})"
