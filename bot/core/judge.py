"""From counts to a diagnosis: rate, tier, cause and the evidence in plain sentences. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core import evidence
from bot.core.campaigns import hits_of, level_rows, rows_of
from bot.core.category import Category
from bot.core.causes import Classify, Key, find_causes, hits
from bot.core.contrast import Around, contrast
from bot.core.diagnosis import Diagnosis, HostLine, Point, QueueTrend, ReplyLine, Share, Span, Untold, Usual
from bot.core.finding import Cause, Causes, Contrast, Kind
from bot.core.model import QueueState, Recipients, Tally, Window
from bot.core.refused import NOTHING_REFUSED, Refusals, refusal_tier, refuses
from bot.core.reply import name_of
from bot.core.tier import Tier, TierRule, tier_for
from bot.core.trends import SHORT, rising, spans


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything counted about one ISP, as the store gave it.

    `elsewhere`: (source IP, other ISP's title) -> counts in the same window, for the contrast sentence. `day`: the
    last 24 hours, or as much of them as was counted. `changed`: (host, queue) -> the change of ours in force on it.
    `replies_before`: reply template -> counts in the window before; `reply_minutes`: (minute, template) -> counts;
    `earlier`: source IP -> attempts in the days before; `job_minutes`: (minute, campaign) -> counts; `job_replies`:
    (start of the stretch, campaign, reply template) -> counts. None where that is not known.
    """

    cells: Mapping[Key, Tally]
    before: Tally
    elsewhere: Mapping[tuple[str, str], Tally]
    jobs: Mapping[str, Tally]
    minutes: Mapping[int, Tally]
    samples: Mapping[str, str]
    queues: tuple[QueueState, ...]
    hosts: tuple[HostLine, ...]
    day: Span | None = None
    recipients: Recipients | None = None
    hosted: Tally = field(default_factory=Tally)
    usual: Usual | None = None
    waiting: QueueTrend | None = None
    queue_trends: tuple[QueueTrend, ...] = ()
    changed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    replies_before: Mapping[str, Tally] | None = None
    reply_minutes: Mapping[tuple[int, str], Tally] | None = None
    earlier: Mapping[str, int] | None = None
    job_minutes: Mapping[tuple[int, str], Tally] | None = None
    job_replies: Mapping[tuple[int, str, str], Tally] | None = None
    filed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Located:
    """The causes, where the commonest one sits, and where the dangerous one does where that is another."""

    causes: Causes
    contrast: Contrast | None
    danger_at: Contrast | None


@dataclass(frozen=True, slots=True)
class Reading:
    """The headline of one ISP: its counts, the part of the deferrals aimed at us, the dominant reply of that part, and
    what is refused for good (`core.refused`)."""

    now: Tally
    aimed: int
    cause: Category | None
    code: str
    refusals: Refusals = NOTHING_REFUSED

    def tier(self, current: Tier, rule: TierRule) -> Tier:
        """The worse of two: that of the aimed deferrals (full mailboxes retried all day are not an incident), and that
        of what is refused for good. They are never added up; where neither can be judged `current` stays."""
        return max(self._judged(current, rule).values(), default=current)

    def by_refusal(self, current: Tier, rule: TierRule) -> bool:
        """True where it is refusals that put the ISP in its tier."""
        found = self._judged(current, rule)
        refused = found.get(True, Tier.CLEAR)
        return refused is not Tier.CLEAR and refused >= max(found.values()) and self.refusals.count > self.aimed

    def _judged(self, current: Tier, rule: TierRule) -> dict[bool, Tier]:
        """Of refusals (True) and of deferrals (False), as far as there is enough mail for each."""
        found: dict[bool, Tier] = {}
        if self.now.attempts >= rule.min_attempts:
            found[False] = tier_for(self.aimed / self.now.attempts, self.now.attempts, current, rule)
        refused = refusal_tier(self.refusals.count, self.now, self.aimed, current, rule)
        if refused is not None:
            found[True] = refused
        return found


def read_replies(by_reply: Mapping[str, Tally], samples: Mapping[str, str], classify: Classify) -> Reading:
    """Sum one ISP's tallies per reply template into its headline."""
    now = Tally()
    deferred: Counter[tuple[Category, str]] = Counter()
    refused: Counter[tuple[Category, str]] = Counter()
    for template, tally in by_reply.items():
        now += tally
        if not template or not hits(tally):
            continue
        reply = samples.get(template, template)
        verdict = classify(reply)
        named = verdict.category, name_of(reply)
        if tally.deferred and verdict.category.aimed_at_us:
            deferred[named] += tally.deferred
        if tally.bounced and refuses(verdict):
            refused[named] += tally.bounced
    return Reading(now, deferred.total(), *_commonest(deferred), Refusals(refused.total(), *_commonest(refused)))


def _commonest(found: Counter[tuple[Category, str]]) -> tuple[Category | None, str]:
    """The category with most replies, and its commonest name."""
    sums: Counter[Category] = Counter()
    for (category, _), count in found.items():
        sums[category] += count
    cause = max(sums, key=lambda category: (sums[category], category), default=None)
    names = {name: count for (category, name), count in found.items() if category is cause}
    return cause, max(names, key=lambda name: (names[name], name), default="")


def judge(
    isp: str, title: str, window: Window, counts: Counts, classify: Classify, current: Tier, rule: TierRule
) -> Diagnosis:
    """Say what is known about one ISP. Offers and advice are added by `playbook.recommend`."""
    by_reply = _sum_by(counts.cells, 3)
    reading = read_replies(by_reply, counts.samples, classify)
    tier, by_refusal = reading.tier(current, rule), reading.by_refusal(current, rule)
    cause = reading.refusals.cause if by_refusal else reading.cause
    located = _locate(counts, classify, cause)
    return Diagnosis(
        isp=isp,
        title=title,
        at=window.end,
        window=window,
        now=reading.now,
        before=counts.before,
        aimed=reading.aimed,
        tier=tier,
        min_attempts=rule.min_attempts,
        cause=cause,
        replies=reply_lines(by_reply, counts.samples, classify, counts.filed),
        ips=_shares(_sum_by(counts.cells, 1)),
        vmtas=_shares(_sum_by(counts.cells, 2)),
        jobs=_shares(counts.jobs),
        queues=tuple(sorted(counts.queues, key=lambda q: (-q.recipients, q.host, q.name))),
        hosts=counts.hosts,
        series=tuple(Point(minute, tally) for minute, tally in sorted(counts.minutes.items())),
        evidence=tuple(_evidence(located, tier, reading, counts)),
        advice="",
        spans=_spans(window, reading.now, counts),
        recipients=counts.recipients,
        hosted=counts.hosted,
        usual=counts.usual,
        waiting=counts.waiting,
        rising=rising(counts.queue_trends),
        per_host=_shares(_sum_by(counts.cells, 0)),
        untold=tuple(_untold(counts, reading.now)),
        causes=located.causes.without_templates(),
        contrast=located.contrast,
        danger_at=located.danger_at,
        refused=reading.refusals.count,
        by_refusal=by_refusal,
    )


def _locate(counts: Counts, classify: Classify, cause: Category | None) -> Located:
    causes = find_causes(
        counts.cells, counts.samples, classify, before=counts.replies_before, minutes=counts.reply_minutes
    )
    line, danger = causes.of(cause), causes.dangerous
    return Located(
        causes,
        contrast(counts.cells, line, _around(counts, line)) if line else None,
        contrast(counts.cells, danger, _around(counts, danger)) if danger and danger is not line else None,
    )


def _around(counts: Counts, cause: Cause) -> Around:
    if counts.job_minutes is None:
        return Around(rows_of(counts.jobs), counts.elsewhere, counts.earlier)
    answered = counts.job_replies  # none at all: counted before they were counted by campaign
    hits = hits_of(answered, set(cause.templates)) if answered else None
    rows = level_rows(counts.job_minutes, hits)
    return Around(rows, counts.elsewhere, counts.earlier, by_cause=hits is not None)


def _sum_by(cells: Mapping[Key, Tally], place: int) -> dict[str, Tally]:
    sums: dict[str, Tally] = {}
    for key, tally in cells.items():
        sums[key[place]] = sums.get(key[place], Tally()) + tally
    return sums


def _shares(sums: Mapping[str, Tally]) -> tuple[Share, ...]:
    """Worst first: most deferrals, then most attempts. Records without the field ("") are left out."""
    rows = [Share(key, tally) for key, tally in sums.items() if key]
    return tuple(sorted(rows, key=lambda row: (-row.tally.deferred, -row.tally.attempts, row.key)))


def reply_lines(
    by_reply: Mapping[str, Tally],
    samples: Mapping[str, str],
    classify: Classify,
    filed: Mapping[str, str] | None = None,
) -> tuple[ReplyLine, ...]:
    """What was answered and what it means, the commonest first. `filed`: template -> PMTA's own category."""
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
                filed=(filed or {}).get(template, ""),
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.count, line.template)))


def _evidence(located: Located, tier: Tier, reading: Reading, counts: Counts) -> Iterable[str]:
    """Plain sentences that hold, strongest first; none where there is too little to say."""
    where = located.contrast
    told = where.evidence if where and (where.kind is not Kind.CANNOT_TELL or tier is not Tier.CLEAR) else ()
    yield from told[:2]
    yield from evidence.of_danger(located.causes.dangerous, located.danger_at)
    if deferred := reading.now.deferred:
        yield from evidence.of_recipients(deferred, deferred - reading.aimed, counts.recipients)
    yield from evidence.of_queues(counts.queues, counts.changed)
    yield from told[2:]


def _spans(window: Window, now: Tally, counts: Counts) -> tuple[Span, ...]:
    since = (window.end - SHORT).timestamp()
    short = sum((tally for minute, tally in counts.minutes.items() if minute >= since), Tally())
    longer = (counts.day,) if counts.day is not None else ()
    return spans(Span(min(SHORT, window.length), short), Span(window.length, now), *longer)


def _untold(counts: Counts, now: Tally) -> Iterable[Untold]:
    """What of the window's mail has no source IP, VMTA or campaign."""
    for column, place in (("dlvSourceIp", 1), ("vmta", 2)):
        without = {key: tally for key, tally in counts.cells.items() if not key[place] and tally.attempts}
        if without:
            yield Untold(column, sum(without.values(), Tally()), tuple(sorted({key[0] for key in without})))
    if now.attempts and not any(counts.jobs):
        yield Untold("jobId", now, tuple(sorted({key[0] for key, tally in counts.cells.items() if tally.attempts})))
