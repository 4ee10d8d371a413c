"""From counts to a diagnosis: rate, tier, cause and the evidence in plain sentences. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.carriers import MIN_ATTEMPTS, alike, carriers
from bot.core.category import Category
from bot.core.diagnosis import Diagnosis, HostLine, Point, ReplyLine, Share
from bot.core.model import QueueState, Tally, Window
from bot.core.reply import name_of
from bot.core.tier import Tier, TierRule, tier_for

CLEAN = 0.05
"""Below this rate an IP counts as clean at another ISP: the response protocol's lowest floor."""


ENOUGH = 50
"""Attempts at another ISP from which a comparison means something."""


class Verdict(Protocol):
    """What a classifier says of one reply (see `core.classify`)."""

    @property
    def category(self) -> Category: ...
    @property
    def severity(self) -> int: ...
    @property
    def meaning(self) -> str: ...
    @property
    def check(self) -> str: ...
    @property
    def link(self) -> str: ...


Classify = Callable[[str], Verdict]
"""One reply text of this ISP -> what it means."""

Key = tuple[str, str, str, str]
"""(host, source IP, VMTA, reply template) of one ISP in one window."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything counted about one ISP, as the store gave it.

    `elsewhere`: (source IP, other ISP's title) -> counts in the same window, for the contrast sentence.
    """

    cells: Mapping[Key, Tally]
    before: Tally
    elsewhere: Mapping[tuple[str, str], Tally]
    jobs: Mapping[str, Tally]
    minutes: Mapping[int, Tally]
    samples: Mapping[str, str]
    queues: tuple[QueueState, ...]
    hosts: tuple[HostLine, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The headline of one ISP: its counts, the part aimed at us, and the dominant reply of that part."""

    now: Tally
    aimed: int
    cause: Category | None
    code: str

    def tier(self, current: Tier, rule: TierRule) -> Tier:
        """Decided on the aimed part: full mailboxes retried all day are not an incident."""
        rate = self.aimed / self.now.attempts if self.now.attempts else 0.0
        return tier_for(rate, self.now.attempts, current, rule)


def read_replies(by_reply: Mapping[str, Tally], samples: Mapping[str, str], classify: Classify) -> Reading:
    """Sum one ISP's tallies per reply template into its headline."""
    now, aimed = Tally(), 0
    by_category: dict[Category, int] = defaultdict(int)
    by_code: dict[tuple[Category, str], int] = defaultdict(int)
    for template, tally in by_reply.items():
        now += tally
        if not tally.deferred:
            continue
        reply = samples.get(template, template)
        category = classify(reply).category
        if category.aimed_at_us:
            aimed += tally.deferred
            by_category[category] += tally.deferred
            by_code[category, name_of(reply)] += tally.deferred
    cause = max(by_category, key=lambda c: (by_category[c], c), default=None)
    code = max((key for key in by_code if key[0] is cause), key=lambda key: (by_code[key], key[1]), default=(None, ""))[
        1
    ]
    return Reading(now, aimed, cause, code)


def judge(
    isp: str, title: str, window: Window, counts: Counts, classify: Classify, current: Tier, rule: TierRule
) -> Diagnosis:
    """Say what is known about one ISP. Offers and advice are added by `playbook.recommend`."""
    by_reply = _sum_by(counts.cells, 3)
    reading = read_replies(by_reply, counts.samples, classify)
    ips = _shares(_sum_by(counts.cells, 1))
    return Diagnosis(
        isp=isp,
        title=title,
        at=window.end,
        window=window,
        now=reading.now,
        before=counts.before,
        aimed=reading.aimed,
        tier=reading.tier(current, rule),
        min_attempts=rule.min_attempts,
        cause=reading.cause,
        replies=_reply_lines(by_reply, counts.samples, classify),
        ips=ips,
        vmtas=_shares(_sum_by(counts.cells, 2)),
        jobs=_shares(counts.jobs),
        queues=tuple(sorted(counts.queues, key=lambda q: (-q.recipients, q.host, q.name))),
        hosts=counts.hosts,
        series=tuple(Point(minute, tally) for minute, tally in sorted(counts.minutes.items())),
        evidence=tuple(_evidence(ips, reading, counts)),
        advice="",
    )


def _sum_by(cells: Mapping[Key, Tally], place: int) -> dict[str, Tally]:
    sums: dict[str, Tally] = {}
    for key, tally in cells.items():
        sums[key[place]] = sums.get(key[place], Tally()) + tally
    return sums


def _shares(sums: Mapping[str, Tally]) -> tuple[Share, ...]:
    """Worst first: most deferrals, then most attempts. Records without the field ("") are left out."""
    rows = [Share(key, tally) for key, tally in sums.items() if key]
    return tuple(sorted(rows, key=lambda row: (-row.tally.deferred, -row.tally.attempts, row.key)))


def _reply_lines(
    by_reply: Mapping[str, Tally], samples: Mapping[str, str], classify: Classify
) -> tuple[ReplyLine, ...]:
    lines = []
    for template, tally in by_reply.items():
        if not template or not tally.deferred + tally.bounced:
            continue
        reply = samples.get(template, template)
        verdict = classify(reply)
        lines.append(
            ReplyLine(
                template=template,
                sample=reply,
                count=tally.deferred + tally.bounced,
                code=name_of(reply),
                category=verdict.category,
                severity=verdict.severity,
                meaning=verdict.meaning,
                check=verdict.check,
                link=verdict.link,
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.count, line.template)))


def _evidence(ips: tuple[Share, ...], reading: Reading, counts: Counts) -> Iterable[str]:
    """Plain sentences that hold, strongest first; none where there is too little to say."""
    deferred = reading.now.deferred
    if not deferred:
        return
    worst = carriers(ips)
    if worst:
        share = sum(row.tally.deferred for row in worst) / deferred
        yield f"{len(worst)} of {len(ips)} IPs {'carries' if len(worst) == 1 else 'carry'} {share:.0%} of the deferrals"
        yield from _contrast({row.key for row in worst}, counts.elsewhere)
    elif alike(ips):
        yield f"all {len(ips)} IPs are deferred alike: not one IP's own standing"
    if left_out := deferred - reading.aimed:
        yield f"{left_out:,} of {deferred:,} deferrals are full or dead mailboxes: not in the tier"
    yield from _self_made(counts.queues)


def _contrast(worst: set[str], elsewhere: Mapping[tuple[str, str], Tally]) -> Iterable[str]:
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


def _self_made(queues: tuple[QueueState, ...]) -> Iterable[str]:
    paused = sum(queue.paused for queue in queues)
    slowed = sum(queue.mode == "backoff" for queue in queues)
    if paused:
        yield f"{paused} of {len(queues)} queues {'is' if paused == 1 else 'are'} paused"
    if slowed:
        yield f"{slowed} of {len(queues)} queues {'is' if slowed == 1 else 'are'} in backoff mode"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
