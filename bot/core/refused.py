"""Mail that an ISP refuses for good, with replies aimed at us: a measure beside the deferral rate, no part of it.

Pure. A blocklisting answers with 5xx: nothing is deferred, no rate shows it, and all of it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.category import Category
from bot.core.causes import tries
from bot.core.classify import Confidence, Verdict
from bot.core.model import Tally
from bot.core.tier import Tier, TierRule, tier_for

LEAST = Tier.MIXED
"""Below it refusals are everyday mail, and put no ISP in a tier."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """`count` records of one ISP, mostly for `cause` with `code`; None and "" where there are none."""

    count: int = 0
    cause: Category | None = None
    code: str = ""


NOTHING_REFUSED = Refusals()


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
    return count >= rule.min_attempts and count >= rule.floor(LEAST) * tried


def refusal_tier(count: int, whole: Tally, aimed: int, current: Tier, rule: TierRule) -> Tier | None:
    """The tier that `count` refusals put an ISP in, coming from `current`; None where they cannot be judged.

    Where too little was delivered or deferred for a rate (a block refuses nearly everything), `aimed`, the deferrals
    aimed at us, count with them: nothing else would judge those.
    """
    tried = tries(whole)
    if not count or tried < rule.min_attempts:
        return None
    if current is Tier.CLEAR and not is_much(count, tried, rule):
        return Tier.CLEAR
    held = count if whole.attempts >= rule.min_attempts else count + aimed
    tier = tier_for(held / tried, tried, current, rule)
    return tier if tier >= LEAST else Tier.CLEAR


def refuses(verdict: Verdict) -> bool:
    """Dead and full mailboxes are everyday bounces, mail that expired was refused by nobody, and what is told by its
    number alone may be either."""
    category = verdict.category
    return category.aimed_at_us and category is not Category.NETWORK and verdict.confidence is not Confidence.LOW
