"""Mail that an ISP refuses for good, with replies aimed at us: beside every rate, and never to be overlooked. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.category import Category
from bot.core.causes import Classify, tries
from bot.core.classify import Confidence, Verdict
from bot.core.model import Tally
from bot.core.reply import name_of
from bot.core.tier import TierRule


@dataclass(frozen=True, slots=True)
class Refused:
    """`count` of `tries` (delivered, deferred, bounced) at one ISP, mostly for `category` with `code` ("" if none)."""

    isp: str
    title: str
    count: int
    tries: int
    category: Category
    code: str


def is_much(count: int, tried: int, rule: TierRule) -> bool:
    """As much as would be told of deferrals."""
    return count >= rule.min_attempts and count >= rule.mixed * tried


def refused(
    isp: str, title: str, by_reply: Mapping[str, Tally], samples: Mapping[str, str], classify: Classify, rule: TierRule
) -> Refused | None:
    """What one ISP refuses for our sake, None where that is not much.

    Args:
        by_reply: Reply template -> counts of the window.
        samples: A reply seen with it.
    """
    found: Counter[tuple[Category, str]] = Counter()
    for template, tally in by_reply.items():
        if tally.bounced and template:
            reply = samples.get(template, template)
            verdict = classify(reply)
            if _refuses(verdict):
                found[verdict.category, name_of(reply)] += tally.bounced
    tried = tries(sum(by_reply.values(), Tally()))
    if not is_much(found.total(), tried, rule):
        return None
    category, code = max(found, key=lambda cause: (found[cause], cause))
    return Refused(isp, title, found.total(), tried, category, code)


def _refuses(verdict: Verdict) -> bool:
    """Dead and full mailboxes are everyday bounces, mail that expired was refused by nobody, and what is told by its
    number alone may be either."""
    category = verdict.category
    return category.aimed_at_us and category is not Category.NETWORK and verdict.confidence is not Confidence.LOW
