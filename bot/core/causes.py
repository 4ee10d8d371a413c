"""From one ISP's replies to their causes: how much of each, who carries it, what dominates, what is dangerous. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from bot.core.blame import Blamed
from bot.core.category import Category
from bot.core.classify import Confidence, Verdict
from bot.core.finding import Cause, Causes, Part
from bot.core.model import Tally
from bot.core.reply import name_of
from bot.core.wilson import wilson

Classify = Callable[[str], Verdict]
"""One reply text of this ISP -> what it means."""

Key = tuple[str, str, str, str]
"""(host, source IP, VMTA, reply template) of one ISP in one window."""

KEPT = 20
"""Source IPs and VMTAs kept of each cause."""
ENOUGH = 20
"""Replies from which on one is called dominant, or a dangerous one sure."""
NOTICED = 5
"""Fewer replies of a dangerous cause are everyday mail."""
OF_ALL = 0.01
"""Share of all attempts from which on a dangerous cause counts."""
OF_ONE_IP = 0.05
"""Surely this share of one IP's attempts: dangerous, however little of the whole it is."""
MIN_TRIES = 20
"""An IP with less mail cannot be judged on its own."""
_ACT_NOW = 4

_DANGER = (
    Category.BLOCKLIST,
    Category.AUTHENTICATION,
    Category.REPUTATION_IP,
    Category.REPUTATION_DOMAIN,
    Category.SPAM_COMPLAINTS,
    Category.POLICY_BLOCK,
)
"""What waiting does not cure, the worst first."""


def tries(tally: Tally) -> int:
    """Every answer a provider gave: unlike `Tally.attempts` what was refused for good is in it."""
    return tally.attempts + tally.bounced


def hits(tally: Tally) -> int:
    return tally.deferred + tally.bounced


def is_dangerous(category: Category) -> bool:
    return category in _DANGER


@dataclass(slots=True)
class _Found:
    severity: int = 0
    tally: Tally = field(default_factory=Tally)
    templates: list[str] = field(default_factory=list)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    blamed: Counter[Blamed] = field(default_factory=Counter)
    by_number: int = 0
    ips: Counter[str] = field(default_factory=Counter)
    vmtas: Counter[str] = field(default_factory=Counter)


def find_causes(
    cells: Mapping[Key, Tally],
    samples: Mapping[str, str],
    classify: Classify,
    *,
    before: Mapping[str, Tally] | None = None,
    minutes: Mapping[tuple[int, str], Tally] | None = None,
) -> Causes:
    """Causes of one ISP's replies in a window.

    `before`: reply template -> counts in the window before. `minutes`: (epoch seconds of the minute, template) ->
    counts. Whatever is not given is left unknown.
    """
    verdicts = {key[3]: classify(samples.get(key[3], key[3])) for key in cells if key[3]}
    found = _gather(cells, samples, verdicts)
    aimed = sum(hits(part.tally) for category, part in found.items() if category.aimed_at_us)
    by_ip, by_vmta = _tries_by(cells, 1), _tries_by(cells, 2)
    lines = [
        _line(category, part, aimed, by_ip, by_vmta)
        for category, part in found.items()
        if category.aimed_at_us and hits(part.tally)
    ]
    lines = [_timed(line, before, minutes) for line in lines]
    lines.sort(key=lambda line: (-line.count, line.category))
    return Causes(
        lines=tuple(lines),
        dominant=next(iter(lines), None),
        dangerous=_worst(lines, by_ip),
        doubt=_doubt(lines, aimed),
        recipient=sum(hits(part.tally) for category, part in found.items() if not category.aimed_at_us),
        pacing=sum(line.count for line in lines if line.category.pacing),
    )


def _gather(
    cells: Mapping[Key, Tally], samples: Mapping[str, str], verdicts: Mapping[str, Verdict]
) -> dict[Category, _Found]:
    found: dict[Category, _Found] = defaultdict(_Found)
    for (_, ip, vmta, template), tally in cells.items():
        if not template or not hits(tally):
            continue
        verdict = verdicts[template]
        part = found[verdict.category]
        part.severity = max(part.severity, verdict.severity)
        part.tally += tally
        part.codes[name_of(samples.get(template, template)), verdict.meaning] += hits(tally)
        part.blamed[verdict.blamed] += hits(tally)
        part.by_number += hits(tally) if verdict.confidence is Confidence.LOW else 0
        part.ips[ip] += hits(tally)
        part.vmtas[vmta] += hits(tally)
        if template not in part.templates:
            part.templates.append(template)
    return found


def _tries_by(cells: Mapping[Key, Tally], place: int) -> Counter[str]:
    sums: Counter[str] = Counter()
    for key, tally in cells.items():
        sums[key[place]] += tries(tally)
    return sums


def _line(category: Category, part: _Found, aimed: int, by_ip: Counter[str], by_vmta: Counter[str]) -> Cause:
    count = hits(part.tally)
    bounds = wilson(count, aimed)
    code, meaning = max(part.codes, key=lambda name: (part.codes[name], name))
    return Cause(
        category=category,
        severity=part.severity,
        code=code,
        meaning=meaning,
        deferred=part.tally.deferred,
        bounced=part.tally.bounced,
        share=count / aimed,
        low=bounds.low,
        high=bounds.high,
        templates=tuple(sorted(part.templates)),
        ips=_parts(part.ips, by_ip),
        vmtas=_parts(part.vmtas, by_vmta),
        weak=_weak(count, part.by_number),
        blamed=max(part.blamed, key=lambda blamed: (part.blamed[blamed], blamed)),
    )


def _parts(counted: Counter[str], tried: Counter[str]) -> tuple[Part, ...]:
    """Worst first; records without the field are left out."""
    rows = [Part(key, count, tried[key]) for key, count in counted.items() if key]
    return tuple(sorted(rows, key=lambda row: (-row.hits, -row.rate, row.key))[:KEPT])


def _weak(count: int, by_number: int) -> str:
    if count < ENOUGH:
        return f"only {count} {'reply' if count == 1 else 'replies'}"
    return "told by their number alone, the texts are not known" if 2 * by_number > count else ""


def _timed(line: Cause, before: Mapping[str, Tally] | None, minutes: Mapping[tuple[int, str], Tally] | None) -> Cause:
    templates = set(line.templates)
    earlier = None if before is None else sum(hits(before.get(template, Tally())) for template in templates)
    seen = [minute for (minute, template), tally in (minutes or {}).items() if template in templates and hits(tally)]
    return replace(line, before=earlier, first=min(seen, default=None), last=max(seen, default=None))


def _worst(lines: Iterable[Cause], by_ip: Counter[str]) -> Cause | None:
    """The gravest of those that count; among equals the commonest."""
    grave = [line for line in lines if line.severity >= _ACT_NOW or is_dangerous(line.category)]
    counting = [line for line in grave if _counts(line, by_ip)]
    return min(counting, key=lambda line: (-line.severity, _rank(line.category), -line.count), default=None)


def _rank(category: Category) -> int:
    return _DANGER.index(category) if category in _DANGER else len(_DANGER)


def _counts(line: Cause, by_ip: Counter[str]) -> bool:
    if line.count < NOTICED:
        return False
    if line.count >= OF_ALL * by_ip.total():
        return True
    # Of 200 IPs one always looks bad: the more there are, the surer it has to be.
    z = NormalDist().inv_cdf(1 - 0.025 / max(1, len(by_ip)))
    return any(part.tries >= MIN_TRIES and wilson(part.hits, part.tries, z).low >= OF_ONE_IP for part in line.ips)


def _doubt(lines: list[Cause], aimed: int) -> str:
    """Why nothing can be called dominant, "" where it can."""
    if not lines:
        return "no reply aimed at us"
    if aimed < ENOUGH:
        return f"only {aimed} {'reply' if aimed == 1 else 'replies'} aimed at us"
    first = lines[0]
    if first.category is Category.OTHER:
        return f"{first.share:.0%} of the replies are not understood"
    if first.weak:
        return first.weak
    if len(lines) > 1 and wilson(first.count, first.count + lines[1].count).low <= 0.5:
        pair = f"{first.category.words} ({first.share:.0%}) and {lines[1].category.words} ({lines[1].share:.0%})"
        return f"{pair} are about as common"
    return ""
