"""What the counts of one ISP show beside its rate, in plain sentences. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.core.carriers import MIN_ATTEMPTS, alike, carriers
from bot.core.diagnosis import Share
from bot.core.distinct import KEPT
from bot.core.model import QueueState, Recipients, Tally

CLEAN = 0.05
"""Below this rate an IP counts as clean at another ISP: the response protocol's lowest floor."""
ENOUGH = 50
"""Attempts at another ISP from which a comparison means something."""
FEW_FROM, TIMES_EACH = 50, 5
"""So many deferrals or more, of which every recipient had so many on average: the same few, again and again."""
MOSTLY = 0.8
OWN_LIMITS = {
    "connect rate limit reached": "max-connect-rate",
    "message rate limit reached": "max-msg-rate",
}
"""How PMTA's event begins where its own setting holds a queue back -> the setting. No provider said anything then.

Source: events of `show queues --errors` (PowerMTA 5.0)."""

Elsewhere = Mapping[tuple[str, str], Tally]
"""(source IP, other ISP's title) -> counts in the same window."""
Changed = Mapping[tuple[str, str], int]
"""(host, queue) -> the change of ours that is in force on it."""


def of_ips(ips: Sequence[Share], deferred: int, elsewhere: Elsewhere) -> Iterable[str]:
    """Which IPs carry it, and how the same ones do elsewhere."""
    worst = carriers(ips)
    if worst:
        share = sum(row.tally.deferred for row in worst) / deferred
        yield f"{len(worst)} of {len(ips)} IPs {'carries' if len(worst) == 1 else 'carry'} {share:.0%} of the deferrals"
        yield from _contrast({row.key for row in worst}, elsewhere)
    elif alike(ips):
        yield f"all {len(ips)} IPs are deferred alike: not one IP's own standing"


def of_recipients(deferred: int, left_out: int, recipients: Recipients | None) -> Iterable[str]:
    """`left_out` of the deferrals were caused by the recipient's mailbox."""
    if recipients is not None and few(recipients):
        again = f"{recipients.tally.deferred:,} deferrals are {in_words(recipients)}, tried again and again"
        if left_out >= MOSTLY * deferred:
            yield f"{again}: full or dead mailboxes, not a block, and not in the tier"
            return
        yield again
    if left_out:
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


def _contrast(worst: set[str], elsewhere: Elsewhere) -> Iterable[str]:
    """How the same IPs do at other ISPs: clean is only said where every one of them sends enough to tell."""
    at: dict[str, dict[str, Tally]] = defaultdict(dict)
    for (ip, title), tally in elsewhere.items():
        if ip in worst and tally.attempts >= MIN_ATTEMPTS:
            at[title][ip] = at[title].get(ip, Tally()) + tally
    sums = {title: sum(by_ip.values(), Tally()) for title, by_ip in at.items()}
    rates = {title: tally.rate for title, tally in sums.items() if tally.attempts >= ENOUGH}
    bad = sorted((title for title in rates if rates[title] >= CLEAN), key=lambda title: (-rates[title], title))
    clean = sorted(title for title in rates if rates[title] < CLEAN and set(at[title]) == worst)
    one = len(worst) == 1
    if bad:
        who = "the same IP is" if one else f"{len(at[bad[0]])} of them {'is' if len(at[bad[0]]) == 1 else 'are'}"
        yield f"{who} deferred elsewhere too: " + ", ".join(f"{title} {rates[title]:.0%}" for title in bad[:3])
    elif clean:
        yield f"the same {'IP is' if one else 'IPs are'} clean at {_listed(clean[:3])}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
