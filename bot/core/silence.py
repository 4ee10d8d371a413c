"""A planned silence: what is known and wanted wakes nobody until a set time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.causes import hits, tries
from bot.core.diagnosis import Diagnosis, Share
from bot.core.incident import Hush
from bot.core.model import Tally
from bot.core.refused import is_much
from bot.core.tier import Tier, TierRule, tier_for

LONGEST = timedelta(days=7)
FURTHEST = timedelta(days=30)
"""So far ahead a window may begin."""


class About(StrEnum):
    """What a silence is about; the value is the word for it."""

    ISP = "isp"
    IP = "ip"
    VMTA = "vmta"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Silence:
    """`id` is what people read as SIL-3. It ends at `until`, or at `ended_at` where `ended_by` ended it early. One that
    begins later than it was asked for is a maintenance window."""

    id: int
    about: About
    name: str
    author: str
    reason: str
    began_at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    def standing(self, now: datetime) -> bool:
        """In force, or to come."""
        return self.ended_at is None and now < self.until

    def active(self, now: datetime) -> bool:
        return self.began_at <= now and self.standing(now)

    @property
    def hush(self) -> Hush:
        return Hush(self.id, self.until, self.author, self.reason, self.until - self.began_at)


def hush_over(diagnosis: Diagnosis, silences: Sequence[Silence], rule: TierRule, alert_from: Tier) -> Hush | None:
    """What silences an ISP, None where nothing does. `silences` are active.

    One of the ISP does. One of an IP, VMTA or host does where the ISP is well without them: what else goes wrong is
    told. Of several of the ISP the one that ends last is named, of several places the one that ends first: from then
    on it may be told again.
    """
    whole = [one for one in silences if one.about is About.ISP and one.name == diagnosis.isp]
    if whole:
        return max(whole, key=lambda one: one.until).hush
    places = ((About.IP, diagnosis.ips), (About.VMTA, diagnosis.vmtas), (About.HOST, diagnosis.per_host))
    for about, shares in places:
        found = _named([one for one in silences if one.about is about], shares)
        if found and _well_without(found, shares, diagnosis, rule, alert_from):
            return min(found, key=lambda one: one.until).hush
    return None


def _named(silences: Sequence[Silence], shares: Sequence[Share]) -> list[Silence]:
    """Those whose place has deferrals or refusals."""
    bad = {share.key.lower() for share in shares if hits(share.tally)}
    return [one for one in silences if one.name.lower() in bad]


def _well_without(
    found: Sequence[Silence], shares: Sequence[Share], diagnosis: Diagnosis, rule: TierRule, alert_from: Tier
) -> bool:
    """Of the whole, as `shares` leave out what goes by no name. Where refusals are the trouble, every bounce of the
    rest is taken for one: it errs towards telling."""
    names, whole = {one.name.lower() for one in found}, diagnosis.now
    held = sum((share.tally for share in shares if share.key.lower() in names), Tally())
    rest = Tally(
        max(0, whole.delivered - held.delivered),
        max(0, whole.deferred - held.deferred),
        max(0, whole.bounced - held.bounced),
    )
    if diagnosis.by_refusal and is_much(rest.bounced, tries(rest), rule):
        return False
    return tier_for(rest.rate, rest.attempts, Tier.CLEAR, rule) < alert_from
