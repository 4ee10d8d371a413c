"""One ISP's trouble from first crossing to recovery, as values and one decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.category import Category
from bot.core.diagnosis import Diagnosis
from bot.core.tier import Tier

CALM = 0.05
"""The response protocol's lowest floor, for mail too little to be judged by tiers."""


class IncidentState(StrEnum):
    """MITIGATING: a change of ours is active for it. RESOLVED is final; a new crossing opens a new incident."""

    OPEN = "open"
    MITIGATING = "mitigating"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """`id` is what people read as INC-42. `revision` rises with every change anybody could see.

    `diagnosis` is the newest one (at resolution: the one that closed it). `owner` is the Slack id of who
    acknowledged it, "" before.
    """

    id: int
    isp: str
    state: IncidentState
    tier: Tier
    opened_at: datetime
    revision: int
    peak_rate: float
    diagnosis: Diagnosis
    owner: str = ""
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the timeline (the Slack thread) of an incident or outage, whose id is `subject`. `broadcast` shows
    it in the channel as well."""

    subject: int
    at: datetime
    text: str
    """Slack mrkdwn, already escaped where it holds foreign text."""
    broadcast: bool = False


class Move(StrEnum):
    """What an ISP's newest diagnosis means for its incident, and why; the value is the word in log and metric."""

    OPEN = "crossed a tier"
    RISE = "tier went up"
    FALL = "tier went down"
    RESOLVE = "back to normal"
    REFRESH = "the numbers moved"
    HOLD = "nothing new to say"
    BLIND = "data is stale"


def worth_a_message(tier: Tier, cause: Category | None, alert_from: Tier) -> bool:
    """True where people should hear of it.

    Everything from `alert_from` up. Below it, in the throttle tier, only what is more than pacing: a provider
    that slows us (4.2.1) needs no one, a block that is only beginning does.
    """
    if tier >= alert_from:
        return True
    return tier is not Tier.CLEAR and cause is not None and not cause.pacing


def next_move(incident: Incident | None, diagnosis: Diagnosis, alert_from: Tier, refresh: timedelta) -> Move:
    """Decide what to do about an ISP now. `refresh` is how old shown numbers may get while little changes."""
    if diagnosis.blind:
        return Move.BLIND
    worth = worth_a_message(diagnosis.tier, diagnosis.cause, alert_from)
    if incident is None:
        return Move.OPEN if worth else Move.HOLD
    if (not worth and not _undecided(diagnosis)) or _ran_dry(diagnosis):
        return Move.BLIND if any(line.trouble or line.partial for line in diagnosis.hosts) else Move.RESOLVE
    if diagnosis.tier > incident.tier:
        return Move.RISE
    if diagnosis.tier < incident.tier:
        return Move.FALL
    stale = diagnosis.at - incident.diagnosis.at >= refresh
    return Move.REFRESH if stale or looks_new(diagnosis, incident.diagnosis) else Move.HOLD


def looks_new(diagnosis: Diagnosis, shown: Diagnosis) -> bool:
    """True where a reader would see something else than what is shown."""
    return _shown(diagnosis) != _shown(shown)


def _undecided(diagnosis: Diagnosis) -> bool:
    """True where pacing is the cause by a hair only: the next minute may say otherwise, so nothing is closed on it."""
    if diagnosis.tier is Tier.CLEAR:
        return False
    aimed = [line for line in diagnosis.replies if line.category.aimed_at_us]
    pacing = sum(line.count for line in aimed if line.category.pacing)
    return sum(line.count for line in aimed if not line.category.pacing) > pacing / 2


def _ran_dry(diagnosis: Diagnosis) -> bool:
    """True where next to no mail was tried for a whole window, or hardly any of it deferred, and next to none waits.

    With so little mail the tier is held, so nothing else would ever end the incident.
    """
    if diagnosis.judged or not all(line.queues_seen for line in diagnosis.hosts):
        return False
    waiting = sum(queue.recipients for queue in diagnosis.queues)
    quiet = 2 * diagnosis.now.attempts < diagnosis.min_attempts or diagnosis.now.rate < CALM
    return quiet and waiting < diagnosis.min_attempts


def _shown(diagnosis: Diagnosis) -> tuple[object, ...]:
    """What a reader would notice: the rounded rate, the cause, the offers, what is odd about hosts."""
    return (
        round(diagnosis.now.rate, 2),
        diagnosis.cause,
        tuple(offer.playbook for offer in diagnosis.offers),
        tuple((line.trouble, line.behind, line.warning) for line in diagnosis.hosts),
    )
